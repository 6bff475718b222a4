"""The same message in each provider's own words: the body of the request that sends it there.

Numbers, text, webhook and tags are checked as for our own API, except that a short code may send. Where a
provider knows no captions they follow in the text; what else it has no field for is left out, as each
docstring says. As the providers' pages stood in late 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from mmsprep import profile
from mmsprep.errors import Misconfigured
from mmsprep.phone import e164, sender
from mmsprep.profile import Profile
from mmsprep.request import check_count, checked_tags, checked_text, checked_webhook

VCARDS = ("text/x-vcard", "text/vcard")

SINCH_SLIDES = 8
"""The most that one of its messages holds, and each file is a slide (its API reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What goes into a request, before it takes a provider's form; ``types`` are MIME types, one for each URL."""

    to: str
    from_: str
    text: str
    urls: tuple[str, ...]
    types: tuple[str, ...]
    captions: tuple[str, ...]
    webhook_url: str | None
    tags: Mapping[str, str]

    @property
    def whole_text(self) -> str:
        """The text with the captions below it, for providers that show none beside the media."""
        return "\n".join(filter(None, (self.text, *self.captions)))


def shape(
    provider: str,
    *,
    to: str,
    from_: str,
    text: str,
    media: Sequence[tuple[str, str, str]],
    webhook_url: str | None = None,
    tags: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the body of *provider*'s request for *media*, each a URL, its MIME type and its caption.

    *extra* are further fields in the provider's own spelling; they win. Raises Rejected ``phone-number``,
    ``text-too-long`` or ``too-many-files``, and Misconfigured for an unknown provider, or when one of its
    own fields must be given in *extra* and is not.
    """
    build, *_ = _known(provider)
    check_fields(provider, extra or {})
    limits = limits_of(provider)
    if limits:
        check_count(len(media), limits.max_files, by=provider)
    urls, types, captions = zip(*media, strict=True) if media else ((), (), ())
    parts = Parts(
        to=e164(to),
        from_=sender(from_),
        text=text,
        urls=urls,
        types=types,
        captions=captions,
        webhook_url=None if webhook_url is None else checked_webhook(webhook_url),
        tags=checked_tags(tags or {}),
    )
    checked_text(parts.whole_text, limits.max_text_chars if limits else None)
    return build(parts) | dict(extra or {})


def limits_of(provider: str) -> Profile | None:
    """Give the profile whose limits of files and text hold for *provider*, if one is known."""
    *_, name = _known(provider)
    return profile.load(name) if name else None


def check_fields(provider: str, extra: Mapping[str, Any]) -> None:
    """Raise Misconfigured for an unknown provider, or when *extra* lacks a field that only the caller can know."""
    missing = [field for field in _known(provider)[1] if not extra.get(field)]
    if missing:
        raise Misconfigured(f"{provider} needs {' and '.join(missing)} of its own; give it in extra, or by --field")


def _twilio(parts: Parts) -> dict[str, Any]:
    """Give the form fields of ``POST /2010-04-01/Accounts/{Sid}/Messages.json``, ``MediaUrl`` repeated; no tags.

    https://www.twilio.com/docs/messaging/api/message-resource
    """
    fields = {"To": parts.to, "From": parts.from_, "Body": parts.whole_text, "MediaUrl": list(parts.urls)}
    return fields | _webhook("StatusCallback", parts)


def _telnyx(parts: Parts) -> dict[str, Any]:
    """Give the JSON of ``POST /v2/messages``; no tags.

    https://developers.telnyx.com/docs/messaging/messages/send-receive-mms/index.md
    https://developers.telnyx.com/api-reference/messages
    """
    fields = {
        "from": parts.from_,
        "to": parts.to,
        "text": parts.whole_text,
        "media_urls": list(parts.urls),
        "type": "MMS",
    }
    return fields | _webhook("webhook_url", parts)


def _bandwidth(parts: Parts) -> dict[str, Any]:
    """Give the JSON of ``POST /api/v2/users/{accountId}/messages``; the tags become its one ``tag``, as JSON.

    Its webhook belongs to the application. https://dev.bandwidth.com/docs/messaging/createMessage.md
    """
    fields: dict[str, Any] = {
        "to": [parts.to],
        "from": parts.from_,
        "text": parts.whole_text,
        "media": list(parts.urls),
    }
    if not parts.tags:
        return fields
    tag = json.dumps(parts.tags, separators=(",", ":"), sort_keys=True)
    if len(tag) > 1024:
        raise Misconfigured(f"the tags take {len(tag)} characters as bandwidth's tag, which has 1024; give fewer")
    return fields | {"tag": tag}


def _plivo(parts: Parts) -> dict[str, Any]:
    """Give the JSON of ``POST /v1/Account/{auth_id}/Message/``; numbers without the plus, no tags.

    https://docs.plivo.com/docs/messaging/api/message/send-a-message
    """
    fields: dict[str, Any] = {
        "src": parts.from_.lstrip("+"),
        "dst": parts.to.lstrip("+"),
        "text": parts.whole_text,
        "type": "mms",
        "media_urls": list(parts.urls),
    }
    return fields | _webhook("url", parts) | ({"method": "POST"} if parts.webhook_url else {})


def _vonage(parts: Parts) -> dict[str, Any]:
    """Give the JSON of ``POST /v1/messages``: one attachment by its own type, several as ``content``; no tags.

    Numbers go without the plus; the text is the first attachment's caption, for there is no other place.
    https://developer.vonage.com/en/messages/concepts/mms
    https://github.com/Vonage/vonage-curl-code-snippets/tree/main/messages/mms
    """
    captions = ("\n".join(filter(None, (parts.text, parts.captions[0]))), *parts.captions[1:])
    attachments = [
        (_vonage_type(mime), {"url": url} | ({"caption": caption} if caption else {}))
        for url, mime, caption in zip(parts.urls, parts.types, captions, strict=True)
    ]
    fields: dict[str, Any] = {"to": parts.to.lstrip("+"), "from": parts.from_.lstrip("+"), "channel": "mms"}
    if len(attachments) == 1:
        ((kind, attachment),) = attachments
        fields |= {"message_type": kind, kind: attachment}
    else:
        content = [{"type": kind} | attachment for kind, attachment in attachments]
        fields |= {"message_type": "content", "content": content}
    return fields | _webhook("webhook_url", parts)


def _vonage_type(mime: str) -> str:
    kind = mime.partition("/")[0]
    return "vcard" if mime in VCARDS else kind if kind in {"image", "audio", "video"} else "file"


def _sinch(parts: Parts) -> dict[str, Any]:
    """Give the JSON of the MMS API's ``sendmms``: a slide for each media; the callback is set up there, no tags.

    https://developers.sinch.com/docs/mms/api-reference/mms/mms (the request)
    https://developers.sinch.com/docs/mms/api-reference/introduction (what a slide may hold)
    """
    check_count(len(parts.urls), SINCH_SLIDES, by="sinch")
    slides = [{_sinch_type(mime): {"url": url}} for url, mime in zip(parts.urls, parts.types, strict=True)]
    texts = ("\n".join(filter(None, (parts.text, parts.captions[0]))), *parts.captions[1:])
    return {
        "action": "sendmms",
        "to": parts.to.lstrip("+"),
        "from": parts.from_.lstrip("+"),
        # It is required: what a handset without MMS is sent, with a link to the rest.
        "fallback-sms-text": parts.text or "You have a multimedia message",
        "slide": [slide | ({"message-text": text} if text else {}) for slide, text in zip(slides, texts, strict=True)],
    }


def _sinch_type(mime: str) -> str:
    named = {**dict.fromkeys(VCARDS, "contact"), "text/calendar": "calendar", "application/pdf": "pdf"}
    return named.get(mime) or mime.partition("/")[0]


def _aws(parts: Parts) -> dict[str, Any]:
    """Give the parameters of End User Messaging's ``SendMediaMessage``; tags are its ``Context``, no webhook.

    https://docs.aws.amazon.com/cli/v1/reference/pinpoint-sms-voice-v2/send-media-message.html
    https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendMediaMessage.html (what each may hold)
    """
    fields: dict[str, Any] = {
        "DestinationPhoneNumber": parts.to,
        "OriginationIdentity": parts.from_,
        "MediaUrls": [_s3_uri(url) for url in parts.urls],
    }
    # An empty body is refused, and a missing one is not.
    fields |= {"MessageBody": parts.whole_text} if parts.whole_text.strip() else {}
    return fields | ({"Context": _context(parts.tags)} if parts.tags else {})


def _context(tags: Mapping[str, str]) -> dict[str, str]:
    """Give the tags where they can be a ``Context``; raises Misconfigured for what AWS would refuse."""
    wrong = [
        name
        for name, value in tags.items()
        if len(name) > 100 or re.search(r"\s", name) or not 0 < len(value) <= 800 or value != value.strip()
    ]
    if len(tags) > 5 or wrong:
        raise Misconfigured(
            "aws takes five tags, with names of 100 characters without blanks and values of 1 to 800; "
            + (f"not so: {', '.join(map(repr, wrong))}" if wrong else f"these are {len(tags)}")
        )
    return dict(tags)


# Virtual-hosted and path style: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_S3_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")


def _s3_uri(url: str) -> str:
    """Give the ``s3://bucket/key`` that AWS takes for an object's URL; raises Misconfigured for another host."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return url
    host, path = _S3_HOST.fullmatch(parts.hostname or ""), unquote(parts.path).lstrip("/")
    if host is None or parts.scheme != "https":
        raise Misconfigured("aws fetches media from S3 buckets of the same account only; prepare with such a store")
    return f"s3://{host['bucket']}/{path}" if host["bucket"] else f"s3://{path}"


def _webhook(field: str, parts: Parts) -> dict[str, str]:
    return {field: parts.webhook_url} if parts.webhook_url else {}


# The form, the fields only the caller can know, and the profile whose limits hold whatever it was prepared for.
SHAPES: Mapping[str, tuple[Callable[[Parts], dict[str, Any]], tuple[str, ...], str | None]] = {
    "twilio": (_twilio, (), "twilio"),
    "telnyx": (_telnyx, (), "telnyx"),
    "bandwidth": (_bandwidth, ("applicationId",), "bandwidth.local"),
    "plivo": (_plivo, (), "plivo"),
    "vonage": (_vonage, (), None),
    "sinch": (_sinch, ("service-id",), None),
    "aws": (_aws, (), "aws"),
}


def _known(provider: str) -> tuple[Callable[[Parts], dict[str, Any]], tuple[str, ...], str | None]:
    if provider not in SHAPES:
        raise Misconfigured(f"no provider is called {provider!r}; known are {', '.join(SHAPES)}")
    return SHAPES[provider]
