"""``compose``: several sources, one message, and the request that sends it."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from mmsprep.cli import common
from mmsprep.errors import Misconfigured, PrepError, Rejected

Number = Annotated[str | None, typer.Option(metavar="+1...", help="A phone number, with its country code.")]


def compose(
    sources: common.Sources,
    to: Number = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="+1...", help="The number that sends.")] = None,
    text: Annotated[str | None, typer.Option(help="The text; a place's link is offered when there is none.")] = None,
    caption: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="One per source, in order.")] = None,
    webhook_url: Annotated[str | None, typer.Option(metavar="URL", help="Where receipts go (https).")] = None,
    delivery_receipt: Annotated[bool, typer.Option("--delivery-receipt", help="Ask for a receipt.")] = False,
    provider: Annotated[str | None, typer.Option("--for", metavar="NAME", help="Another provider's fields.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what each would become; store nothing.")] = False,
    profiles: Annotated[str | None, typer.Option(metavar="A,B", help="With --dry-run: for these profiles.")] = None,
    profile: common.ProfileName = None,
    max_bytes: common.MaxBytes = None,
    store: common.StoreUrl = None,
) -> None:
    """Prepare files for one message and print its request."""
    from mmsprep import show
    from mmsprep.pipeline import Pipeline

    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    given = [sys.stdin.buffer if source == "-" else source for source in sources]
    if dry_run:
        with Pipeline(settings=settings.model_copy(update={"store": None})) as pipeline:
            plan = pipeline.plan(given, profiles.split(",") if profiles else [pipeline.profile])
        common.console().print(show.plan(sources, plan))
        worst = [common.status(result) for results in plan.values() for result in results]
        raise typer.Exit(max(worst, default=common.Exit.READY))
    if to is None or from_ is None:
        raise Misconfigured("a request needs --to and --from; or see what would become of the files with --dry-run")
    try:
        with Pipeline(settings=settings, store=settings.store or "out") as pipeline:
            message = pipeline.compose(given, captions=caption or ())
        if provider:
            body = message.for_provider(provider, to=to, from_=from_, text=text, webhook_url=webhook_url)
        else:
            body = message.request(
                to=to, from_=from_, text=text, webhook_url=webhook_url, delivery_receipt=delivery_receipt
            )
    except PrepError as error:
        typer.echo(show.line("", error), err=True)
        raise typer.Exit(common.Exit.REJECTED if isinstance(error, Rejected) else common.Exit.UNAVAILABLE) from error
    for warning in message.warnings:
        typer.echo(f"warning: {show.escaped(warning)}", err=True)
    typer.echo(json.dumps(body, indent=2))
