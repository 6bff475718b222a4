"""Contact cards: a .vcf file of any version, and a contact that a program hands over as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmsprep.contact import Contact
from mmsprep.contact.allowed import PARAMETERS, PARAMETERS_OF_21, VALUES, VERSIONS
from mmsprep.contact.jcard import is_jcard
from mmsprep.contact.lines import Card, Property, cards_of
from mmsprep.contact.plain import is_contact, parsed, text_bytes
from mmsprep.detect import jpeg
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

CARD = "text/x-vcard"
"""The name that the providers' lists have for a card (profiles.toml)."""
CONTACT = "application/vcard+json"

HANDED_OVER_BYTES = 16_000_000
"""A contact that a program hands over may hold a photo straight from a camera, in base64."""

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCARD\s*[\r\n]", re.IGNORECASE)
_START_16 = re.compile(rb"(?:\xff\xfe|\xfe\xff)?\0?B\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0")
_START_JSON = re.compile(rb'\s*(?:\{\s*"kind"\s*:\s*"contact"\s*,|\[\s*"vcard"\s*,)')
MOST_LINE_BYTES = 120
"""Our longest line: vCard 2.1 has no way to fold a property with all its types before its value."""
_SOUND_LINES = re.compile(rb"BEGIN:VCARD\r\n(?:[^\x00-\x1f\x7f]{0,%d}\r\n)*" % MOST_LINE_BYTES)

KINDS = {
    "PRODID": "product",
    "UID": "uid",
    "REV": "revision",
    "KEY": "key",
    "AGENT": "agent",
    "CATEGORIES": "categories",
    "SOURCE": "source",
    "SOUND": "sound",
    "LOGO": "logo",
}
"""What a card carries that is not shown: the property, and its name among the facts."""


def sniff(head: bytes) -> str | None:
    """Tell a card or a contact by its beginning: libmagic misses cards in UTF-16, and takes a contact for any JSON."""
    if _START.match(head) or _START_16.match(head.upper()):
        return CARD
    if head.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        value = parsed(head)
    except Rejected:
        # No JSON, or longer than the head.
        return CONTACT if _START_JSON.match(head) else None
    return CONTACT if is_jcard(value) or is_contact(value) else None


def parse(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Measure a .vcf file's facts: every line of it must be readable as a card's, within *limits*."""
    if size > limits.card_bytes:
        said = f"{size:,} bytes; a contact card may have {limits.card_bytes:,}: send fewer contacts, or smaller photos"
        raise Rejected("too-many-bytes", said)
    data = path.read_bytes()
    cards = cards_of(data, most=limits.cards, nesting=limits.nesting)
    found = {kind for card in cards for each in card.properties for kind in _carried(each, card)}
    found.update(_form(data))
    # Cards within cards, lines that are none.
    found.update(["private"] if any(card.dropped for card in cards) else [])
    return Facts(type=mime, bytes=size, metadata=tuple(sorted(found)))


def parse_contact(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Read a contact that is handed over as JSON, ours, a person's or a jCard."""
    if size > HANDED_OVER_BYTES:
        said = f"{size:,} bytes; a contact may have {HANDED_OVER_BYTES:,}, photo and all: use a smaller photo"
        raise Rejected("too-many-bytes", said)
    value = parsed(path.read_bytes())
    if not (is_jcard(value) or is_contact(value)):
        raise Rejected("damaged", "begins like a contact and is none; write it anew")
    if (text := text_bytes(value, size)) > limits.card_bytes:
        said = f"{text:,} bytes; a contact may have {limits.card_bytes:,} besides its photo: shorten its note"
        raise Rejected("too-many-bytes", said)
    contact = Contact.from_jcard(value) if isinstance(value, list) else Contact.from_dict(value)
    return Facts(type=mime, bytes=size, metadata=("private",) if contact.dropped else ())


def _carried(each: Property, card: Card) -> Iterator[str]:
    """Name what a property holds that may not leave: itself, a parameter, or what is in a photo."""
    if each.name not in PARAMETERS:
        yield KINDS.get(each.name, "private")
        return
    version = next((other.value.strip() for other in card.properties if other.name == "VERSION"), "")
    if version not in VERSIONS:
        yield "version"
    known = PARAMETERS[each.name] | (PARAMETERS_OF_21 if version == "2.1" else frozenset())
    for name, values in each.params.items():
        spelt = {value.upper() for value in values}
        if name not in known or not spelt <= VALUES[name]:
            yield "parameters"
    if each.name == "PHOTO":
        yield from _photo(each.data)
    elif each.name == "URL" and re.match(r"(?!https?:)[a-z][a-z0-9+.-]*:(?!\d)", each.text, re.IGNORECASE):
        yield "link"


def _photo(data: bytes | None) -> Iterator[str]:
    """Name what a photo is besides a plain JPEG: an address, another type, segments that hold no pixels."""
    if data is None:
        yield "uri-photo"
    elif data[:2] != b"\xff\xd8":
        yield "photo-type"
    elif any(_tells(marker) and data[start + 4 : end][:5] != b"JFIF\0" for marker, start, end in jpeg.segments(data)):
        yield "photo-exif"


def _tells(marker: int) -> bool:
    """Say whether a segment of a JPEG is an application's or a comment, which hold no pixels."""
    return jpeg.APP0 <= marker <= jpeg.APP15 or marker == jpeg.COM


def _form(data: bytes) -> Iterator[str]:
    """Yield ``form`` unless all lines are within a card, short, ended by CRLF and free of control characters."""
    if not _SOUND_LINES.fullmatch(data) or not data.endswith(b"END:VCARD\r\n"):
        yield "form"
