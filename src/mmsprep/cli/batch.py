"""``batch``: folders, patterns, buckets and lists in; a campaign's media, its manifest and its report out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsprep.cli import common
from mmsprep.errors import Misconfigured, PrepError, Unavailable

if TYPE_CHECKING:
    from mmsprep.batch.foresee import Foretold, Prospect
    from mmsprep.batch.outcome import Outcome, Sending
    from mmsprep.batch.parts import Parts
    from mmsprep.batch.places import Places
    from mmsprep.batch.progress import Progress
    from mmsprep.batch.run import RunOptions
    from mmsprep.batch.walk import Walk
    from mmsprep.profile import Profile

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="FOLDER",
        help="Folders, files, patterns such as 'in/**/*.png', s3://BUCKET/PREFIX/; a .csv or .jsonl: a message a row.",
    ),
]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Write one page that shows every result.", dir_okay=False)
]
ManifestDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where results.jsonl and .csv go, if not with the media.", file_okay=False),
]
To = Annotated[str | None, typer.Option(metavar="+1...", help="With --for: the receiver, where a row names none.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="+1...", help="With --for: the sender, where a row names none.")
]


def batch(
    sources: Sources,
    jobs: common.Jobs = None,
    report: Report = None,
    force: Annotated[bool, typer.Option("--force", help="Prepare everything again.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first that cannot be sent.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; prepare nothing.")] = False,
    profiles: common.Profiles = None,
    manifest: ManifestDir = None,
    provider: common.Provider = None,
    to: To = None,
    from_: From = None,
    field: common.Fields = None,
    queue: Annotated[bool, typer.Option("--queue", help="Hand the items to workers (mmsprep worker).")] = False,
    profile: common.ProfileName = None,
    max_bytes: common.MaxBytes = None,
    store: common.StoreUrl = None,
    stage_options: common.StageOptions = None,
    as_json: common.AsJson = False,
) -> None:
    """Prepare folders of files, or a message per row of a list.

    What was prepared before is not prepared again: run the same command again to continue, or add --force to start
    over. results.jsonl and results.csv say what became of each item; with --for, requests.jsonl holds the requests.

    Exit status: 0 all ready, 1 something rejected, 2 wrong usage, 3 something unavailable, 130 interrupted.
    """
    from mmsprep.batch.ledger import Ledger
    from mmsprep.batch.parts import Parts
    from mmsprep.batch.places import Places
    from mmsprep.batch.run import RunOptions
    from mmsprep.batch.walk import Walk
    from mmsprep.defaults import open_store
    from mmsprep.items import cores

    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    settings = settings.model_copy(update={"store": settings.store or "out"})
    if profiles and not dry_run:
        raise Misconfigured("--profiles goes with --dry-run; choose one with --profile")
    chosen = (
        [settings.named_profile(name) for name in profiles.split(",")] if profiles else [settings.resolve_profile()]
    )
    kept = open_store(str(settings.store), settings)
    places = Places.of(settings, kept, manifest=manifest, report=report)
    how = RunOptions(
        jobs=jobs or cores(), force=force, fail_fast=fail_fast, sending=_sending(provider, to, from_, field)
    )
    try:
        with Ledger(None if dry_run and not places.ledger.exists() else places.ledger) as ledger:
            parts = Parts(settings, kept, ledger, common.options(stage_options))
            try:
                walk = Walk(sources, settings, places.own)
                if dry_run:
                    status = _foresee(walk, parts, chosen, jobs=how.jobs, as_json=as_json)
                else:
                    status = _prepare(walk, parts, chosen[0], places, how, queue=queue, as_json=as_json)
            finally:
                parts.close()
    except PrepError as error:
        typer.echo(f"mmsprep: {error.message}", err=True)
        status = common.status(error)
    raise typer.Exit(status)


def _sending(provider: str | None, to: str | None, from_: str | None, field: list[str] | None) -> Sending | None:
    from mmsprep.batch.outcome import Sending

    if provider is None:
        if to or from_ or field:
            raise Misconfigured("--to, --from and --field go with --for")
        return None
    fields = common.pairs(field, "a field")
    return Sending(provider=common.checked_provider(provider), to=to, from_=from_, extra=fields)


def _prepare(
    walk: Walk, parts: Parts, profile: Profile, places: Places, how: RunOptions, *, queue: bool, as_json: bool
) -> common.Exit:
    """Run the batch, telling each outcome as it ends, and give the worst of them."""
    from mmsprep import show
    from mmsprep.batch import afar
    from mmsprep.batch.manifest import Manifest
    from mmsprep.batch.progress import Progress
    from mmsprep.batch.run import run
    from mmsprep.batch.tally import Tally
    from mmsprep.batch.walk import Walk

    tally, interrupted, stopped = Tally(), False, ""
    with (
        Manifest(places.manifest, requests=how.sending is not None) as manifest,
        Progress(common.console(stderr=True), how.jobs) as progress,
    ):
        progress.expect(Walk(walk.sources, walk.settings, walk.own))
        say = _teller(progress, as_json=as_json)

        def tell(outcome: Outcome) -> None:
            told = manifest.add(outcome)
            tally.add(outcome)
            progress.ended(outcome.entry)
            say(outcome, told)

        try:
            if queue:
                afar.run(walk, parts, profile, how, tell=tell)
            else:
                run(walk, parts, profile, how, tell=tell, follow=progress.item)
        except KeyboardInterrupt:
            interrupted = True
        except Unavailable as error:
            stopped = error.message
    for line in tally.lines():
        typer.echo(line, err=True)
    if walk.hidden:
        typer.echo(f"{walk.hidden:,} hidden files or folders left out", err=True)
    if how.sending is not None and tally.homeless:
        typer.echo("no provider can fetch file:// URLs: give a bucket as --store, or set base_url", err=True)
    _report(places, parts, profile, requests=how.sending is not None)
    if interrupted:
        typer.echo("interrupted: what is done is kept; run the same command again to go on", err=True)
        return common.Exit.INTERRUPTED
    if stopped:
        typer.echo(f"stopped: {show.escaped(stopped)}; what is done is kept", err=True)
        return common.Exit.UNAVAILABLE
    statuses = {"unavailable": common.Exit.UNAVAILABLE, "rejected": common.Exit.REJECTED}
    return next((ends for status, ends in statuses.items() if tally.statuses[status]), common.Exit.READY)


def _report(places: Places, parts: Parts, profile: Profile, *, requests: bool) -> None:
    from mmsprep.batch.manifest import LINES, REQUESTS, TABLE
    from mmsprep.show import escaped

    files = [places.manifest / name for name in (LINES, TABLE, *((REQUESTS,) if requests else ()))]
    if places.report is not None:
        from mmsprep.batch.report import write

        write(places.report, files[0], parts.ledger, profile)
        files.append(places.report)
    typer.echo(f"see {', '.join(escaped(str(path)) for path in files)}", err=True)


def _teller(progress: Progress, *, as_json: bool) -> Callable[[Outcome, dict[str, Any]], None]:
    """Choose how each outcome is told: a JSON line, a plain line, or on a terminal only what deserves a look."""
    from mmsprep import show

    if as_json:
        return lambda _, told: typer.echo(json.dumps(told))
    if not sys.stdout.isatty():
        return lambda outcome, _: typer.echo(_line(outcome))

    def notable(outcome: Outcome, _: dict[str, Any]) -> None:
        label = show.escaped(outcome.entry.label)
        if isinstance(outcome.result, PrepError):
            error = outcome.result
            progress.print("✗", show.COLOURS[error.status], label, f"{error.code} {error.reason}: {_fact(outcome)}")
        elif outcome.result.warnings:
            progress.print("!", "yellow", label, show.escaped("; ".join(outcome.result.warnings)))

    return notable


def _line(outcome: Outcome) -> str:
    """Say in one line what became of an entry; of a failure by its path, for many files have the same name."""
    from mmsprep import show

    if not isinstance(outcome.result, PrepError):
        return show.line(outcome.entry.label, outcome.result)
    error = outcome.result
    return f"{error.status}  {error.code} {error.reason}  {show.escaped(outcome.entry.label)}: {_fact(outcome)}"


def _fact(outcome: Outcome) -> str:
    """Give a failure's fact and remedy, without the names that stand before it."""
    from mmsprep import show

    assert isinstance(outcome.result, PrepError)
    fact = outcome.result.message
    for name in (outcome.entry.label, *(part.name for part in outcome.entry.parts)):
        fact = fact.removeprefix(f"{name}: ")
    return show.escaped(fact)


