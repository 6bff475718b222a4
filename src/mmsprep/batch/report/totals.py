"""Count a manifest for the report's head: outcomes, bytes, and what is to be done about what could not be sent."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mmsprep.batch import manifest
from mmsprep.show import escaped

SHOWN_FACTS = 3
MOST_FACTS = 5_000
"""Kept while counting: a batch of millions may have a different fact in each."""
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")


@dataclass(slots=True)
class Problem:
    """Items that cannot be sent for the same reason, and what the most of them say."""

    status: str
    code: str
    reason: str
    count: int = 0
    facts: Counter[str] = field(default_factory=Counter)

    @property
    def shown(self) -> list[tuple[str, int]]:
        return self.facts.most_common(SHOWN_FACTS)


@dataclass(slots=True)
class Totals:
    """What a batch came to."""

    items: int = 0
    again: int = 0
    warned: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    before: int = 0
    after: int = 0
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    warnings: Counter[str] = field(default_factory=Counter)
    origins: set[str] = field(default_factory=set)

    @property
    def saved(self) -> int:
        """Percent of the bytes that are gone, of what is ready."""
        return round(100 * (1 - self.after / self.before)) if self.before else 0

    @property
    def worst(self) -> list[Problem]:
        return sorted(self.problems.values(), key=lambda problem: -problem.count)

    @property
    def commonest_warnings(self) -> list[tuple[str, int]]:
        return self.warnings.most_common(SHOWN_FACTS)


def count(path: Path) -> Totals:
    """Read the manifest once, and count."""
    totals = Totals()
    for told in manifest.read(path):
        totals.items += 1
        totals.again += bool(told.get("again"))
        totals.statuses[told["status"]] += 1
        totals.kinds[kind_of(told)] += 1
        if told["status"] == "ready":
            _count_ready(totals, told)
        else:
            problem = Problem(told["status"], told["code"], told["reason"])
            problem = totals.problems.setdefault((told["code"], told["reason"]), problem)
            problem.count += 1
            if len(problem.facts) < MOST_FACTS:
                problem.facts[fact_of(told)] += 1
    return totals


def _count_ready(totals: Totals, told: dict[str, Any]) -> None:
    totals.before += told["original"]["bytes"]
    totals.after += sum(media["bytes"] for media in told["media"])
    totals.warned += bool(told["warnings"])
    if len(totals.warnings) < MOST_FACTS:
        totals.warnings.update(escaped(each) for each in told["warnings"])
    for media in told["media"]:
        parts = urlsplit(media["url"] or "")
        if ORIGIN.fullmatch(origin := f"{parts.scheme}://{parts.netloc}"):
            totals.origins.add(origin)


def fact_of(told: dict[str, Any]) -> str:
    """Give a failure's fact and remedy without the name of the file, which stands beside it."""
    return escaped(told["message"].partition(": ")[2] or told["message"])


def kind_of(told: dict[str, Any]) -> str:
    """Name the kind of media that an item became, as people call it."""
    types = [media["type"] for media in told.get("media", ())]
    if not types:
        return "none"
    names = {"video": "video", "audio": "sound", "image": "picture"}
    if told["original"]["type"] == "application/geo+json":
        return "place"
    if len(types) > 1 and "row" in told:
        return "message"
    kind = types[0].partition("/")[0]
    return "PDF" if types[0] == "application/pdf" else names.get(kind, "card")
