"""Fit: find the most quality whose size stays under a limit, in few encodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Generic, TypeVar

T = TypeVar("T")
Point = tuple[float, int]
"""A quality that was tried, and the size that it gave."""

NARROW = 0.002
"""A bracket of this width, in ln(quality), holds nothing that an eye or ear would notice."""
FLATTEST, STEEPEST = 0.15, 4.0
"""Slopes between which two encodes are believed: an odd pair would send the search far away."""


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
    over: Point | None = None
    last: Point | None = None
    quality: float | None = min(max(guess, low), high)
    count = one_sided = 0
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
        one_sided = one_sided + 1 if last and (last[1] < limit) == (measured < limit) else 0
        slope = _slope(last, (quality, measured)) or slope
        last = (quality, measured)
        aim = limit * sqrt(enough)
        if under and over:
            # A secant that keeps landing on one side of a bend is helped by halving (as in the Illinois method).
            quality = _between((under.quality, under.size), over, aim, halve=one_sided > 0)
        elif under:
            quality = min(high, max(under.quality * 1.02, _along((under.quality, under.size), aim, slope)))
        elif over:
            quality = max(low, min(over[0] * 0.98, _along(over, aim, slope)))
    if under:
        return under
    value = encode(low)
    return Fitted(value, low, size(value), count + 1) if size(value) < limit else None


def _slope(first: Point | None, second: Point) -> float | None:
    """Measure how size follows quality between two encodes, within what a step may trust."""
    if first is None or first[0] == second[0]:
        return None
    slope = log(max(second[1], 1) / max(first[1], 1)) / log(second[0] / first[0])
    return min(max(slope, FLATTEST), STEEPEST)


def _along(point: Point, aim: float, slope: float) -> float:
    """Follow the slope from one measured (quality, size) to the size that is wanted."""
    return float(point[0] * (aim / max(point[1], 1)) ** (1 / slope))


def _between(under: Point, over: Point, aim: float, *, halve: bool) -> float | None:
    """Interpolate in a bracket, away from its ends, or halve it; None when it is too narrow to hold anything."""
    start, width = log(under[0]), log(over[0] / under[0])
    if width < NARROW:
        return None
    rise = log(over[1] / max(under[1], 1))
    share = log(aim / max(under[1], 1)) / rise if rise > 0 and not halve else 0.5
    return exp(start + width * min(max(share, 0.08), 0.92))
