"""``profiles`` and ``doctor``: what may leave, and what this machine grants."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mmsprep.cli import common


def profiles(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Only these; a+b is the stricter of both.", show_default=False),
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """List what providers, carriers and handsets take.

    With names, also where each figure was read.
    """
    from mmsprep import profile as table
    from mmsprep import show

    own = common.settings().profiles_file
    found = [table.load(name, own) for name in names or table.names(own)]
    if as_json:
        for each in found:
            typer.echo(json.dumps(each.as_dict()))
        return
    common.console().print(show.profiles(found))
    if names:
        for each in found:
            typer.echo(f"\n{each.name}: {each.note}" if each.note else f"\n{each.name}")
            for source in each.source:
                typer.echo(f"  {source}")


def doctor(as_json: common.AsJson = False) -> None:
    """Show the isolation, codecs and settings of this machine.

    Exit status: 0 all that is needed is there, 3 something is missing.
    """
    from mmsprep import show
    from mmsprep.doctor import examine

    checks = examine(common.settings())
    if as_json:
        typer.echo(json.dumps({check.name: {"ok": check.ok, "found": check.found} for check in checks}))
    else:
        common.console().print(show.checks(checks))
    raise typer.Exit(
        common.Exit.READY if all(check.ok for check in checks if check.needed) else common.Exit.UNAVAILABLE
    )