def _foresee(walk: Walk, parts: Parts, profiles: list[Profile], *, jobs: int, as_json: bool) -> common.Exit:
    """Tell of each item what would become of it, and in the end how many of each there are."""
    from mmsprep.batch.foresee import foresee

    counts: Counter[tuple[str, str]] = Counter()
    for each in foresee(walk, parts, profiles, jobs=jobs):
        for name, prospect in each.prospects.items():
            word, said = _prospect(each, prospect)
            counts[name, word] += 1
            if not as_json:
                typer.echo("  ".join(filter(None, (name if len(profiles) > 1 else "", word, said))))
        if as_json:
            typer.echo(json.dumps(each.as_dict()))
    for profile in profiles:
        told = ", ".join(f"{count:,} {word}" for (name, word), count in sorted(counts.items()) if name == profile.name)
        typer.echo(f"{profile.name}: {told or 'nothing to do'}; nothing was prepared", err=True)
    return common.Exit.REJECTED if any(word == "rejected" for _, word in counts) else common.Exit.READY


def _prospect(foretold: Foretold, prospect: Prospect) -> tuple[str, str]:
    """Say one prospect in a word and a line."""
    from mmsprep import show
    from mmsprep.batch.foresee import Begin

    if isinstance(prospect, PrepError):
        fact = prospect.message.partition(": ")[2] or prospect.message
        return prospect.status, f"{prospect.code} {prospect.reason}  {show.escaped(f'{foretold.source}: {fact}')}"
    source = show.escaped(foretold.source)
    was = f" ({show.facts_line(foretold.facts)})" if foretold.facts else ""
    if isinstance(prospect, Begin):
        return "to prepare", f"{source}{was} by {prospect.step}"
    made = ", ".join(show.facts_line(media.facts) for media in prospect.media)
    return "ready before", f"{source}{was} -> {made}"
