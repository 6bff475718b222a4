"""Which part of a recording is wanted: the options ``trim`` and ``max_seconds``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmsprep.errors import Rejected
from mmsprep.tools.wishes import number, refused

FADE_SECONDS = 0.5
OPTIONS = frozenset({"trim", "max_seconds"})

SHORTEST = 0.1
"""A window below this holds no frame that anybody would see."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the source: where it starts, and how long it is; None is to the end, wherever that is."""

    start: float
    seconds: float | None
    cut: bool
    """Whether it ends before the source does: then picture and sound fade out."""

    @property
    def whole(self) -> bool:
        return not self.cut and self.start == 0

    def reading(self) -> dict[str, float]:
        """Give ffmpeg's input options that read this window and nothing after it."""
        limits = {"ss": self.start} if self.start else {}
        return limits if self.seconds is None else {**limits, "t": round(self.seconds, 3)}

    @property
    def fade_start(self) -> float | None:
        """When the fade begins, counted from the window's start; None without a cut or without room for one."""
        if not self.cut or self.seconds is None or self.seconds < 2 * FADE_SECONDS:
            return None
        return round(self.seconds - FADE_SECONDS, 3)


def window(options: Mapping[str, Any], seconds: float | None) -> Window:
    """Read the window that *options* ask for of a source of *seconds*.

    ``trim`` is ``"5-20"``, ``"0:05-1:20"``, ``"5-"``, ``"-20"`` or a pair of seconds; ``max_seconds`` a number.
    Raises Rejected ``not-accepted`` for what cannot be read, or lies behind the end.
    """
    start, end = _trim(options.get("trim"))
    longest = _longest(options)
    if not start and end is None and longest is None:
        return Window(0.0, seconds, cut=False)
    if seconds is not None and start >= seconds - SHORTEST:
        raise Rejected("not-accepted", f"trim starts at {start:g} s of {seconds:.1f}; choose an earlier start")
    wanted = min((each for each in (seconds, end) if each is not None), default=None)
    length = None if wanted is None else wanted - start
    if longest is not None:
        length = longest if length is None else min(length, longest)
    if length is not None and length < SHORTEST:
        raise Rejected("not-accepted", f"trim leaves {max(length, 0):g} s; choose an end after the start")
    cut = length is not None and (seconds is None or start + length < seconds - SHORTEST)
    return Window(start, length, cut)


def _trim(asked: Any) -> tuple[float, float | None]:
    if asked is None:
        return 0.0, None
    if isinstance(asked, list | tuple):
        parts = [None if each is None else str(each) for each in asked]
    else:
        parts = [each.strip() or None for each in str(asked).split("-")]
    if len(parts) != 2:
        raise refused("trim", asked, "5-20 or 0:05-1:20")
    start, end = (None if each is None else _clock(each, asked) for each in parts)
    return start or 0.0, end


def _clock(text: str, asked: Any) -> float:
    """Read seconds, minutes:seconds or hours:minutes:seconds."""
    if not re.fullmatch(r"(\d{1,3}:){0,2}\d{1,6}(\.\d{1,6})?", text):
        raise refused("trim", asked, "5-20 or 0:05-1:20")
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total


def _longest(options: Mapping[str, Any]) -> float | None:
    example = "a number of seconds"
    longest = number(options, "max_seconds", example)
    if longest is not None and not 0 < longest < 1e6:
        raise refused("max_seconds", longest, example)
    return longest
