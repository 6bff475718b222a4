"""``compose``: several sources, one message, and the request that sends it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsprep.cli import common
from mmsprep.cli.check import fetched
from mmsprep.errors import Misconfigured, PrepError, Rejected

if TYPE_CHECKING:
    from mmsprep.message import Message
    from mmsprep.prepared import Prepared
    from mmsprep.profile import Profile
    from mmsprep.settings import Settings


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
    as_json: common.AsJson = False,
) -> None:
    """Prepare files for one message and print its request.

    The files share the message's bytes and are kept in a store; the request names their URLs.

    Exit status: 0 printed, 1 something rejected, 2 wrong usage, 3 something unavailable.
    """
    from mmsprep.batch.outcome import OWN

    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    options = common.options(stage_options)
    if dry_run:
        raise typer.Exit(_planned(sources, settings, profiles, options, as_json=as_json))
    if profiles is not None:
        raise Misconfigured("--profiles goes with --dry-run; --profile NAME says whose limits a message is to meet")
    if to is None or from_ is None:
        raise Misconfigured("a request needs --to and --from; or see what would become of the files with --dry-run")
    asked, extra = common.checked_provider(provider or OWN), common.pairs(field, "a field")
    tags = common.pairs(tag, "a tag")
    ways: dict[str, Any] = {"to": to, "from_": from_, "text": text, "webhook_url": webhook_url, "tags": tags}
    with common.reported(sources, as_json=as_json):
        most = settings.resolve_profile().max_text_chars
        common.check_ways(ways, caption or (), asked, extra, most_text_chars=most)
        message = composed(sources, caption or (), settings, options, check=check)
        if asked == OWN:
            body = message.request(delivery_receipt=delivery_receipt, **ways)
        else:
            body = message.for_provider(asked, extra=extra, **ways)
    typer.echo(json.dumps(body, indent=None if as_json else 2))


def composed(
    sources: Sequence[str], captions: Sequence[str], settings: Settings, options: Mapping[str, Any], *, check: bool
) -> Message:
    """Compose a message of what stands on the command line, and tell what is worth a warning."""
    from mmsprep.pipeline import Pipeline

    given = [common.source(each) for each in sources]
    with Pipeline(settings=settings, store=settings.store or "out") as pipeline:
        with common.watched(sources) as progress:
            message = pipeline.compose(given, captions=captions, progress=progress, **options)
        common.warn_of(message)
        common.warn(fetched(message, pipeline) if check else ())
    return message


def _planned(
    sources: Sequence[str], settings: Settings, profiles: str | None, options: Mapping[str, Any], *, as_json: bool
) -> common.Exit:
    """Tell per profile what each source would become, and whether all of that is one message."""
    from mmsprep import show
    from mmsprep.pipeline import Pipeline

    names = profiles.split(",") if profiles is not None else [settings.profile]
    wanted = [settings.model_copy(update={"profile": name}).resolve_profile() for name in names]
    given = [common.source(each) for each in sources]
    storeless = settings.model_copy(update={"store": None, "profile": names[0]})
    with Pipeline(settings=storeless) as pipeline, common.watched(sources) as progress:
        plan = pipeline.plan(given, wanted, progress=progress, **options)
    refused = {each.name: error for each in wanted if (error := _objection(plan[each.name], each))}
    if as_json:
        for name, results in plan.items():
            typer.echo(json.dumps(_as_dict(name, sources, results, refused.get(name))))
    else:
        common.console().print(show.plan(sources, plan, refused))
    if refused:
        return common.Exit.REJECTED
    return max((common.status(each) for results in plan.values() for each in results), default=common.Exit.READY)


def _objection(results: Sequence[Prepared | PrepError], profile: Profile) -> Rejected | None:
    """Say why what the sources become is not one message."""
    from mmsprep.message import check_fits

    try:
        check_fits([made for each in results if not isinstance(each, PrepError) for made in each.media], profile)
    except Rejected as error:
        return error
    return None


def _as_dict(
    profile: str, sources: Sequence[str], results: Sequence[Prepared | PrepError], refused: Rejected | None
) -> dict[str, Any]:
    """Give one profile's part of a plan as JSON values."""
    from mmsprep.prepared import SCHEMA_VERSION

    media = [made for each in results if not isinstance(each, PrepError) for made in each.media]
    return {
        "schema": SCHEMA_VERSION,
        "profile": profile,
        "bytes": sum(each.facts.bytes for each in media),
        "files": len(media),
        "refused": refused and {"code": refused.code, "reason": refused.reason, "message": refused.message},
        "sources": [common.as_dict(source, each) for source, each in zip(sources, results, strict=True)],
    }
