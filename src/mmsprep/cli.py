"""The command line: results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsprep.errors import Misconfigured, PrepError

if TYPE_CHECKING:
    from rich.console import Console

    from mmsprep.pipeline import Pipeline
    from mmsprep.prepared import Prepared
    from mmsprep.settings import Settings
    from mmsprep.source import Source

app = typer.Typer(
    name="mmsprep",
    help="Prepare anything that people text so that carriers deliver it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is instant
    context_settings={"help_option_names": ["-h", "--help"]},
)


# A table in a pipe or a file is not folded to a terminal that is not there.
PIPE_WIDTH = 160


class Exit(IntEnum):
    """How a command ends, as the shell sees it."""

    READY = 0
    REJECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE", help="Files, or - for standard input.", show_default=False)
]
ProfileName = Annotated[
    str | None, typer.Option("--profile", "-p", metavar="NAME", help="What may leave; a+b is the stricter of both.")
]
MaxBytes = Annotated[int | None, typer.Option("--max-bytes", metavar="N", min=1, help="Bytes a file must stay below.")]
StoreUrl = Annotated[
    str | None,
    typer.Option("--store", "-o", metavar="DIR", help="Where results are kept: a folder (default: out) or a URL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object per line as each item ends.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Items at a time; one per core if not given.")
]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"mmsprep {_version()}")
        raise typer.Exit


@app.command()
def prepare(
    sources: Sources,
    profile: ProfileName = None,
    max_bytes: MaxBytes = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    jobs: Jobs = None,
) -> None:
    """Turn files into media that carriers deliver.

    The results are kept in a store.

    Exit status: 0 all ready, 1 something rejected, 2 wrong usage, 3 something unavailable, 130 interrupted.
    """
    settings = _settings(profile=profile, max_bytes=max_bytes, store=store)
    raise typer.Exit(_prepare_all(sources, settings, as_json=as_json, jobs=jobs))


@app.command()
def inspect(
    sources: Sources,
    profile: Annotated[
        list[str] | None, typer.Option("--profile", "-p", metavar="NAME", help="Try this profile; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what files are and what would become of them."""
    from mmsprep import show
    from mmsprep.pipeline import Pipeline
    from mmsprep.prepared import SCHEMA_VERSION, failure_as_dict

    settings = _settings()
    names = profile or [settings.profile]
    worst = Exit.READY
    pipelines = [Pipeline(name, settings=settings.model_copy(update={"store": None})) for name in names]
    for source in sources:
        given = sys.stdin.buffer.read() if source == "-" else source  # it is read more than once
        try:
            facts = pipelines[0].inspect(given)
        except PrepError as error:
            worst = max(worst, _status(error))
            typer.echo(json.dumps(failure_as_dict(source, error)) if as_json else show.line(source, error))
            continue
        found = {each.profile.name: _attempt(each, given) for each in pipelines}
        if as_json:
            outcomes = {name: _as_dict(source, result) for name, result in found.items()}
            typer.echo(
                json.dumps({"schema": SCHEMA_VERSION, "source": source, **facts.as_dict(), "profiles": outcomes})
            )
        else:
            _console().print(show.inspected(source, facts, found))
    for each in pipelines:
        each.close()
    raise typer.Exit(worst)


