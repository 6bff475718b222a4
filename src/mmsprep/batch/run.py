"""Run a batch: every core busy with one item, uploads beside them, few in flight, each result told as it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from mmsprep.batch.content import signature
from mmsprep.batch.entry import Entry, Part
from mmsprep.batch.outcome import Done, Outcome, Sending, joined, requested
from mmsprep.batch.parts import Parts, Shelf
from mmsprep.errors import PrepError, Unavailable
from mmsprep.isolate import Cancelled
from mmsprep.items import cores
from mmsprep.prepared import Prepared
from mmsprep.profile import Profile
from mmsprep.share import share
from mmsprep.stage import Event, ignore

Result = TypeVar("Result")
Follow = Callable[[Part], AbstractContextManager[Callable[[Event], None]]]
"""What shows a running item: entered in its thread when it starts, left when it ends."""

UPLOADS = 8
"""Files on their way to the store, and small looks at disk and ledger, at a time."""
AHEAD = 16
"""Entries in flight beyond those at work: enough to keep the cores busy while uploads wait, and no more memory."""
CHUNK = 16
"""Entries that are looked for at a time."""
PATIENCE = 20
"""Items in a row that no store took, after which going on would only be work that is lost."""


class _Enough(Exception):
    """The batch stops at the first failure, as it was asked to."""


def unseen(_: Part) -> AbstractContextManager[Callable[[Event], None]]:
    """Show nothing of a running item."""
    return nullcontext(ignore)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a batch is run: items at a time, what is done again, where it stops, the requests that are made."""

    jobs: int
    force: bool = False
    fail_fast: bool = False
    sending: Sending | None = None


def run(
    entries: Iterable[Entry],
    parts: Parts,
    profile: Profile,
    how: RunOptions,
    *,
    tell: Callable[[Outcome], None],
    follow: Follow = unseen,
) -> None:
    """Prepare all *entries* and *tell* each outcome, in this thread, in the order in which they end.

    KeyboardInterrupt ends it cleanly: what is at work in children is ended, what is on its way to the store arrives.
    Raises Unavailable ``store`` when that takes nothing any more.
    """
    batch = _Batch(parts, profile, how, follow)
    try:
        asyncio.run(batch.run(iter(entries), tell))
    except BaseExceptionGroup as group:
        if not isinstance(first := _first(group), _Enough):
            raise first from None


class _Batch:
    def __init__(self, parts: Parts, profile: Profile, how: RunOptions, follow: Follow) -> None:
        self._parts = parts
        self._profile = profile
        self._how = how
        self._follow = follow
        self._threads = parts.settings.threads or max(1, cores() // how.jobs)
        self._since = time.time() if how.force else 0.0
        self._makers = ThreadPoolExecutor(how.jobs, thread_name_prefix="mmsprep-make")
        self._movers = ThreadPoolExecutor(UPLOADS, thread_name_prefix="mmsprep-move")
        self._busy: dict[str, tuple[asyncio.Lock, int]] = {}
        self._refused = 0

    async def run(self, entries: Iterator[Entry], tell: Callable[[Outcome], None]) -> None:
        slots = asyncio.Semaphore(self._how.jobs + AHEAD)

        async def one(entry: Entry) -> None:
            try:
                # A child that was ended because the batch stops has no outcome.
                with suppress(Cancelled):
                    outcome = await self._outcome(entry)
                    tell(outcome)
                    self._look(outcome)
            finally:
                slots.release()

        try:
            async with asyncio.TaskGroup() as group:
                while chunk := await self._moved(lambda: list(islice(entries, CHUNK))):
                    for entry in chunk:
                        await slots.acquire()
                        group.create_task(one(entry))
        finally:
            # What was not begun is not begun; what is made is kept.
            self._makers.shutdown(wait=False, cancel_futures=True)
            self._parts.close()
            self._movers.shutdown()
            self._makers.shutdown()

    def _look(self, outcome: Outcome) -> None:
        """Stop the batch where going on makes no sense."""
        if self._how.fail_fast and outcome.status != "ready":
            raise _Enough
        no_store = isinstance(outcome.result, Unavailable) and outcome.result.reason == "store"
        self._refused = self._refused + 1 if no_store else 0
        if self._refused == PATIENCE and isinstance(outcome.result, Unavailable):
            raise outcome.result

    async def _outcome(self, entry: Entry) -> Outcome:
        if entry.problem is not None:
            return Outcome(entry=entry, result=entry.problem)
        done = await self._all(entry, [self._profile] * len(entry.parts))
        for narrowed in _rounds(self._profile, done):
            done = await self._all(entry, narrowed)
        return requested(joined(entry, done, self._profile), self._how.sending, self._profile)

    async def _all(self, entry: Entry, profiles: list[Profile]) -> list[Done]:
        return list(await asyncio.gather(*map(self._done, entry.parts, profiles)))

    async def _done(self, part: Part, profile: Profile) -> Done:
        key = ""
        try:
            before = signature(part)
            key, found = await self._moved(self._known, part, profile)
            if found is not None:
                return found
            # The same content twice at a time is prepared once: the second finds what the first made.
            async with self._alone(key):
                found = await self._moved(self._look_up, key, part)
                return found or await self._made(key, part, profile, before)
        except PrepError as error:
            return Done(result=error, key=key)

    def _known(self, part: Part, profile: Profile) -> tuple[str, Done | None]:
        key = self._parts.key(part, profile)
        return key, self._look_up(key, part)

    def _look_up(self, key: str, part: Part) -> Done | None:
        return self._parts.look_up(key, part, since=self._since)

    async def _made(self, key: str, part: Part, profile: Profile, before: tuple[int, ...]) -> Done:
        loop = asyncio.get_running_loop()
        shelf = await loop.run_in_executor(self._makers, self._make, part, profile)
        sure = before == signature(part)
        return await self._moved(lambda: self._parts.keep(key, part, shelf, sure=sure))

    def _make(self, part: Part, profile: Profile) -> Shelf:
        with self._follow(part) as progress:
            return self._parts.make(part, profile, progress, threads=self._threads)

    async def _moved(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Do what mostly waits for a disk or a server beside the work of the cores."""
        return await asyncio.get_running_loop().run_in_executor(self._movers, work, *arguments)

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        lock, waiting = self._busy.get(key, (asyncio.Lock(), 0))
        self._busy[key] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._busy.pop(key)
            if waiting > 1:
                self._busy[key] = lock, waiting - 1


def _rounds(profile: Profile, done: list[Done]) -> Iterator[list[Profile]]:
    """Yield the profiles for another round, when what was made for one message is more than it may hold."""
    ready = [each.result for each in done if isinstance(each.result, Prepared)]
    if profile.total_bytes is None or len(ready) < len(done) or len(ready) < 2:
        return
    needs = [sum(media.facts.bytes for media in each.media) for each in ready]
    if sum(needs) < profile.total_bytes:
        return
    yield [
        profile if need <= most else replace(profile, max_bytes=_rounded(most // max(1, len(each.media))))
        for each, need, most in zip(ready, needs, share(profile.total_bytes - 1, needs), strict=True)
    ]


def _rounded(most: int) -> int:
    """Round a share down to two digits, so that rows whose cards differ by a few bytes have their media in common."""
    unit: int = 10 ** max(0, len(str(most)) - 2)
    return max(1, most // unit * unit)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
