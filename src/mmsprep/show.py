"""What a person sees: tables, lines and sizes. Everything that came with a file is escaped before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from mmsprep.errors import PrepError
from mmsprep.media import Facts
from mmsprep.prepared import Deliverable, Inspected, Prepared
from mmsprep.stage import Event

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID
    from rich.table import Table

    from mmsprep.doctor import Check
    from mmsprep.profile import Profile

COLOURS = {"rejected": "red", "unavailable": "yellow"}


def size(count: int) -> str:
    """Write a number of bytes as people read it, in decimal units: ``412 KB``."""
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1_000:,.0f} KB" if count < 999_500 else f"{count / 1_000_000:,.2f} MB"


def escaped(text: str) -> str:
    """Make any text safe for a terminal and a log: what is not printable is shown as its escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def facts_line(facts: Facts) -> str:
    """Say in a few words what a file is: ``JPEG 3072 × 2304, 412 KB``."""
    words = [facts.type.partition("/")[2].removeprefix("x-").upper()]
    if facts.width:
        words.append(f"{facts.width} × {facts.height}")
    if facts.animated:
        words.append(f"{facts.frames} frames")
    if facts.seconds:
        words.append(f"{facts.seconds:.1f} s")
    if facts.pages:
        words.append(f"{facts.pages} page{'s' * (facts.pages > 1)}")
    return " ".join(words) + f", {size(facts.bytes)}"


def line(source: str, result: Prepared | PrepError) -> str:
    """Say in one plain line what became of a source, for a log or a pipe."""
    if isinstance(result, PrepError):
        return f"{result.status}  {escaped(result.code)} {result.reason}  {escaped(result.message)}"
    made = "; ".join(f"{_where(each)} ({facts_line(each.facts)})" for each in result.media)
    warned = "".join(f"  warning: {escaped(each)}" for each in result.warnings)
    return f"ready  {escaped(source)} -> {made}{warned}"


def results(rows: Iterable[tuple[str, Prepared | PrepError]]) -> Table:
    """Draw the table of what became of each source, in the order in which they were given."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Source", overflow="fold")
    table.add_column("Was", overflow="fold", style="dim")
    table.add_column("Ready to send", overflow="fold", ratio=1)
    for source, result in rows:
        name = escape(escaped(source.rpartition("/")[2] or source))
        if isinstance(result, PrepError):
            table.add_row(name, "", _outcome(result))
            continue
        made = "\n".join(f"[green]✓[/] {escape(each.name)}  {facts_line(each.facts)}" for each in result.media)
        warned = "".join(f"\n[yellow]![/] {escape(escaped(each))}" for each in result.warnings)
        table.add_row(name, facts_line(result.original), made + warned)
    return table


def summary(results: Sequence[Prepared | PrepError]) -> str:
    """Count the outcomes, and the bytes before and after: ``12 ready, 3 rejected; 21.4 MB became 9.1 MB``."""
    ready = [each for each in results if isinstance(each, Prepared)]
    counts = {"ready": len(ready)}
    for each in results:
        if isinstance(each, PrepError):
            counts[each.status] = counts.get(each.status, 0) + 1
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    if not ready:
        return said
    before = sum(each.original.bytes for each in ready)
    after = sum(made.facts.bytes for each in ready for made in each.media)
    return f"{said}; {size(before)} became {size(after)}"


def profiles(rows: Iterable[Profile]) -> Table:
    """Draw the table of profiles: what each takes, and how sure that is."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Profile", "File below", "Message below", "Files", "Longest side", "Confidence"):
        table.add_column(heading, justify="left" if heading in {"Profile", "Confidence"} else "right", no_wrap=True)
    table.add_column("Refuses", overflow="fold", ratio=1)
    for each in rows:
        table.add_row(
            each.name,
            size(each.limit("image/jpeg")),
            size(each.total_bytes) if each.total_bytes else "–",
            str(each.max_files),
            f"{each.max_side} px" if each.max_side else "–",
            each.confidence,
            ", ".join(short for mime, short in NOTABLE.items() if mime not in each.types) or "–",
        )
    return table


