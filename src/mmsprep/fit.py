"""Fit: the one size search. Find the most quality whose size stays under a limit, in few encodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Generic, TypeVar

T = TypeVar("T")

NARROW = 0.002
"""A bracket of this width, in ln(quality), holds nothing that an eye or ear would notice."""


@dataclass(frozen=True, slots=True)
class Fitted(Generic[T]):
    """The best encoding that was found under the limit, and what finding it took."""

    value: T
    quality: float
    size: int
    encodes: int


def fit(
    encode: Callable[[float], T],
    limit: int,
    *,
    size: Callable[[T], int],
    low: float,
    high: float,
    guess: float,
    slope: float = 1.0,
    enough: float = 0.97,
    encodes: int = 8,
) -> Fitted[T] | None:
    """Encode at few values of one positive variable until the size is below *limit* and at least *enough* of it.

    The size is taken to grow with the variable, about as ``quality ** slope`` near *guess*, so the search
    is a secant in ln(size) over ln(quality), kept inside its bracket. Whatever the sizes do, what is returned
    was measured below *limit*; None says that not even *low* is. *encodes* bounds the work; one more is
    spent on *low* when nothing has fitted by then.
    """
    under: Fitted[T] | None = None
    over: tuple[float, int] | None = None
    quality: float | None = min(max(guess, low), high)
    count = 0
    while quality is not None and count < encodes:
        count += 1
        value = encode(quality)
        measured = size(value)
        if measured < limit:
            under = Fitted(value, quality, measured, count)
            if measured >= enough * limit or quality >= high:
                return under
        elif quality <= low:
            return None
        else:
            over = (quality, measured)
        aim = limit * sqrt(enough)
        if under and over:
            quality = _between((under.quality, under.size), over, aim)
        elif under:
            quality = min(high, max(under.quality * 1.02, _along((under.quality, under.size), aim, slope)))
        elif over:
            quality = max(low, min(over[0] * 0.98, _along(over, aim, slope)))
    if under:
        return under
    value = encode(low)
    return Fitted(value, low, size(value), count + 1) if size(value) < limit else None


def _along(point: tuple[float, int], aim: float, slope: float) -> float:
    """Follow the slope from one measured (quality, size) to the size that is wanted."""
    return float(point[0] * (aim / max(point[1], 1)) ** (1 / slope))


def _between(under: tuple[float, int], over: tuple[float, int], aim: float) -> float | None:
    """Interpolate in a bracket, away from its ends; None when it is too narrow to hold anything."""
    start, width = log(under[0]), log(over[0] / under[0])
    if width < NARROW:
        return None
    rise = log(over[1] / max(under[1], 1))
    share = log(aim / max(under[1], 1)) / rise if rise > 0 else 0.5
    return exp(start + width * min(max(share, 0.08), 0.92))
