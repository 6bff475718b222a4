"""``mmsprep store``: make the place where results are kept ready, and erase what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mmsprep.cli.common import AsJson, Command, Exit, settings, told
from mmsprep.errors import Misconfigured

if TYPE_CHECKING:
    from mmsprep.stores import Upkeep

app = typer.Typer(
    help="Make a store ready, or erase what is in it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Url = Annotated[
    str | None,
    typer.Argument(
        metavar="STORE", help="s3://bucket/prefix or a folder; the settings' own if not given.", show_default=False
    ),
]


@app.command(cls=Command)
def init(
    url: Url = None,
    public: Annotated[bool, typer.Option("--public", help="Let everybody read what is kept there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the store ready to keep what is sent.

    A bucket is made, encrypted, set to erase by age, closed to web pages, and public only if asked. What is there
    already stays, and so do others' rules. A step that a server cannot do is reported, with what to do instead.

    Exit status: 0 ready, 2 wrong usage, 3 unavailable, or --public is not to be had.
    """
    ended = Exit.READY
    with told():
        for step in _open(url).init(public=public):
            if as_json:
                typer.echo(json.dumps({"step": step.name, "done": step.done, "found": step.found}))
            else:
                typer.echo(f"{'✓' if step.done else '!'} {step.name:12} {step.found}")
            if public and step.name == "public read" and not step.done:
                ended = Exit.UNAVAILABLE
    raise typer.Exit(ended)


@app.command(cls=Command)
def purge(
    url: Url = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", min=0, help="All that was last sent so long ago."),
    ] = None,
    items: Annotated[
        list[str] | None, typer.Option("--item", metavar="URL", help="One item, by its URL or key; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be erased.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase by age or by item, and only what mmsprep made.

    Exit status: 0 erased or not there, 2 wrong usage, 3 unavailable.
    """
    from mmsprep.stores import key_in

    if older_than is None and not items:
        raise Misconfigured("purge erases nothing unless told what: give --older-than DAYS or --item URL")
    keys = {item: key_in(item) for item in items or ()}
    if foreign := [item for item, key in keys.items() if key is None]:
        raise Misconfigured(f"{foreign[0]} is no key or URL of ours; give one as mmsprep printed it")
    erased = 0
    with told():
        wanted = [key for key in keys.values() if key]
        for key in _open(url).purge(older_than_days=older_than, keys=wanted, dry_run=dry_run):
            typer.echo(json.dumps({"key": key, "erased": not dry_run}) if as_json else key)
            erased += 1
    typer.echo(f"{erased} {'would be erased' if dry_run else 'erased'}", err=True)


def _open(url: str | None) -> Upkeep:
    """Open the store that is meant; raises Misconfigured where it looks after itself."""
    from mmsprep import defaults
    from mmsprep.stores import Upkeep

    chosen = settings(store=url)
    if not chosen.store:
        raise Misconfigured("which store? Give s3://bucket/prefix or a folder, or set store")
    store = defaults.open_store(chosen.store, chosen)
    if not isinstance(store, Upkeep):
        raise Misconfigured(f"the store {chosen.store} has no upkeep: its plug-in offers neither init nor purge")
    return store
