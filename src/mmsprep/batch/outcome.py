"""What became of one entry, and the JSON that the manifest, ``--json`` and the report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mmsprep.batch.entry import Entry
from mmsprep.compose import captions_of
from mmsprep.errors import Misconfigured, PrepError, Rejected
from mmsprep.media import Facts
from mmsprep.message import Message, check_fits
from mmsprep.prepared import Prepared, failure_as_dict
from mmsprep.profile import Profile

SEVERAL = "multipart/mixed"
"""What a row of several media is by itself, as a MIME type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one part: its key in the ledger, the result, whether it was there from before."""

    result: Prepared | PrepError
    key: str = ""
    again: bool = False
    cpu_seconds: float = 0.0
    captions: tuple[str, ...] = ()
    """Of its media, where several parts were prepared as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one entry."""

    entry: Entry
    result: Prepared | PrepError
    captions: tuple[str, ...] = ()
    parts: tuple[Prepared, ...] = ()
    """What a row's message is made of: one that is a link alone must not get lost beside another text."""
    keys: tuple[str, ...] = ()
    again: bool = False
    """Whether all of it was there from before."""
    cpu_seconds: float = 0.0
    request: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def status(self) -> str:
        return self.result.status if isinstance(self.result, PrepError) else "ready"

    def as_dict(self) -> dict[str, Any]:
        """Give the result in the published form, with what a batch knows besides."""
        told = (
            failure_as_dict(self.entry.label, self.result)
            if isinstance(self.result, PrepError)
            else self.result.as_dict() | {"source": self.entry.label}
        )
        told |= {"again": self.again, "cpu_seconds": round(self.cpu_seconds, 3), "keys": list(self.keys)}
        if (row := self.entry.row) is not None:
            told |= {"row": row.number, "to": row["to"], "columns": dict(row.columns)}
            told |= {"captions": list(self.captions), "message_text": row.text}
        return told


def joined(entry: Entry, done: Sequence[Done], profile: Profile) -> Outcome:
    """Join what became of an entry's parts: the first failure is the entry's, else all its media go together."""
    failed = next((each.result for each in done if isinstance(each.result, PrepError)), None)
    known: dict[str, Any] = {
        "keys": tuple(each.key for each in done if each.key),
        "again": all(each.again for each in done),
        "cpu_seconds": sum(each.cpu_seconds for each in done),
    }
    if failed is not None:
        return Outcome(entry=entry, result=failed, **known)
    ready = [each.result for each in done if isinstance(each.result, Prepared)]
    if entry.row is None:
        return Outcome(entry=entry, result=ready[0], **known)
    together = Prepared(
        source=entry.label,
        media=tuple(media for each in ready for media in each.media),
        original=ready[0].original
        if len(ready) == 1
        else Facts(type=SEVERAL, bytes=sum(each.original.bytes for each in ready)),
        steps=tuple(dict.fromkeys(step for each in ready for step in each.steps)),
        warnings=tuple(dict.fromkeys(warning for each in ready for warning in each.warnings)),
        text=tuple(text for each in ready for text in each.text),
        seconds=sum(each.seconds for each in ready),
    )
    captions = captions_of(ready, entry.row.captions)
    try:
        check_fits(together.media, profile)
    except Rejected as problem:
        return Outcome(entry=entry, result=problem.about(entry.label), captions=captions, **known)
    return Outcome(entry=entry, result=together, captions=captions, parts=tuple(ready), **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How rows become requests: for which provider, from which number, to whom where no row says it."""

    provider: str
    from_: str | None = None
    to: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def request(self, outcome: Outcome, profile: Profile) -> dict[str, Any]:
        """Give the body of the request that sends *outcome*; raises Rejected, or Misconfigured without numbers."""
        assert isinstance(outcome.result, Prepared)
        row = outcome.entry.row
        to = (row["to"] if row else "") or self.to
        from_ = (row["from"] if row else "") or self.from_
        if not to or not from_:
            raise Misconfigured("--for needs numbers: columns called to and from, or the options --to and --from")
        made = outcome.result
        message = Message(
            media=made.media, profile=profile, captions=outcome.captions, texts=made.text, prepared=outcome.parts
        )
        text = row.text if row else None
        if self.provider == OWN:
            return message.request(to=to, from_=from_, text=text)
        return message.for_provider(self.provider, to=to, from_=from_, text=text, extra=self.extra)


def requested(outcome: Outcome, sending: Sending | None, profile: Profile) -> Outcome:
    """Give an outcome that is ready the request that sends it, if one is wished; what cannot be sent is rejected."""
    if sending is None or outcome.status != "ready":
        return outcome
    try:
        return replace(outcome, request=sending.request(outcome, profile))
    except PrepError as error:
        return replace(outcome, result=error.about(outcome.entry.label))


OWN = "pantheon"
"""Our own API, beside the providers of `mmsprep.providers`."""