# Whether a profile takes these is what people ask.
NOTABLE = {
    "image/png": "PNG",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "audio/mp4": "M4A",
    "application/pdf": "PDF",
    "text/x-vcard": "contacts",
    "text/calendar": "calendars",
}


class Bars:
    """One calm bar for all items on a terminal, and below it one for each that tells how far it has come.

    Elsewhere nothing is drawn. Used as a context manager, from any thread.
    """

    def __init__(self, console: Console, count: int) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}", markup=False),
        )
        self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._all = self._bars.add_task("Preparing", total=count, told=f"0 of {count}")
        self._count = count

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @contextmanager
    def item(self, name: str) -> Iterator[Callable[[Event], None]]:
        """Follow one item: its bar appears with the first event that tells a fraction, and goes when it ends."""
        bar: TaskID | None = None

        def follow(event: Event) -> None:
            nonlocal bar
            if event.fraction is None:
                return
            if bar is None:
                bar = self._bars.add_task(escaped(name)[-30:], total=1.0, told="")
            self._bars.update(bar, completed=event.fraction, told=event.step)

        try:
            yield follow
        finally:
            if bar is not None:
                self._bars.remove_task(bar)
            self._bars.advance(self._all)
            self._bars.update(self._all, told=f"{self._bars.tasks[0].completed:.0f} of {self._count}")


def _where(made: Deliverable) -> str:
    return made.url or str(made.path)


def inspected(source: str, found: Inspected, outcomes: Mapping[str, Prepared | PrepError]) -> Table:
    """Draw what a file is, what it carries and tells besides its content, and what becomes of it per profile."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, show_edge=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold", ratio=1)
    table.add_row("file", f"[bold]{escape(escaped(source))}[/]")
    table.add_row("is", facts_line(found.facts))
    table.add_row("carries", ", ".join(found.facts.metadata) or "nothing but its content")
    for key, words in found.tells.items():
        table.add_row(escape(escaped(key)), escape(escaped(words)))
    for name, outcome in outcomes.items():
        table.add_row(name, _outcome(outcome))
    return table


def checks(rows: Iterable[Check]) -> Table:
    """Draw what the doctor found."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, show_edge=False, pad_edge=False)
    for check in rows:
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]" if check.needed else "[yellow]![/]"
        table.add_row(mark, check.name, escape(escaped(check.found)))
    return table


def plan(
    sources: Sequence[str],
    planned: Mapping[str, Sequence[Prepared | PrepError]],
    refused: Mapping[str, PrepError] = MappingProxyType({}),
) -> Table:
    """Draw what each source would become in one message, a column per profile, and why some are not one message."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Source", overflow="fold")
    for name in planned:
        table.add_column(name, overflow="fold", ratio=1)
    for row, source in enumerate(sources):
        name = escape(escaped(source.rpartition("/")[2] or source))
        table.add_row(name, *(_outcome(results[row]) for results in planned.values()))
    ready = [[each for each in results if isinstance(each, Prepared)] for results in planned.values()]
    totals = (size(sum(made.facts.bytes for each in results for made in each.media)) for results in ready)
    whole = [f"\n{_outcome(refused[name])}" if name in refused else "" for name in planned]
    table.add_section()
    table.add_row("in all", *map("".join, zip(totals, whole, strict=True)))
    return table


def _outcome(outcome: Prepared | PrepError) -> str:
    from rich.markup import escape

    if isinstance(outcome, PrepError):
        fact = outcome.message.partition(": ")[2] or outcome.message
        return f"[{COLOURS[outcome.status]}]✗ {outcome.code} {outcome.reason}[/] {escape(escaped(fact))}"
    made = ", ".join(facts_line(each.facts) for each in outcome.media)
    warned = "".join(f"\n[yellow]![/] {escape(escaped(each))}" for each in outcome.warnings)
    return f"[green]✓[/] {' → '.join(outcome.steps)}: {made}{warned}"
