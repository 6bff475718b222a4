"""Share: one message's bytes divided among its media."""

from __future__ import annotations

from collections.abc import Callable, Sequence

FLOOR = 0.5
"""Nobody who needs it gets less than this part of an equal share: what weighs little is still looked at."""


def share(total: int, needs: Sequence[int], weights: Sequence[float] | None = None) -> list[int]:
    """Divide *total* so that small items keep what they need and the rest share what is left, by their *weights*.

    *needs* are the bytes that each item takes when nothing but quality decides; *weights* are positive, and all the
    same if not given. An item's share is the most it may take; the shares sum to at most *total*, and nobody gets
    more than they need.
    """
    if sum(needs) <= total:
        return list(needs)
    weighing = list(zip(needs, weights or [1.0] * len(needs), strict=True))
    equal = _level(lambda level: [min(need, level) for need in needs], total, max(needs))

    def shares(level: float) -> list[float]:
        return [min(need, max(FLOOR * equal, level * weight)) for need, weight in weighing]

    return [int(each) for each in shares(_level(shares, total, max(need / weight for need, weight in weighing)))]


def _level(shares: Callable[[float], Sequence[float]], total: int, high: float) -> float:
    """Find the level at which shares that rise with it sum to *total*, from below."""
    low, high = 0.0, float(high)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(shares(middle)) <= total else (low, middle)
    return low
