"""Share: one message's bytes divided among its media."""

from __future__ import annotations

from collections.abc import Sequence

EVENNESS = 0.5
"""How shares grow with needs: 0 gives all the same, 1 the same fraction of what each needs.

What a picture gains from more bytes falls with what it has, and a busy picture's score is the lower one, so between
the two: the square root keeps the worst picture of a mixed set above its equal share, and the others near theirs.
"""


def share(total: int, needs: Sequence[int]) -> list[int]:
    """Divide *total* so that small items keep what they need and the rest share what is left, by what each would use.

    *needs* are the bytes that each item takes when nothing but quality decides. An item's share is the most it may
    take; the shares sum to at most *total*, and nobody gets more than they need.
    """
    shares = [0] * len(needs)
    waiting = [index for index, need in enumerate(needs) if need > 0]
    left = total
    while waiting:
        weights = {index: needs[index] ** EVENNESS for index in waiting}
        unit = left / sum(weights.values())
        content = [index for index in waiting if needs[index] <= unit * weights[index]]
        if not content:
            for index in waiting:
                shares[index] = int(unit * weights[index])
            return shares
        for index in content:
            shares[index] = needs[index]
            left -= needs[index]
        waiting = [index for index in waiting if index not in content]
    return shares
