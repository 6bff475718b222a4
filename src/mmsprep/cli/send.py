"""``send``: compose a message, and hand it to the API."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsprep.cli import common
from mmsprep.cli.compose import composed
from mmsprep.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmsprep.api import Client, Sent
    from mmsprep.settings import Settings


def send(
    to: Annotated[str, typer.Option(metavar="+1...", help="The number that receives, with its country code.")],
    from_: Annotated[str, typer.Option("--from", metavar="+1...", help="The number that sends.")],
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help=f"{common.SOURCES}; none for an SMS.")
    ] = None,
    text: common.Text = None,
    caption: common.Captions = None,
    webhook_url: common.Webhook = None,
    delivery_receipt: common.Receipt = False,
    tag: common.Tags = None,
    check: common.Check = False,
    wait: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="Follow it until it is delivered, for so long.")
    ] = None,
    profile: common.ProfileName = None,
    max_bytes: common.MaxBytes = None,
    store: common.StoreUrl = None,
    stage_options: common.StageOptions = None,
    as_json: common.AsJson = False,
) -> None:
    """Send files as one message, or a text alone.

    The API's key is read from MMSPREP_API_KEY. No message is ever sent twice.

    Exit status: 0 sent (or delivered), 1 rejected, or perhaps sent, 2 wrong usage, 3 something unavailable.
    """
    from mmsprep.api import Client
    from mmsprep.batch.outcome import OWN

    settings = common.settings(profile=profile, max_bytes=max_bytes, store=store)
    most = settings.resolve_profile().max_text_chars if sources else None
    ways: dict[str, Any] = {
        "to": to,
        "from_": from_,
        "text": text,
        "webhook_url": webhook_url,
        "delivery_receipt": delivery_receipt,
        "tags": common.pairs(tag, "a tag"),
    }
    with Client(settings=settings) as client, common.reported(sources or [text or ""], as_json=as_json):
        common.check_ways(ways, caption or (), OWN, {}, most_text_chars=most)
        if sources:
            _check_reachable(settings)
            message = composed(sources, caption or (), settings, common.options(stage_options), check=check)
            with _carefully():
                sent = client.send_mms(message, **ways)
        elif caption:
            raise Misconfigured("captions are of files, and there are none; give files, or --text alone")
        elif text:
            with _carefully():
                sent = client.send_sms(**ways)
        else:
            raise Misconfigured("there is nothing to send; give files, or --text, or both")
        _tell(sent, as_json=as_json)
        if wait is not None:
            _tell(_waited(client, sent, wait), as_json=as_json)


def _check_reachable(settings: Settings) -> None:
    """Raise Misconfigured, before minutes are spent on the media, where its URLs would be of this machine alone."""
    from mmsprep.api.client import NOT_REACHABLE

    store = settings.store or "out"
    if not settings.base_url and ("://" not in store or store.startswith("file://")):
        raise Misconfigured(NOT_REACHABLE)


def _waited(client: Client, sent: Sent, seconds: float) -> Sent:
    last = [sent.status]

    def progress(found: Sent) -> None:
        if found.status != last[0]:
            last[0] = found.status
            typer.echo(f"{found.message_id} is {_plain(found.status)}", err=True)

    return client.wait_until_delivered(sent.message_id, timeout_seconds=seconds, progress=progress)


def _tell(sent: Sent, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(sent.as_dict()))
        return
    parts = [f"{len(sent.media_urls)} files" if len(sent.media_urls) > 1 else ""]
    parts += [f"{sent.segments} segments" if (sent.segments or 0) > 1 else ""]
    parts += [f"{sent.cost} {_plain(sent.currency or '')}".strip() if sent.cost is not None else ""]
    parts += [f"at {sent.delivered_at:%Y-%m-%d %H:%M:%S} UTC" if sent.delivered_at else ""]
    typer.echo("  ".join(filter(None, [_plain(sent.status), sent.message_id, *parts])))


@contextmanager
def _carefully() -> Iterator[None]:
    """Say what an interruption means while a message goes out."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted: the message may have gone out; look before sending it again", err=True)
        raise


def _plain(text: str) -> str:
    from mmsprep.show import escaped

    return escaped(text)
