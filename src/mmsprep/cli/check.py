"""``check``: fetch URLs as a provider would, before a message depends on them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mmsprep.cli import common
from mmsprep.errors import PrepError, Rejected

if TYPE_CHECKING:
    from rich.table import Table

    from mmsprep.message import Message
    from mmsprep.pipeline import Pipeline
    from mmsprep.preflight import Preflight

# They mostly wait, each for somebody else's server.
AT_ONCE = 8


def check(
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="Media URLs, as the message will name them.")],
    profile: common.ProfileName = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also fetch from this machine and its network.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """Fetch URLs as a provider would; say who would refuse them.

    Exit status: 0 all can be fetched and sent, 1 some would be refused, 2 wrong usage, 3 something unavailable.
    """
    from mmsprep import batch, preflight, show
    from mmsprep.pipeline import Pipeline

    settings = common.settings(profile=profile).model_copy(update={"store": None})
    found: dict[int, Preflight | PrepError] = {}
    with Pipeline(settings=settings) as pipeline:

        def look(url: object) -> Preflight:
            return preflight.check(str(url), pipeline=pipeline, allow_private=allow_private)

        for index, result in batch.each(look, urls, jobs=min(AT_ONCE, len(urls))):
            found[index] = result
            if as_json:
                told = common.as_dict(urls[index], result) if isinstance(result, PrepError) else result.as_dict()
                typer.echo(json.dumps(told))
            elif not sys.stdout.isatty():
                typer.echo(show.line(urls[index], result) if isinstance(result, PrepError) else plain(result))
    ordered = [found[index] for index in sorted(found)]
    if sys.stdout.isatty() and not as_json:
        common.console().print(table([each for each in ordered if not isinstance(each, PrepError)]))
        for error in (each for each in ordered if isinstance(each, PrepError)):
            typer.echo(show.line("", error))
    raise typer.Exit(max(map(_exit, ordered)))


def fetched(message: Message, pipeline: Pipeline) -> list[str]:
    """Fetch a message's media as a provider would, and give what is worth a note.

    Raises Rejected when one of them would be refused.
    """
    from mmsprep import preflight

    notes = []
    for url in message.media_urls:
        for each in preflight.check(url, pipeline=pipeline).findings:
            told = f"{preflight.without_query(url)}: {each.message}"
            if each.fatal:
                raise Rejected("not-accepted", told)
            notes.append(told)
    return notes


def plain(found: Preflight) -> str:
    """Say in plain lines what was found at one URL, for a log or a pipe."""
    from mmsprep.preflight import without_query
    from mmsprep.show import escaped

    verdict = "ready" if found.ok else "refused"
    head = f"{verdict}  {escaped(without_query(found.url))}  ({_measured(found)})"
    return "\n".join([head, *(f"  {word}: {told}" for word, told in _findings(found))])


def table(rows: list[Preflight]) -> Table:
    """Draw what was found at each URL, in the order in which they were given."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from mmsprep.preflight import without_query
    from mmsprep.show import escaped

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    drawn.add_column("URL", overflow="fold")
    drawn.add_column("Is", overflow="fold", style="dim")
    drawn.add_column("A provider", overflow="fold", ratio=1)
    for each in rows:
        colours = {"refused": "[red]✗[/]", "note": "[yellow]![/]"}
        verdict = ["[green]✓[/] gets it"] if each.ok else []
        verdict += [f"{colours[word]} {escape(told)}" for word, told in _findings(each)]
        name = escaped(without_query(each.url).partition("://")[2] or each.url)
        drawn.add_row(escape(name), escape(_measured(each)), "\n".join(verdict))
    return drawn


def _measured(found: Preflight) -> str:
    """Say what came, how much of it, and how fast."""
    from mmsprep.show import facts_line, size

    if found.facts is not None:
        what = facts_line(found.facts)
    elif found.status is None:
        return "no answer"
    else:
        what = f"status {found.status}" + (f", {size(found.bytes)}" if found.bytes is not None else "")
    return f"{what}, {found.seconds:.2f} s" if found.seconds is not None else what


def _findings(found: Preflight) -> Iterator[tuple[str, str]]:
    """Yield each finding as ``refused`` or ``note`` and its text with those who would refuse."""
    from mmsprep.preflight import EVERY

    for each in sorted(found.findings, key=lambda finding: not finding.fatal):
        who = "every provider" if each.refused_by == EVERY else ", ".join(each.refused_by)
        yield "refused" if each.fatal else "note", f"{each.message}{f' [{who}]' if who else ''}"


def _exit(result: Preflight | PrepError) -> common.Exit:
    if isinstance(result, PrepError):
        return common.status(result)
    return common.Exit.READY if result.ok else common.Exit.REJECTED
