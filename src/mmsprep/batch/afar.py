"""A batch on other machines: its files are handed to the workers' queue, and their answers are collected.

What was handed over is written down, so that an interrupted batch collects it and hands nothing over twice.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.batch.entry import Entry, Part
from mmsprep.batch.outcome import Done, Outcome, joined, requested
from mmsprep.batch.parts import Parts
from mmsprep.batch.run import UPLOADS, RunOptions
from mmsprep.errors import REJECTED_CODES, Misconfigured, PrepError, Rejected, Unavailable
from mmsprep.prepared import Deliverable, Prepared
from mmsprep.profile import Profile
from mmsprep.receive import facts_from
from mmsprep.source import place_of
from mmsprep.stores.s3.url import divided

if TYPE_CHECKING:
    from mmsprep.worker import BucketSource, ContactSource, Job

CHUNK = 100
"""Entries that are handed over at a time."""


@dataclass(slots=True)
class _Waiting:
    """An entry whose answers are awaited: a result for each of its units, None until it is there."""

    entry: Entry
    units: list[tuple[Part, ...]]
    done: list[Done | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Handed:
    """One unit: its key, and what is known of it: the result, the job that waits for it, or the new job."""

    key: str
    done: Done | None = None
    known: str | None = None
    job: Job | None = None


def run(
    entries: Iterable[Entry],
    parts: Parts,
    profile: Profile,
    how: RunOptions,
    *,
    tell: Callable[[Outcome], None],
    idle_seconds: float = 600,
) -> None:
    """Hand all *entries* to the queue, then *tell* each outcome as its answer comes, in this thread."""
    from mmsprep.worker import collect

    if parts.settings.max_bytes is not None:
        raise Misconfigured("--max-bytes is not told to workers; give them a profile with it")
    afar = _Afar(parts, profile, how)
    for outcome in afar.hand_over(entries):
        tell(outcome)
        if how.fail_fast and outcome.status != "ready":
            return
    for told in collect(list(afar.awaited), parts.settings, idle_seconds=idle_seconds):
        for outcome in afar.answered(told):
            tell(outcome)
            if how.fail_fast and outcome.status != "ready":
                return


class _Afar:
    def __init__(self, parts: Parts, profile: Profile, how: RunOptions) -> None:
        self._parts = parts
        self._profile = profile
        self._how = how
        self.awaited: dict[str, list[tuple[_Waiting, int]]] = {}
        self._keys: dict[str, str] = {}

    def hand_over(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        """Put jobs for all entries into the queue; yield the outcomes that are known already."""
        from mmsprep.worker import enqueue

        source = iter(entries)
        with ThreadPoolExecutor(UPLOADS, thread_name_prefix="mmsprep-hand") as movers:
            while chunk := list(islice(source, CHUNK)):
                waiting = [_Waiting(entry, self._units(entry)) for entry in chunk if entry.problem is None]
                yield from (Outcome(entry=each, result=each.problem) for each in chunk if each.problem is not None)
                units = [(each, index) for each in waiting for index in range(len(each.units))]
                handed = list(movers.map(lambda unit: self._handed(unit[0], unit[1]), units))
                new = {each.key: each.job for each in handed if each.job is not None}
                enqueue(new.values(), self._parts.settings)
                for key, job in new.items():
                    self._parts.ledger.record(key, {"job": job.id})
                for (each, index), unit in zip(units, handed, strict=True):
                    self._await(each, index, unit, new)
                yield from (self._joined(each) for each in waiting if all(each.done))

    def answered(self, told: Mapping[str, Any]) -> Iterator[Outcome]:
        """Write down one answer; yield the outcomes of entries that waited for nothing else."""
        key = self._keys[told["job"]]
        result = _result(told)
        if isinstance(result, Unavailable):
            # Perhaps it still comes, if nobody answered; what a worker has given up on is handed over anew.
            self._parts.ledger.record(key, {"job": told["job"]} if result.reason == "queue" else {})
        else:
            self._parts.ledger.record(key, {"answer": dict(told)})
        for each, index in self.awaited.pop(told["job"]):
            each.done[index] = _done(told, each.units[index], key, again=False)
            if all(each.done):
                yield self._joined(each)

    def _units(self, entry: Entry) -> list[tuple[Part, ...]]:
        """Ask for each part by itself, so that rows have theirs in common; together where a message has one budget."""
        together = self._profile.total_bytes is not None and len(entry.parts) > 1
        return [entry.parts] if together else [(part,) for part in entry.parts]

    def _handed(self, waiting: _Waiting, index: int) -> _Handed:
        """Look up one unit, or upload it and make its job."""
        from mmsprep.worker import Job

        unit = waiting.units[index]
        key = ""
        try:
            keys = [self._parts.key(part, self._profile) for part in unit]
            recipe = json.dumps([*keys, self._parts.settings.store, self._captions(waiting.entry, unit)])
            key = hashlib.sha256(recipe.encode()).hexdigest()
            found = None if self._how.force else self._parts.ledger.made(key, since=self._parts.fresh_since())
            if found and "answer" in found:
                return _Handed(key, done=_done(found["answer"], unit, key, again=True))
            if found and "job" in found:
                return _Handed(key, known=found["job"])
            job = Job(
                sources=tuple(self._source(part) for part in unit),
                profile=self._parts.settings.profile,
                options=self._parts.options,
                captions=self._captions(waiting.entry, unit),
                correlation={"batch": key[:16]},
            )
            return _Handed(key, job=job)
        except PrepError as error:
            return _Handed(key, done=Done(result=error, key=key))
        except ValueError as error:
            said = f"{waiting.entry.label}: a worker does not take it: {str(error).splitlines()[0]}; shorten it"
            return _Handed(key, done=Done(result=Rejected("not-accepted", said), key=key))

    def _captions(self, entry: Entry, unit: Sequence[Part]) -> tuple[str, ...]:
        """Give the captions where one job makes several media, so that its answer says whose each is."""
        return entry.row.captions if entry.row is not None and len(unit) > 1 else ()

    def _source(self, part: Part) -> BucketSource | ContactSource:
        from mmsprep.worker import BucketSource, ContactSource, upload

        source = part.source
        if isinstance(source, str) and source.startswith("s3://"):
            bucket, key = divided(source)
            return BucketSource(bucket=bucket, key=key)
        if isinstance(source, bytes) and source.lstrip()[:1] in (b"{", b"["):
            return ContactSource(contact=json.loads(source))
        if isinstance(source, Path):
            return upload(source, self._parts.settings)
        place = place_of(source)
        with tempfile.TemporaryDirectory(prefix="mmsprep-") as folder:
            path = Path(folder) / part.name
            path.write_bytes(place.to_geojson() if place else source)  # type: ignore[arg-type]
            return upload(path, self._parts.settings)

    def _await(self, waiting: _Waiting, index: int, unit: _Handed, new: Mapping[str, Job]) -> None:
        waiting.done.append(unit.done)
        if unit.done is None:
            # Of two with the same content in one chunk, one job was put into the queue.
            job = unit.known or new[unit.key].id
            self.awaited.setdefault(job, []).append((waiting, index))
            self._keys[job] = unit.key

    def _joined(self, waiting: _Waiting) -> Outcome:
        done = [each for each in waiting.done if each is not None]
        entry = waiting.entry
        if len(done) < len(entry.parts) and entry.row is not None:
            # One answer for all parts: it says itself which caption stands at which of the media.
            one = replace(entry, row=replace(entry.row, captions=("",)))
            outcome = replace(joined(one, done, self._profile), entry=entry, captions=done[0].captions)
        else:
            outcome = joined(entry, done, self._profile)
        return requested(outcome, self._how.sending, self._profile)


def _done(told: Mapping[str, Any], unit: Sequence[Part], key: str, *, again: bool) -> Done:
    """Read a worker's answer about a unit, and say whose failure it is where nobody answered."""
    result = _result(told)
    if isinstance(result, Unavailable) and result.reason == "queue":
        result = result.about(unit[0].name)
    return Done(result=result, key=key, again=again, captions=tuple(told.get("captions", ())))


def _result(told: Mapping[str, Any]) -> Prepared | PrepError:
    """Read a worker's answer."""
    if told["status"] == "ready":
        return Prepared(
            source=told["source"],
            media=tuple(
                Deliverable(
                    path=None, url=each["url"], name=each["name"], sha256=each["sha256"], facts=facts_from(each)
                )
                for each in told["media"]
            ),
            original=facts_from(told["original"]),
            steps=tuple(told["steps"]),
            warnings=tuple(told["warnings"]),
            text=tuple(told["text"]),
            seconds=told["seconds"],
        )
    if told["status"] == "rejected" and told["reason"] in REJECTED_CODES:
        return Rejected(told["reason"], told["message"])
    return Unavailable("queue", told["message"]) if told["reason"] == "queue" else Unavailable("tool", told["message"])
