"""Read a caller's option: a value that cannot be meant is refused with what to give, and never taken for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmsprep.errors import Rejected


def one_of(options: Mapping[str, Any], name: str, words: Sequence[str]) -> str | None:
    """Give the word that *name* says, None if nothing is said; raises Rejected ``not-accepted`` for any other."""
    asked = options.get(name)
    if asked is not None and asked not in words:
        raise refused(name, asked, " or ".join(words))
    return asked


def is_wanted(options: Mapping[str, Any], name: str) -> bool:
    """Tell whether *name* is true; raises Rejected ``not-accepted`` for what is neither true nor false."""
    asked = options.get(name, False)
    if asked not in (True, False):
        raise refused(name, asked, "true or false")
    return bool(asked)


def number(options: Mapping[str, Any], name: str, example: str) -> float | None:
    """Give the number that *name* says, None if nothing is said; raises Rejected ``not-accepted`` for what is none."""
    asked = options.get(name)
    if asked is None:
        return None
    try:
        return float(asked)
    except (TypeError, ValueError):
        raise refused(name, asked, example) from None


def refused(name: str, asked: Any, wanted: str) -> Rejected:
    """Make the error for an option whose value cannot be meant."""
    return Rejected("not-accepted", f"{name} is {str(asked)[:40]!r}; give {wanted}")
