"""Compose: prepare several sources so that together they fit one message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from mmsprep.errors import PrepError, Rejected
from mmsprep.items import Made
from mmsprep.profile import Profile
from mmsprep.share import share

Make = Callable[[int, Profile], Made]

ROOM = 3
"""How many times its limit a picture may take while its need is measured: busy and smooth must tell apart."""

ROUNDS = 2
"""How often what some could not use is offered to the others."""

WORTH = 1.03
"""An item is prepared again for a share that is at least this much larger than what it has."""


def fit_together(make: Make, count: int, profile: Profile, *, jobs: int) -> list[Made | PrepError]:
    """Prepare *count* sources by ``make(index, profile)`` so that all outputs together stay below the message's limit.

    First each is prepared as if it were alone, with room: what it then takes is what it needs. Items that are small
    stay as they are; the others are prepared again, from the source, for their share. An item that fails gives its
    error and takes no share.
    """
    alone = _roomy(profile)
    made = _all(make, [(index, alone) for index in range(count)], jobs)
    needs = [0 if isinstance(each, PrepError) else each.total_bytes for each in made]
    if profile.total_bytes is None and all(_fits(each, profile) for each in made):
        return made
    total = profile.total_bytes if profile.total_bytes is not None else sum(needs) + count
    given = [0] * count
    for _ in range(1 + ROUNDS):
        shares = share(total, needs)
        again = [index for index, each in enumerate(made) if _again(each, shares[index], given[index], profile)]
        if not again:
            break
        orders = [(index, _narrowed(profile, shares[index], made[index])) for index in again]
        for index, result in zip(again, _all(make, orders, jobs), strict=True):
            given[index] = shares[index]
            made[index] = result
        # What an item did not use of its share, it cannot use: the others may.
        needs = [_used(each, need, mine) for each, need, mine in zip(made, needs, given, strict=True)]
    return made


def check_count(made: Sequence[Made], profile: Profile) -> None:
    """Raise Rejected ``too-many-files`` when there are more outputs than a message holds: they are what counts."""
    count = sum(len(each.received.outputs) for each in made)
    if count > profile.max_files:
        raise Rejected(
            "too-many-files",
            f"{count} files, and {profile.name} takes {profile.max_files} in a message; send them in several",
        )


def _roomy(profile: Profile) -> Profile:
    """Let pictures be as large as they like, and all else as large as the profile lets a single file be."""
    kinds = {kind: profile.limit(f"{kind}/*") for kind in ("video", "audio", "text", "application")}
    room = ROOM * profile.limit("image/*")
    return replace(profile, max_bytes=max(room, *kinds.values()), total_bytes=None, kind_bytes=tuple(kinds.items()))


def _narrowed(profile: Profile, most: int, before: Made | PrepError) -> Profile:
    """Give an item its share; one that makes several files has it for all of them."""
    files = 1 if isinstance(before, PrepError) else max(1, len(before.received.outputs))
    return replace(profile, max_bytes=max(1, min(profile.max_bytes, most // files)))


def _again(made: Made | PrepError, most: int, given: int, profile: Profile) -> bool:
    if isinstance(made, PrepError):
        return False
    too_large = made.total_bytes > most or not _fits(made, profile)
    return too_large or (given > 0 and most > given * WORTH)


def _fits(made: Made | PrepError, profile: Profile) -> bool:
    return isinstance(made, PrepError) or all(profile.admits(each.facts) for each in made.received.outputs)


def _used(made: Made | PrepError, need: int, given: int) -> int:
    if isinstance(made, PrepError):
        return 0
    return made.total_bytes if given and made.total_bytes * WORTH < given else need


def _all(make: Make, orders: Sequence[tuple[int, Profile]], jobs: int) -> list[Made | PrepError]:
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="mmsprep") as threads:
        return list(threads.map(lambda order: _guarded(make, *order), orders))


def _guarded(make: Make, index: int, profile: Profile) -> Made | PrepError:
    try:
        return make(index, profile)
    except PrepError as error:
        return error