@app.command()
def profiles(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Only these; a+b combines.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what providers, carriers and handsets take."""
    from mmsprep import profile as table
    from mmsprep import show

    own = _settings().profiles_file
    found = [table.load(name, own) for name in names or table.names(own)]
    if as_json:
        for each in found:
            typer.echo(json.dumps(each.as_dict()))
        return
    _console().print(show.profiles(found))
    if names:
        for each in found:
            typer.echo(f"\n{each.name}: {each.note}" if each.note else f"\n{each.name}")
            for source in each.source:
                typer.echo(f"  {source}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check what this machine grants."""
    from mmsprep import show
    from mmsprep.doctor import examine

    checks = examine(_settings())
    if as_json:
        typer.echo(json.dumps({check.name: {"ok": check.ok, "found": check.found} for check in checks}))
    else:
        _console().print(show.checks(checks))
    raise typer.Exit(Exit.READY if all(check.ok for check in checks if check.needed) else Exit.UNAVAILABLE)


@app.command()
def demo(store: StoreUrl = None) -> None:
    """Prepare the example files that come with mmsprep."""
    files = sorted(str(path) for path in _examples().iterdir() if path.suffix != ".md")
    settings = _settings(store=store or "out")
    status = _prepare_all(files, settings, as_json=False, jobs=None)
    typer.echo(f"\nThe results are in {settings.store}/. Next: mmsprep prepare YOUR_PHOTO", err=True)
    # The examples that cannot be sent are there to show how that looks.
    raise typer.Exit(Exit.READY if status == Exit.REJECTED else status)


def main() -> None:
    """Run the command line; wrong settings and Ctrl-C end it in one line, not in a traceback."""
    try:
        app()
    except Misconfigured as error:
        typer.echo(f"mmsprep: {error}", err=True)
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


def _prepare_all(sources: Sequence[str], settings: Settings, *, as_json: bool, jobs: int | None) -> Exit:
    """Prepare many sources at once, tell about each as it ends, and return the worst outcome."""
    from mmsprep import batch, show
    from mmsprep.pipeline import Pipeline

    done: dict[int, Prepared | PrepError] = {}
    tell = _teller(as_json=as_json)
    with (
        Pipeline(settings=settings, store=settings.store or "out") as pipeline,
        show.Bars(_console(stderr=True), len(sources)) as bars,
    ):

        def prepare_one(source: Source) -> Prepared:
            with bars.item(Path(str(source)).name) as progress:
                return pipeline.prepare(_source(source), progress=progress)

        try:
            for index, result in batch.each(prepare_one, sources, jobs=jobs or _cores()):
                done[index] = result
                tell(sources[index], result)
        except KeyboardInterrupt:
            pipeline.close()
            typer.echo(f"interrupted: {len(done)} of {len(sources)} done", err=True)
            return Exit.INTERRUPTED
    ordered = [(sources[index], done[index]) for index in sorted(done)]
    if not as_json:
        if sys.stdout.isatty():
            _console().print(show.results(ordered))
        typer.echo(show.summary([result for _, result in ordered]), err=not sys.stdout.isatty())
    return max((_status(result) for result in done.values()), default=Exit.READY)


def _teller(*, as_json: bool) -> Callable[[str, Prepared | PrepError], None]:
    """Choose how each result is told as it ends: a JSON line, a plain line, or on a terminal a table at the end."""
    from mmsprep import show

    if as_json:
        return lambda source, result: typer.echo(json.dumps(_as_dict(source, result)))
    if sys.stdout.isatty():
        return lambda _source, _result: None
    return lambda source, result: typer.echo(show.line(source, result))


def _as_dict(source: str, result: Prepared | PrepError) -> dict[str, Any]:
    from mmsprep.prepared import failure_as_dict

    return failure_as_dict(source, result) if isinstance(result, PrepError) else result.as_dict() | {"source": source}


def _examples() -> Path:
    """Find the example files: in the package, or beside the source in a checkout."""
    packaged = Path(__file__).parent / "fixtures"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "fixtures"


def _attempt(pipeline: Pipeline, source: Source) -> Prepared | PrepError:
    try:
        return pipeline.prepare(source)
    except PrepError as error:
        return error


def _status(result: Prepared | PrepError) -> Exit:
    return {"rejected": Exit.REJECTED, "unavailable": Exit.UNAVAILABLE}.get(getattr(result, "status", ""), Exit.READY)


def _source(given: Any) -> Source:
    return sys.stdin.buffer if given == "-" else given


def _settings(**flags: Any) -> Settings:
    from mmsprep.settings import Settings

    return Settings.load(**flags)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version() -> str:
    from importlib.metadata import version

    return version("mmsprep")
