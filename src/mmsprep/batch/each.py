"""Many sources at once: every core busy, each result as it ends, and no failure stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from mmsprep.errors import PrepError
from mmsprep.source import Source

Result = TypeVar("Result")


def each(
    work: Callable[[Source], Result], sources: Sequence[Source], *, jobs: int
) -> Iterator[tuple[int, Result | PrepError]]:
    """Do *work* on all sources, *jobs* at a time, and yield each one's index and result or error as it ends.

    Left early, it starts no more of them.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="mmsprep") as threads:
        waiting = {threads.submit(_guarded, work, source): index for index, source in enumerate(sources)}
        try:
            for ended in as_completed(waiting):
                yield waiting[ended], ended.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _guarded(work: Callable[[Source], Result], source: Source) -> Result | PrepError:
    try:
        return work(source)
    except PrepError as error:
        return error
