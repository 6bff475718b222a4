"""What a stage is: one media in, one or more files out, closer to what the profile admits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile


class Declined(Exception):
    """Say that another stage does better with this media: the next one that accepts it gets it unchanged."""


@dataclass(frozen=True, slots=True)
class Event:
    """Tell how far one step has come, for whoever draws a bar or writes a log line."""

    step: str
    fraction: float | None = None
    eta_seconds: float | None = None


def ignore(event: Event) -> None:
    """Take an event and do nothing with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that a stage may know besides the media: where to go, what it may cost, where to write.

    ``options`` are the caller's wishes for this item, such as ``pages`` or ``fast``; a stage reads those it knows.
    """

    profile: Profile
    workdir: Path
    limits: Limits = field(default_factory=Limits)
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    ffmpeg: str | None = None
    emit: Callable[[Event], None] = ignore
    warnings: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Tell the sender something about the result that they would want to know, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def offer_text(self, text: str) -> None:
        """Offer something for the message's text to go with this media, such as a place's link."""
        if text not in self.texts:
            self.texts.append(text)

    def offer_link(self, path: Path) -> None:
        """Offer a version that is too large to send: it is kept in the store, and its URL is for the text.

        It is detected like any output and must carry no metadata, but no limit of the profile holds for it.
        """
        self.links.append(path)

    def lost(self, unlikeness: float) -> None:
        """Tell how unlike its source a result looks, 0 where nothing is lost.

        The bytes of a message are divided by it (`compose`). Films, pages and cards tell nothing.
        """
        self.losses.append(unlikeness)

    def new_path(self, suffix: str) -> Path:
        """Name a file that does not exist yet in the item's directory, such as ``3.jpg`` for ``.jpg``.

        The suffix is what the output's name ends in (``.loc.vcf``); the rest comes from the source's own name.
        """
        taken = sum(1 for _ in self.workdir.iterdir())
        while (path := self.workdir / f"{taken}{suffix}").exists():
            taken += 1
        return path


@dataclass(frozen=True, slots=True)
class Stage:
    """One way of turning media into what can be sent.

    ``accepts`` looks at the facts and the profile and decides nothing else. ``run`` writes its results to
    ``job.new_path(suffix)`` and returns their paths in the order in which they are to be sent (none where it
    offers a link instead); what they are is measured afterwards. It raises `Declined` to leave the media to the
    next stage, or `Rejected`.
    """

    name: str
    accepts: Callable[[Media, Profile], bool]
    run: Callable[[Media, Job], tuple[Path, ...]]
    options: frozenset[str] = frozenset()
    """The names of the options that it reads from the job: any other name is the caller's mistake."""
