"""What every command shares: how it ends, its common options, where it prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from mmsprep.errors import Misconfigured, PrepError

if TYPE_CHECKING:
    from rich.console import Console

    from mmsprep.message import Message
    from mmsprep.prepared import Prepared
    from mmsprep.settings import Settings
    from mmsprep.source import Source
    from mmsprep.stage import Event


# A table in a pipe or a file is not folded to a terminal that is not there.
PIPE_WIDTH = 160


class Exit(IntEnum):
    """How a command ends, as the shell sees it."""

    READY = 0
    REJECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


class Command(TyperCommand):
    """A command whose help names its arguments alone: Typer adds Python's types, such as ``<list[str]>``."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the tables of arguments and options."""
        arguments, options = list[tuple[str, str]](), list[tuple[str, str]]()
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                name, told = record
                if param.param_type_name == "argument":
                    arguments.append((name.partition(" <")[0], told))
                else:
                    options.append((name, told))
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


SOURCES = (
    "Files of any kind, contacts among them (.vcf, .json); places (geo:LAT,LON, coordinates, a map's link, a plus "
    "code); s3://BUCKET/KEY of an allowed bucket; - for standard input"
)
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE", help=f"{SOURCES}.", show_default=False)]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile", "-p", metavar="NAME", help="Whose limits to meet (see mmsprep profiles); a+b meets both."
    ),
]
MaxBytes = Annotated[int | None, typer.Option("--max-bytes", metavar="N", min=1, help="Bytes a file must stay below.")]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        "-o",
        metavar="DIR|URL",
        help="Where results are kept: a folder (default: out) or s3://bucket/prefix.",
    ),
]
StageOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="How to prepare it: trim=0-20, pages=3, gif=mp4, fast=true, on_cannot_fit=link, region=US …",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Items at a time; one per core if not given.")
]
Provider = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="NAME",
        help="Write requests for twilio, telnyx, bandwidth, plivo, vonage, sinch, aws or pantheon.",
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="NAME=VALUE", help="With --for: a field that only this provider has."),
]
Profiles = Annotated[
    str | None, typer.Option("--profiles", metavar="A,B", help="With --dry-run: compare these profiles.")
]
Text = Annotated[
    str | None,
    typer.Option("--text", metavar="TEXT", help="The text; without one, a place's link or a contact's name."),
]
Captions = Annotated[list[str] | None, typer.Option("--caption", metavar="TEXT", help="One per source, in order.")]
Webhook = Annotated[
    str | None, typer.Option("--webhook-url", metavar="URL", help="Where delivery receipts go (https).")
]
Receipt = Annotated[bool, typer.Option("--delivery-receipt", help="Ask for a delivery receipt.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="Kept with the message.")]
Check = Annotated[
    bool, typer.Option("--check", help="First fetch the stored media as a provider would; stop if one would refuse.")
]


def pairs(given: list[str] | None, what: str) -> dict[str, str]:
    """Take options of the form NAME=VALUE apart; raises Misconfigured, naming them as *what*."""
    parts = [each.partition("=") for each in given or ()]
    if wrong := [name for name, equals, _ in parts if not (name and equals)]:
        raise Misconfigured(f"{what} is NAME=VALUE; not so: {', '.join(wrong)}")
    return {name: value for name, _, value in parts}


def checked_provider(name: str) -> str:
    """Give *name* back if requests can be written for it; raises Misconfigured before anything is prepared."""
    from mmsprep import providers
    from mmsprep.batch.outcome import OWN

    known = (OWN, *providers.SHAPES)
    if name not in known:
        raise Misconfigured(f"no provider is called {name!r}; known are {', '.join(known)}")
    return name


def status(result: Prepared | PrepError) -> Exit:
    """Say how a command ends that had this result alone."""
    return {"rejected": Exit.REJECTED, "unavailable": Exit.UNAVAILABLE}.get(getattr(result, "status", ""), Exit.READY)


def check_ways(
    ways: Mapping[str, Any],
    captions: Sequence[str],
    provider: str,
    extra: Mapping[str, Any],
    *,
    most_text_chars: int | None = None,
) -> None:
    """Check what can be checked of a request before minutes are spent on its media; raises as the request would."""
    from mmsprep import providers
    from mmsprep.batch.outcome import OWN
    from mmsprep.phone import e164, sender
    from mmsprep.request import checked_captions, checked_tags, checked_text, checked_webhook

    e164(ways["to"])
    (e164 if provider == OWN else sender)(ways["from_"], what="from")
    if ways["webhook_url"] is not None:
        checked_webhook(ways["webhook_url"])
    theirs = None if provider == OWN else providers.limits_of(provider)
    most = [each for each in (most_text_chars, theirs and theirs.max_text_chars) if each]
    if ways["text"] is not None:
        checked_text(ways["text"], min(most, default=None))
    checked_captions(captions)
    checked_tags(ways["tags"])
    if provider != OWN:
        providers.check_fields(provider, extra)
    elif extra:
        raise Misconfigured(f"--field goes with --for NAME: a request for {OWN} has no other fields")


@contextmanager
def watched(sources: Sequence[str]) -> Iterator[Callable[[int, Event], None]]:
    """Draw, on a terminal, how far each of a message's sources has come."""
    from mmsprep import show

    with show.Bars(console(stderr=True), len(sources)) as bars, ExitStack() as stack:
        items = [stack.enter_context(bars.item(Path(each).name)) for each in sources]
        yield lambda index, event: items[index](event)


def warn(texts: Iterable[str], word: str = "warning") -> None:
    """Tell what the sender would want to know, a line for each, where it is not taken for a result."""
    from mmsprep.show import escaped

    for text in texts:
        typer.echo(f"{word}: {escaped(text)}", err=True)


def warn_of(message: Message) -> None:
    """Tell a message's warnings, and the link where that is all that is left of it."""
    warn(message.warnings)
    if not message.media:
        warn(message.texts, "for the text of an SMS")


@contextmanager
def reported(sources: Sequence[str], *, as_json: bool) -> Iterator[None]:
    """Tell an error about *sources* in one line, or as JSON, and end with its exit status."""
    import json

    from mmsprep import show

    try:
        yield
    except PrepError as error:
        if as_json:
            typer.echo(json.dumps(as_dict(", ".join(sources), error)))
        else:
            typer.echo(show.line("", error), err=True)
        raise typer.Exit(status(error)) from error


@contextmanager
def told() -> Iterator[None]:
    """End with one line and the right status where a store or a broker cannot be reached."""
    try:
        yield
    except PrepError as error:
        typer.echo(f"mmsprep: {error}", err=True)
        raise typer.Exit(status(error)) from None


def settings(**flags: Any) -> Settings:
    """Read the settings, with the command's own flags above all."""
    from mmsprep.settings import Settings

    return Settings.load(**flags)


def console(*, stderr: bool = False) -> Console:
    """Open the terminal, or what stands for it where output is piped."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


def as_dict(source: str, result: Prepared | PrepError) -> dict[str, Any]:
    """Give a result in the published form, its source spelt as on the command line."""
    from mmsprep.prepared import failure_as_dict

    return failure_as_dict(source, result) if isinstance(result, PrepError) else result.as_dict() | {"source": source}


def source(given: Any) -> Source:
    """Take ``-`` for standard input, and anything else as it is."""
    return sys.stdin.buffer if given == "-" else given


def options(given: list[str] | None) -> dict[str, Any]:
    """Read what --set says: numbers, true and false as such, all else as text."""
    import json

    read = {}
    for name, value in pairs(given, "an option").items():
        try:
            read[name] = json.loads(value)
        except ValueError:
            read[name] = value
    return read
