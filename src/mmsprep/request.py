"""What a request for a message holds, checked before it costs money: PantheonCloud SMS & MMS, key for key.

A number or text that cannot be sent is `Rejected`; what only a program can get wrong (a webhook that is not
https, a tag that is no string) is `Misconfigured`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mmsprep.errors import Misconfigured, Rejected
from mmsprep.phone import e164
from mmsprep.segments import MOST_SEGMENTS, segments, utf16_units

MOST_URL_CHARS = 2048


def mms(
    *,
    to: str,
    from_: str,
    text: str,
    media_urls: Sequence[str],
    media_captions: Sequence[str],
    delivery_receipt: bool = False,
    webhook_url: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give the body of ``POST /v1/messages/mms``; raises Rejected ``phone-number``, Misconfigured."""
    if not media_urls:
        raise Misconfigured("a multimedia message needs media; send a text alone as SMS")
    if len(media_captions) != len(media_urls):
        raise Misconfigured(f"captions: {len(media_captions)}, URLs: {len(media_urls)}; give one each, or none")
    return {
        "to": e164(to),
        "from": e164(from_, what="from"),
        "text": checked_text(text),
        "media_urls": list(media_urls),
        "media_captions": checked_captions(media_captions),
        **_settings(delivery_receipt, webhook_url, tags),
    }


def sms(
    *,
    to: str,
    from_: str,
    text: str,
    priority: str = "normal",
    delivery_receipt: bool = False,
    webhook_url: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give the body of ``POST /v1/messages/sms``, with the encoding that the text needs.

    Raises Rejected ``phone-number`` or ``text-too-long``, Misconfigured.
    """
    if not text.strip():
        raise Misconfigured("a text message needs a text")
    counted = segments(checked_text(text))
    if counted.count > MOST_SEGMENTS:
        raise Rejected(
            "text-too-long",
            f"the text takes {counted.count} segments of {counted.encoding}, and a message has at most "
            f"{MOST_SEGMENTS}; shorten it, or shorten its links",
        )
    return {
        "to": e164(to),
        "from": e164(from_, what="from"),
        "text": text,
        "encoding": counted.encoding,
        "priority": priority,
        **_settings(delivery_receipt, webhook_url, tags),
    }


def check_count(files: int, most: int, *, by: str) -> None:
    """Raise Rejected ``too-many-files`` when a message holds more files than *by* takes, which is *most*."""
    if files > most:
        raise Rejected("too-many-files", f"{files} files, and {by} takes {most} in a message; send them in several")


def checked_text(text: str, most: int | None = None, *, offered: bool = False) -> str:
    """Give *text* back when a provider takes it; raises Rejected ``text-too-long``, telling its length.

    *offered* is a text that nobody wrote: the remedy for it is one of one's own.
    """
    _check_whole(text, "the text")
    length = utf16_units(text)
    if most is not None and length > most:
        counted = segments(text)
        what = "what is offered for the text" if offered else "the text"
        remedy = "give a text of your own" if offered else "shorten it, or shorten its links"
        raise Rejected(
            "text-too-long",
            f"{what} has {length} characters ({counted.count} segments of {counted.encoding}), and {most} are "
            f"allowed; {remedy}",
        )
    return text


def checked_captions(captions: Sequence[str]) -> list[str]:
    """Give *captions* back when all of them are strings that can be sent."""
    for number, caption in enumerate(captions, start=1):
        _check_whole(caption, f"caption {number}")
    return list(captions)


def checked_webhook(url: str) -> str:
    """Give *url* back when it is one that receipts may be sent to: https, a host, no password in it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        sound = sound and url.isprintable() and " " not in url and (parts.port or 1) > 0 and len(url) <= MOST_URL_CHARS
    except (ValueError, AttributeError, TypeError):
        sound = False
    if not sound:
        # Not shown: a webhook's URL often is its secret.
        raise Misconfigured("the webhook is no https:// URL with a host and without user and password; give such a one")
    return url


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Give *tags* back when all of them are strings."""
    wrong = [name for name, value in tags.items() if not (isinstance(name, str) and name and isinstance(value, str))]
    if wrong:
        raise Misconfigured(f"tags are strings, with a name; not so: {', '.join(map(repr, wrong))}")
    for name, value in tags.items():
        _check_whole(name + value, "a tag")
    return dict(tags)


def _check_whole(text: str, what: str) -> None:
    """Raise Misconfigured for what is no text: JSON could not carry it."""
    try:
        text.encode()
    except (UnicodeEncodeError, AttributeError):
        fault = "half a surrogate pair, which is no character; decode it anew"
        raise Misconfigured(f"{what} has {fault}" if isinstance(text, str) else f"{what} is no string") from None


def _settings(delivery_receipt: bool, webhook_url: str | None, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Give the keys that SMS and MMS share; without a webhook there is no key for it, for null is no URL."""
    webhook = {} if webhook_url is None else {"webhook_url": checked_webhook(webhook_url)}
    return {"delivery_receipt": bool(delivery_receipt), **webhook, "tags": checked_tags(tags or {})}
