"""Show a batch on a terminal: one calm bar for all of it, and a line for each item that is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from mmsprep.batch.entry import Entry, Part
from mmsprep.errors import Misconfigured, PrepError
from mmsprep.show import escaped, size
from mmsprep.stage import Event

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

NAME_CHARS = 28
PER_SECOND = 6
"""Drawings: more is unrest, less looks stuck."""
IDLE = "·"


class Progress:
    """Draw on *console*, with *jobs* lines that stay where they are while items come and go on them.

    Where the console is no terminal nothing is drawn. Used as a context manager; safe from any thread.
    """

    def __init__(self, console: Console, jobs: int) -> None:
        from rich.progress import BarColumn, ProgressColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bars

        columns: tuple[ProgressColumn, ...] = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=26, complete_style="cyan", finished_style="cyan", pulse_style="cyan"),
            TaskProgressColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[told]}", markup=False, style="dim"),
        )
        self._bars = Bars(
            *columns, console=console, transient=True, disable=not console.is_terminal, refresh_per_second=PER_SECOND
        )
        self._lock = threading.Lock()
        self._all = self._bars.add_task("Preparing".ljust(NAME_CHARS), total=None, told="")
        self._idle: list[TaskID] = [
            self._bars.add_task(IDLE.ljust(NAME_CHARS), total=1.0, told="", visible=False) for _ in range(jobs)
        ]
        self._done = self._bytes = 0
        self._items: int | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def expect(self, entries: Iterable[Entry]) -> None:
        """Count what is to come, in a thread of its own: until then the bar shows what is done, and no end."""
        if self._bars.disable:
            return

        def count() -> None:
            total, items = 0.0, 0
            # What is wrong with them, the batch itself comes upon and tells.
            with suppress(PrepError, Misconfigured):
                for entry in entries:
                    items += 1
                    total += _weight(entry)
                self._items = items
                self._bars.update(self._all, total=total)

        threading.Thread(target=count, daemon=True).start()

    def ended(self, entry: Entry) -> None:
        """Advance the bar by one entry."""
        self._done += 1
        self._bytes += sum(part.bytes for part in entry.parts)
        self._bars.advance(self._all, _weight(entry))
        left = self._bars.tasks[0].time_remaining
        of = f" of {self._items:,}" if self._items is not None else ""
        eta = f", {_clock(left)} left" if left else ""
        self._bars.update(self._all, told=f"{self._done:,}{of} items, {size(self._bytes)}{eta}")

    def print(self, sign: str, colour: str, label: str, said: str) -> None:
        """Print a line above the bars: what an item deserves a look for."""
        from rich.text import Text

        console = self._bars.console
        line = Text.assemble((sign, colour), f" {label}  ", (said, "dim"))
        console.print(line, soft_wrap=not console.is_terminal)

    @contextmanager
    def item(self, part: Part) -> Iterator[Callable[[Event], None]]:
        """Follow one item on a line of its own, until it ends."""
        with self._lock:
            line = self._idle.pop(0) if self._idle else None
        if line is None:
            yield lambda _event: None
            return

        def follow(event: Event) -> None:
            left = f"{_clock(event.eta_seconds)} left" if event.eta_seconds else ""
            told = ", ".join(filter(None, (event.step, left)))
            self._bars.update(line, completed=event.fraction if event.fraction is not None else None, told=told)

        name = _short(escaped(part.name))
        self._bars.reset(line, description=f"  {name}".ljust(NAME_CHARS), visible=True, told=size(part.bytes))
        try:
            yield follow
        finally:
            with self._lock:
                self._idle.insert(0, line)
            self._bars.update(line, completed=1.0)


def _weight(entry: Entry) -> float:
    """Weigh an entry for the bar: its bytes, and a little for being one at all."""
    return 50_000 + sum(part.bytes for part in entry.parts)


def _short(name: str) -> str:
    most = NAME_CHARS - 2
    return name if len(name) <= most else f"{name[: most - 9]}…{name[-8:]}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
