"""Share: one message's bytes divided among its media."""

from __future__ import annotations

from collections.abc import Callable, Sequence

FLOOR = 0.75
"""Nobody who needs it gets less than this part of an equal share."""

EVENNESS = 0.5
"""Above that, how shares grow with needs: 0 gives all the same, 1 the same fraction of what each needs.

What a picture gains from more bytes falls with what it has, and a busy picture's score is the lower one, so between
the two: the square root keeps the worst picture of a mixed set above its equal share, and the others near theirs.
"""


def share(total: int, needs: Sequence[int]) -> list[int]:
    """Divide *total* so that small items keep what they need and the rest share what is left, by what each would use.

    *needs* are the bytes that each item takes when nothing but quality decides. An item's share is the most it may
    take; the shares sum to at most *total*, nobody gets more than they need, and who needs more never gets less.
    """
    if sum(needs) <= total:
        return list(needs)
    equal = _level(lambda level: [min(need, level) for need in needs], total, max(needs))
    weights = [need**EVENNESS for need in needs]

    def shares(level: float) -> list[float]:
        return [min(need, max(FLOOR * equal, level * weight)) for need, weight in zip(needs, weights, strict=True)]

    return [int(each) for each in shares(_level(shares, total, float(max(needs))))]


def _level(shares: Callable[[float], Sequence[float]], total: int, high: float) -> float:
    """Find the level at which shares that rise with it sum to *total*, from below, to a thousandth of a byte."""
    low = 0.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if sum(shares(middle)) <= total else (low, middle)
    return low
