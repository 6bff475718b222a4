"""Place: a point on the earth that people want to send, and every spelling in which they hand one over."""

from __future__ import annotations

from typing import Any

from mmsprep.errors import Rejected
from mmsprep.place import codes, links, numbers
from mmsprep.place.cards import LOCATION_SUFFIX, from_vcard, to_vcard
from mmsprep.place.model import STYLES, Place, one_line
from mmsprep.place.photo import from_photo

__all__ = ["LOCATION_SUFFIX", "STYLES", "Place", "from_photo", "from_vcard", "looks_like_place", "parse", "to_vcard"]

LONGEST = links.LONGEST_LINK


def parse(text: str, **wishes: Any) -> Place:
    """Read a place from any spelling: coordinates, a geo URI, a map link, a plus code, a grid reference.

    *wishes* are fields of `Place` that go before what the text says, such as ``zoom`` or ``style``.
    Raises Rejected (``unreadable``, ``ambiguous``) with what to give instead.
    """
    plain = text.strip()
    found = _read(plain) if len(plain) <= LONGEST else None
    if found is None:
        raise Rejected(
            "unreadable", "is not written as a place; give one such as 37.7749,-122.4194 or a map's long link"
        )
    said: dict[str, Any] = {"label": one_line(found.label), "zoom": found.zoom}
    return Place(found.latitude, found.longitude, **said | wishes)


def looks_like_place(text: str) -> bool:
    """Tell a place from a path, before anybody looks whether it can be read: what it refuses is no place at all."""
    plain = text.strip()
    if not plain or len(plain) > LONGEST:
        return False
    if links.looks_like_link(plain):
        return True
    try:
        return (numbers.read(plain) or codes.read(plain)) is not None
    except Rejected:
        return True


def _read(text: str) -> links.Found | None:
    if found := links.read(text):
        return found
    point = numbers.read(text) or codes.read(text)
    return links.Found(*point) if point else None
