"""``compose``: several sources, one message, and the request that sends it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from mmsprep.cli import common
from mmsprep.cli.check import fetched
from mmsprep.errors import Misconfigured, PrepError


def compose(
    sources: common.Sources,
    to: Annotated[
        str | None, typer.Option(metavar="+1...", help="The number that receives, with its country code.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="+1...", help="The number that sends.")] = None,
    text: common.Text = None,
    caption: common.Captions = None,
    webhook_url: common.Webhook = None,
    delivery_receipt: common.Receipt = False,
    tag: common.Tags = None,
    check: common.Check = False,
    provider: common.Provider = None,
    field: common.Fields = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what each would become; store nothing.")] = False,
    profiles: common.Profiles = None,
    profile: common.ProfileName = None,
    max_bytes: common.MaxBytes = None,
    store: common.StoreUrl = None,
    stage_options: common.StageOptions = None,
) -> None:
    """Prepare files for one message and print its request.

    The files share the message's bytes and are kept in a store; the request names their URLs.

    Exit status: 0 printed, 1 something rejected, 2 wrong usage, 3 something unavailable.
    """
    from mmsprep import show
    from mmsprep.batch.outcome import OWN
    from mmsprep.pipeline import Pipeline

    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    options = common.options(stage_options)
    given = [common.source(each) for each in sources]
    if dry_run:
        with Pipeline(settings=settings.model_copy(update={"store": None})) as pipeline:
            plan = pipeline.plan(given, profiles.split(",") if profiles else [pipeline.profile], **options)
        common.console().print(show.plan(sources, plan))
        worst = [common.status(result) for results in plan.values() for result in results]
        raise typer.Exit(max(worst, default=common.Exit.READY))
    if to is None or from_ is None:
        raise Misconfigured("a request needs --to and --from; or see what would become of the files with --dry-run")
    asked, tags = common.checked_provider(provider or OWN), common.pairs(tag, "a tag")
    if field and asked == OWN:
        raise Misconfigured("--field goes with --for NAME: a request for pantheon has no other fields")
    try:
        with Pipeline(settings=settings, store=settings.store or "out") as pipeline:
            message = pipeline.compose(given, captions=caption or (), **options)
            notes = fetched(message, pipeline) if check else []
        ways: dict[str, Any] = {"to": to, "from_": from_, "text": text, "webhook_url": webhook_url, "tags": tags}
        if asked != OWN:
            body = message.for_provider(asked, extra=common.pairs(field, "a field"), **ways)
        else:
            body = message.request(delivery_receipt=delivery_receipt, **ways)
    except PrepError as error:
        typer.echo(show.line("", error), err=True)
        raise typer.Exit(common.status(error)) from error
    for warning in (*message.warnings, *notes):
        typer.echo(f"warning: {show.escaped(warning)}", err=True)
    typer.echo(json.dumps(body, indent=2))
