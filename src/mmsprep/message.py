"""Message: prepared media with everything that a request for it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmsprep import providers, request
from mmsprep.errors import Misconfigured, Rejected
from mmsprep.prepared import Deliverable, Prepared
from mmsprep.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Several media that go out together, in order, within what one profile lets a message hold.

    ``captions`` are none, or one for each of the media, the empty one among them. ``texts`` are offered for
    the message's text: a place's link, a contact's name, the link to what did not fit. ``warnings`` name
    their source. ``prepared`` is what became of each.
    Raises Misconfigured when captions and media do not match.
    """

    media: tuple[Deliverable, ...]
    profile: Profile
    captions: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    prepared: tuple[Prepared, ...] = ()

    def __post_init__(self) -> None:
        if self.captions and len(self.captions) != len(self.media):
            raise Misconfigured(
                f"captions: {len(self.captions)}, files: {len(self.media)}; give one each, an empty one where "
                "there is nothing to say, or none at all"
            )

    @property
    def media_urls(self) -> list[str]:
        """The URLs for the request, in order; raises Misconfigured when no store has kept the media."""
        homeless = [each.name for each in self.media if not each.url]
        if homeless:
            raise Misconfigured(f"{', '.join(homeless)}: in no store, so without a URL; prepare with a store")
        return [each.url for each in self.media if each.url]

    @property
    def media_captions(self) -> list[str]:
        """One caption for each URL, in order, empty where none was given."""
        return list(self.captions) or [""] * len(self.media)

    @property
    def total_bytes(self) -> int:
        """The bytes of all media together."""
        return sum(each.facts.bytes for each in self.media)

    def request(
        self,
        *,
        to: str,
        from_: str,
        text: str | None = None,
        delivery_receipt: bool = False,
        webhook_url: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Give the body of the request that sends it (PantheonCloud SMS & MMS, ``POST /v1/messages/mms``).

        Without a *text* it is the one that is offered; below another stands the link to what did not fit.
        Raises Rejected ``phone-number``, ``text-too-long``, ``too-many-files`` or ``cannot-fit``, and Misconfigured
        for what is the program's mistake.
        """
        self._check_fits()
        return request.mms(
            to=to,
            from_=from_,
            text=self._text(text),
            media_urls=self.media_urls,
            media_captions=self.media_captions,
            delivery_receipt=delivery_receipt,
            webhook_url=webhook_url,
            tags=tags,
        )

    def for_provider(
        self,
        provider: str,
        *,
        to: str,
        from_: str,
        text: str | None = None,
        webhook_url: str | None = None,
        tags: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Give the body of the request that sends it through another provider, in that one's own field names.

        *provider* is ``twilio``, ``telnyx``, ``bandwidth``, ``plivo``, ``vonage``, ``sinch`` or ``aws``;
        *extra* are fields that only it knows (``applicationId`` for bandwidth, ``service-id`` for sinch).
        Raises as `request` does.
        """
        self._check_fits()
        types = [each.facts.type for each in self.media]
        return providers.shape(
            provider,
            to=to,
            from_=from_,
            text=self._text(text),
            media=list(zip(self.media_urls, types, self.media_captions, strict=True)),
            webhook_url=webhook_url,
            tags=tags,
            extra=extra,
        )

    def _text(self, text: str | None) -> str:
        """Choose the text that was given, or else what is offered; raises Rejected when it is too long.

        Below a text that was given stands the link to what is in the message by its link alone.
        """
        most = self.profile.max_text_chars
        if text is None:
            return request.checked_text("\n".join(self.texts), most, offered=True)
        links = [each for source in self.prepared if not source.media for each in source.text if each not in text]
        return request.checked_text("\n".join(filter(None, [text, *links])), most)

    def _check_fits(self) -> None:
        """Raise when there is nothing to send, or more than the profile lets one message hold."""
        if not self.media:
            raise Misconfigured("a multimedia message needs media; send a text alone as SMS")
        check_fits(self.media, self.profile)


def check_fits(media: Sequence[Deliverable], profile: Profile) -> None:
    """Raise Rejected for more files than *profile* lets a message hold, or for bytes that are not below its limit."""
    request.check_count(len(media), profile.max_files, by=profile.name)
    total, room = sum(each.facts.bytes for each in media), profile.total_bytes
    if room is not None and total >= room:
        fact = f"{total:,} bytes in all, and {profile.name} takes less than {room:,} in a message"
        raise Rejected("cannot-fit", f"{fact}; send them in several, or compose them together")
