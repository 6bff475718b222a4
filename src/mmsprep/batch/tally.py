"""Count a batch: outcomes and reasons, bytes before and after, time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmsprep.batch.outcome import Outcome
from mmsprep.errors import PrepError
from mmsprep.show import size


@dataclass(slots=True)
class Tally:
    """What a batch came to so far."""

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    warned: int = 0
    again: int = 0
    before: int = 0
    after: int = 0
    homeless: int = 0
    """Ready, but at URLs that only this machine can open."""
    cpu_seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.statuses[outcome.status] += 1
        self.cpu_seconds += outcome.cpu_seconds
        self.again += outcome.again
        if isinstance(outcome.result, PrepError):
            self.reasons[outcome.result.code, outcome.result.reason] += 1
            return
        self.homeless += any((media.url or "").startswith("file:") for media in outcome.result.media)
        self.warned += bool(outcome.result.warnings)
        self.before += outcome.result.original.bytes
        self.after += sum(media.facts.bytes for media in outcome.result.media)

    @property
    def done(self) -> int:
        return self.statuses.total()

    def lines(self) -> Iterator[str]:
        """Say it in a few lines, for people."""
        seconds = time.monotonic() - self.started
        told = ", ".join(
            f"{self.statuses[status]:,} {status}"
            for status in ("ready", "rejected", "unavailable")
            if self.statuses[status]
        )
        known = f", {self.again:,} of them known already" if self.again else ""
        items = "item" if self.done == 1 else "items"
        yield f"{self.done:,} {items} in {duration(seconds)}: {told or 'nothing to do'}{known}"
        if self.before:
            yield f"{size(self.before)} became {size(self.after)}"
        if self.warned:
            yield f"{self.warned:,} with warnings"
        for (code, reason), count in self.reasons.most_common():
            yield f"{count:>6,} × {code} {reason}"


def duration(seconds: float) -> str:
    """Write a time as people say it: ``2 min 5 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
