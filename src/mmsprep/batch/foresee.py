"""Say what a batch would do, per profile, without doing it: what is known, what would begin, what is refused.

Each file is looked at in a child, by its headers alone; nothing is encoded and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mmsprep.batch.entry import Entry, Part
from mmsprep.batch.parts import Parts
from mmsprep.errors import PrepError, Rejected
from mmsprep.media import Facts
from mmsprep.prepared import SCHEMA_VERSION, Prepared, failure_as_dict
from mmsprep.profile import Profile


@dataclass(frozen=True, slots=True)
class Begin:
    """A part is to be prepared: the stage that would begin."""

    step: str


Prospect = Prepared | PrepError | Begin


@dataclass(frozen=True, slots=True)
class Foretold:
    """What would become of one part of an entry, by the name of each profile; its facts, if they could be measured."""

    source: str
    facts: Facts | None
    prospects: dict[str, Prospect]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        told: dict[str, Any] = {"schema": SCHEMA_VERSION, "source": self.source}
        if self.facts is not None:
            told["original"] = {"type": self.facts.type, "bytes": self.facts.bytes}
        return told | {"profiles": {name: _as_dict(self.source, each) for name, each in self.prospects.items()}}


def foresee(entries: Iterable[Entry], parts: Parts, profiles: Sequence[Profile], *, jobs: int) -> Iterator[Foretold]:
    """Yield what would become of each part, in order; few are in flight."""

    def look(entry: Entry, part: Part | None) -> Foretold:
        if part is None:
            assert entry.problem is not None
            return Foretold(entry.label, None, {profile.name: entry.problem for profile in profiles})
        label = entry.label if entry.row is None else f"{entry.label} {part.name}"
        return _foretold(label, part, parts, profiles)

    wanted = ((entry, part) for entry in entries for part in (entry.parts or (None,)))
    with ThreadPoolExecutor(jobs, thread_name_prefix="mmsprep") as threads:
        flying: list[Future[Foretold]] = [threads.submit(look, *each) for each in islice(wanted, 2 * jobs)]
        while flying:
            yield flying.pop(0).result()
            flying += [threads.submit(look, *each) for each in islice(wanted, 1)]


def _foretold(label: str, part: Part, parts: Parts, profiles: Sequence[Profile]) -> Foretold:
    known: dict[str, Prospect] = {}
    try:
        for profile in profiles:
            if done := parts.known(parts.key(part, profile), part):
                known[profile.name] = done
        rest = [profile for profile in profiles if profile.name not in known]
        if not rest:
            ready = next((each for each in known.values() if isinstance(each, Prepared)), None)
            return Foretold(label, ready.original if ready else None, known)
        facts, found = parts.foresee(part, rest)
    except PrepError as error:
        return Foretold(label, None, {profile.name: known.get(profile.name, error) for profile in profiles})
    for profile in rest:
        step = found[profile.name]
        known[profile.name] = step.about(part.name) if isinstance(step, Rejected) else Begin(step)
    return Foretold(label, facts, {profile.name: known[profile.name] for profile in profiles})


def _as_dict(source: str, prospect: Prospect) -> dict[str, Any]:
    if isinstance(prospect, Begin):
        return {"status": "to-prepare", "step": prospect.step}
    told = failure_as_dict(source, prospect) if isinstance(prospect, PrepError) else prospect.as_dict()
    return told | {"source": source} | ({} if isinstance(prospect, PrepError) else {"again": True})
