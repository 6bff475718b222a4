"""The command line: results go to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mmsprep.cli import about, batch, check, compose, prepare, send, store, worker
from mmsprep.cli.common import Command, Exit
from mmsprep.errors import Misconfigured

app = typer.Typer(
    name="mmsprep",
    help="Prepare anything that people text so that carriers deliver it.",
    epilog="Begin with: mmsprep demo. What a command does, and its exit status: mmsprep COMMAND --help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is instant
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    prepare.prepare,
    batch.batch,
    compose.compose,
    check.check,
    send.send,
    prepare.inspect,
    about.profiles,
    about.doctor,
    worker.worker,
    worker.enqueue,
    worker.dead_letters,
    prepare.demo,
):
    app.command(cls=Command)(command)
app.add_typer(store.app, name="store")


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"mmsprep {_version()}")
        raise typer.Exit


def main() -> None:
    """Run the command line; wrong settings and Ctrl-C end it in one line, not in a traceback."""
    try:
        app()
    except Misconfigured as error:
        typer.echo(f"mmsprep: {error}", err=True)
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


def _version() -> str:
    from importlib.metadata import version

    return version("mmsprep")
