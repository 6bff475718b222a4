"""``prepare``, ``inspect`` and ``demo``: files in, deliverable media out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import mmsprep
from mmsprep.cli import common
from mmsprep.errors import PrepError

if TYPE_CHECKING:
    from mmsprep.pipeline import Pipeline
    from mmsprep.prepared import Prepared
    from mmsprep.settings import Settings
    from mmsprep.source import Source


def prepare(
    sources: common.Sources,
    profile: common.ProfileName = None,
    max_bytes: common.MaxBytes = None,
    store: common.StoreUrl = None,
    as_json: common.AsJson = False,
    jobs: common.Jobs = None,
    stage_options: common.StageOptions = None,
) -> None:
    """Turn files into media that carriers deliver.

    Each source is prepared by itself; mmsprep compose fits several into one message.

    Exit status: 0 all ready, 1 something rejected, 2 wrong usage, 3 something unavailable, 130 interrupted.
    """
    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    raise typer.Exit(_prepare_all(sources, settings, as_json=as_json, jobs=jobs, options=common.options(stage_options)))


def inspect(
    sources: common.Sources,
    profile: Annotated[
        list[str] | None, typer.Option("--profile", "-p", metavar="NAME", help="Try this profile; may be repeated.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """Show what files are and what would become of them.

    Nothing is kept. Exit status: 0, or 1 where a file cannot be read, 3 something unavailable.
    """
    from mmsprep import show
    from mmsprep.pipeline import Pipeline
    from mmsprep.prepared import SCHEMA_VERSION, failure_as_dict

    settings = common.settings()
    names = profile or [settings.profile]
    worst = common.Exit.READY
    storeless = settings.model_copy(update={"store": None})
    with ExitStack() as stack:
        pipelines = [stack.enter_context(Pipeline(name, settings=storeless)) for name in names]
        for source in sources:
            given = sys.stdin.buffer.read() if source == "-" else source  # it is read more than once
            try:
                found = pipelines[0].inspect(given)
            except PrepError as error:
                worst = max(worst, common.status(error))
                typer.echo(json.dumps(failure_as_dict(source, error)) if as_json else show.line(source, error))
                continue
            becomes = {each.profile.name: _attempt(each, given) for each in pipelines}
            if as_json:
                outcomes = {name: common.as_dict(source, result) for name, result in becomes.items()}
                known = {"schema": SCHEMA_VERSION, "source": source, **found.facts.as_dict()}
                typer.echo(json.dumps(known | {"tells": dict(found.tells), "profiles": outcomes}))
            else:
                common.console().print(show.inspected(source, found, becomes))
    raise typer.Exit(worst)


def demo(store: common.StoreUrl = None) -> None:
    """Prepare the example files that come with mmsprep.

    Four of them cannot be sent, to show how that looks. Exit status: 0, or 3 something unavailable.
    """
    files = sorted(str(path) for path in _examples().iterdir() if path.suffix != ".md")
    settings = common.settings(store=store or "out")
    status = _prepare_all(files, settings, as_json=False, jobs=None, options={})
    typer.echo(f"\nThe results are in {settings.store}/. Next: mmsprep prepare YOUR_PHOTO", err=True)
    # The examples that cannot be sent are there to show how that looks.
    raise typer.Exit(common.Exit.READY if status == common.Exit.REJECTED else status)


def _prepare_all(
    sources: Sequence[str], settings: Settings, *, as_json: bool, jobs: int | None, options: Mapping[str, Any]
) -> common.Exit:
    """Prepare many sources at once, tell about each as it ends, and return the worst outcome."""
    from mmsprep import batch, show
    from mmsprep.items import cores
    from mmsprep.pipeline import Pipeline

    done: dict[int, Prepared | PrepError] = {}
    tell = _teller(as_json=as_json)
    at_once = min(jobs or cores(), len(sources))
    shared = settings.model_copy(update={"threads": settings.threads or max(1, cores() // at_once)})
    with (
        Pipeline(settings=shared, store=settings.store or "out") as pipeline,
        show.Bars(common.console(stderr=True), len(sources)) as bars,
    ):

        def prepare_one(source: Source) -> Prepared:
            with bars.item(Path(str(source)).name) as progress:
                return pipeline.prepare(common.source(source), progress=progress, **options)

        try:
            for index, result in batch.each(prepare_one, sources, jobs=at_once):
                done[index] = result
                tell(sources[index], result)
        except KeyboardInterrupt:
            pipeline.close()
            typer.echo(f"interrupted: {len(done)} of {len(sources)} done", err=True)
            return common.Exit.INTERRUPTED
    ordered = [(sources[index], done[index]) for index in sorted(done)]
    if not as_json:
        if sys.stdout.isatty():
            common.console().print(show.results(ordered))
        typer.echo(show.summary([result for _, result in ordered]), err=not sys.stdout.isatty())
    return max((common.status(result) for result in done.values()), default=common.Exit.READY)


def _teller(*, as_json: bool) -> Callable[[str, Prepared | PrepError], None]:
    """Choose how each result is told as it ends: a JSON line, a plain line, or on a terminal a table at the end."""
    from mmsprep import show

    if as_json:
        return lambda source, result: typer.echo(json.dumps(common.as_dict(source, result)))
    if sys.stdout.isatty():
        return lambda _source, _result: None
    return lambda source, result: typer.echo(show.line(source, result))


def _attempt(pipeline: Pipeline, source: Source) -> Prepared | PrepError:
    try:
        return pipeline.prepare(source)
    except PrepError as error:
        return error


def _examples() -> Path:
    """Find the example files: in the package, or beside the source in a checkout."""
    package = Path(mmsprep.__file__).parent
    packaged = package / "fixtures"
    return packaged if packaged.is_dir() else package.parents[1] / "fixtures"
