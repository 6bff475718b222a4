"""Compose: prepare several sources so that together they fit one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from mmsprep import request
from mmsprep.errors import PrepError
from mmsprep.items import Made
from mmsprep.prepared import Prepared
from mmsprep.profile import Profile
from mmsprep.share import share

Make = Callable[[int, Profile], Made]

WORTH = 1.03
"""An item is prepared again for a share that is at least this much larger than what it has."""

INSISTENCE = 2
"""How many times the share of an item that cannot be made so small is doubled."""

STEEPNESS = 1.1
"""A picture's loss falls about as ``bytes ** -STEEPNESS``: measured 0.9 to 1.4 on photographs from 40 to 400 KB."""

LEAST_LOSS = 0.005
"""A loss (`Job.lost`) that nobody sees: less of it weighs no less."""


def fit_together(
    make: Make, count: int, profile: Profile, *, jobs: int, stops: Sequence[Callable[[], None]] = ()
) -> list[Made | PrepError]:
    """Prepare *count* sources by ``make(index, profile)`` so that all outputs together stay below the message's limit.

    First each is prepared as if it were alone: what it then takes is what it needs. Items that are small stay as
    they are; the others are prepared again, from the source, for equal shares of the rest. Then pictures that lost
    little give bytes to those that lost much, and what some did not use is offered to the others. An item that
    fails gives its error and takes no share. Whoever is interrupted calls *stops*, which end what is being made.
    """
    sources = _Sources(make, profile, jobs, stops)
    sources.prepare(dict.fromkeys(range(count), replace(profile, total_bytes=None)))
    sources.needs = {index: _bytes(each) for index, each in sources.made.items()}
    if profile.total_bytes is not None and sum(sources.needs.values()) >= profile.total_bytes:
        sources.total = profile.total_bytes - 1
        sources.divide()
        sources.even_out()
        sources.offer_the_rest()
    return sources.in_order()


def check_count(made: Sequence[Made], profile: Profile) -> None:
    """Raise Rejected ``too-many-files`` when there are more outputs than a message holds: they are what counts."""
    request.check_count(sum(len(each.received.outputs) for each in made), profile.max_files, by=profile.name)


def check_sources(count: int, profile: Profile, options: Mapping[str, Any]) -> None:
    """Raise Rejected ``too-many-files``, before minutes are spent, when *count* sources must be too many files."""
    if not options:  # with some a source may become a link, and no file
        request.check_count(count, profile.max_files, by=profile.name)


def captions_of(prepared: Sequence[Prepared], captions: Sequence[str]) -> tuple[str, ...]:
    """Give a caption for each file: a source's own for its first file, none for its others."""
    each_with_its_own = zip(prepared, captions, strict=True) if captions else ()
    return tuple(
        "" if number else caption for each, caption in each_with_its_own for number, _ in enumerate(each.media)
    )


class _Sources:
    """By index: what each source has become so far, the bytes that it needs, and the share that it was given."""

    def __init__(self, make: Make, profile: Profile, jobs: int, stops: Sequence[Callable[[], None]]) -> None:
        self.make, self.profile, self.jobs, self.stops = make, profile, jobs, stops
        self.made: dict[int, Made | PrepError] = {}
        self.needs: dict[int, int] = {}
        self.given: dict[int, int] = {}
        self.total = 0

    def in_order(self) -> list[Made | PrepError]:
        return [self.made[index] for index in sorted(self.made)]

    def divide(self) -> None:
        """Give the same to all that need more than an equal share, and more to what cannot be made so small."""
        weights = dict.fromkeys(self.needs, 1.0)
        sound = {index for index, each in self.made.items() if not isinstance(each, PrepError)}
        for _ in range(1 + INSISTENCE):
            self._narrow(self._shares(self.total, self.needs, weights))
            refused = {index for index in sound if _does_not_fit(self.made[index])}
            if not refused:
                break
            weights |= {index: 2 * weights[index] for index in refused}

    def even_out(self) -> None:
        """Move bytes, once, from pictures that lost little to those that lost much; undo it if that helps nobody."""
        losses = self._losses()
        if len(losses) < 2:
            return
        weights = {
            index: _bytes(self.made[index]) * max(loss, LEAST_LOSS) ** (1 / STEEPNESS) for index, loss in losses.items()
        }
        pool = sum(self.given[index] for index in losses)
        shares = self._shares(pool, {index: self.needs[index] for index in losses}, weights)
        worst = max(losses, key=lambda index: losses[index])
        if shares[worst] < self.given[worst] * WORTH:
            return
        before = dict(self.made), dict(self.given)
        self._narrow(shares)
        if max(self._losses().values(), default=0) > losses[worst] or len(self._losses()) < len(losses):
            self.made, self.given = before

    def offer_the_rest(self) -> None:
        """Offer what some could not use to those who need more than they have."""
        spare = self.total - sum(map(_bytes, self.made.values()))
        wanting = {
            index: self.needs[index] - _bytes(self.made[index])
            for index, given in self.given.items()
            if _bytes(self.made[index]) * WORTH >= given
        }
        extra = self._shares(spare, wanting, dict.fromkeys(wanting, 1.0))
        more = {index: _bytes(self.made[index]) + each for index, each in extra.items()}
        self._narrow({index: each for index, each in more.items() if each > self.given[index] * WORTH})

    def prepare(self, orders: Mapping[int, Profile]) -> None:
        """Prepare some of the sources, several at a time."""
        with ThreadPoolExecutor(max_workers=self.jobs, thread_name_prefix="mmsprep") as threads:
            made = threads.map(lambda order: _guarded(self.make, *order), orders.items())
            try:
                self.made |= zip(orders, made, strict=True)
            except BaseException:
                # Else the threads would be waited for, and with them a film that nobody wants any more.
                threads.shutdown(wait=False, cancel_futures=True)
                for stop in self.stops:
                    stop()
                raise

    def _narrow(self, shares: Mapping[int, int]) -> None:
        """Prepare again what is larger than its share, or has been given a larger one."""
        again = {index: most for index, most in shares.items() if self._must_change(index, most)}
        self.prepare({index: _narrowed(self.profile, most, self.made[index]) for index, most in again.items()})
        self.given |= again

    def _must_change(self, index: int, most: int) -> bool:
        made = self.made[index]
        if isinstance(made, PrepError):
            return index in self.given and most > self.given[index]
        return _bytes(made) > most or most > self.given.get(index, most) * WORTH

    def _losses(self) -> dict[int, float]:
        """Give the losses, as far as they are known, of the sources that were given a share."""
        found = {index: self.made[index] for index in self.given}
        return {
            index: each.received.loss
            for index, each in found.items()
            if isinstance(each, Made) and each.received.loss is not None
        }

    @staticmethod
    def _shares(total: int, needs: Mapping[int, int], weights: Mapping[int, float]) -> dict[int, int]:
        return dict(zip(needs, share(total, list(needs.values()), [weights[index] for index in needs]), strict=True))


def _narrowed(profile: Profile, most: int, before: Made | PrepError) -> Profile:
    """Give an item its share; one that makes several files has it for all of them."""
    files = 1 if isinstance(before, PrepError) else max(1, len(before.received.outputs))
    return replace(profile, max_bytes=max(1, min(profile.max_bytes, most // files)))


def _does_not_fit(made: Made | PrepError) -> bool:
    return isinstance(made, PrepError) and made.reason == "cannot-fit"


def _bytes(made: Made | PrepError) -> int:
    return 0 if isinstance(made, PrepError) else made.total_bytes


def _guarded(make: Make, index: int, profile: Profile) -> Made | PrepError:
    try:
        return make(index, profile)
    except PrepError as error:
        return error
