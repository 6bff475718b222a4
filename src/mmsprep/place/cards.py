"""Places as cards: the ``.loc.vcf`` that phones open on a tap, sent and received."""

from __future__ import annotations

import re

from mmsprep.contact.lines import cards_of
from mmsprep.errors import Rejected
from mmsprep.place import links
from mmsprep.place.model import Place, decimal, one_line

LOCATION_SUFFIX = ".loc.vcf"
"""What phones call a card that is a location."""
UNNAMED = "Current Location"
LINE_BYTES = 75
LONGEST_CARD = 256_000
MOST_CARDS = 10


def to_vcard(place: Place, version: str = "3.0") -> bytes:
    """Write the card that opens the map on a tap, in the form in which phones send their own location.

    The comma of the link is escaped (RFC 2426, section 4), or a reader that splits there loses the longitude;
    2.1 has no such escape.
    """
    point = f"{decimal(place.latitude)},{decimal(place.longitude)}"
    link = f"http://maps.apple.com/?ll={point}&q={point}"
    name = place.label or UNNAMED
    if version == "2.1":
        label = f"FN;CHARSET=UTF-8:{name}" if not name.isascii() else f"FN:{name}"
        lines = ["BEGIN:VCARD", "VERSION:2.1", f"N:;{UNNAMED};;;", label, f"URL;PREF:{link}", "END:VCARD"]
        return "".join(f"{line}\r\n" for line in lines).encode()
    link, name = _escaped(link), _escaped(name)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{UNNAMED};;;", f"FN:{name}", f"URL;type=pref:{link}", "END:VCARD"]
    return b"".join(_folded(line) for line in lines)


def from_vcard(card: str | bytes) -> Place | None:
    """Find the place in a received card, by its GEO property or a link to a map; None when it has none."""
    data = card.encode() if isinstance(card, str) else card
    try:
        cards = cards_of(data[:LONGEST_CARD], most=MOST_CARDS, nesting=MOST_CARDS)
    except Rejected:
        return None
    properties = [each for one in cards for each in one.properties]
    label = _label(next((each.text for each in properties if each.name == "FN"), ""))
    for each in sorted(properties, key=lambda each: each.name != "GEO"):
        try:
            found = _geo(each.text) if each.name == "GEO" else _map_link(each.text.strip())
            if found:
                return Place(found.latitude, found.longitude, label or _label(found.label), found.zoom)
        except Rejected:
            continue  # another property may be readable
    return None


def _label(name: str) -> str:
    """Give a name as a label, but not the one that phones give to whatever has none."""
    line = one_line(name)
    return "" if line == UNNAMED else line


def _geo(text: str) -> links.Found | None:
    if text.lower().startswith("geo:"):
        return links.read(text)
    numbers = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[;,]\s*(-?\d+(?:\.\d+)?)\s*", text)
    if not numbers:
        return None
    first, second = float(numbers[1]), float(numbers[2])
    # vCard 2.1 speaks of longitude first and shows the latitude first, as 3.0 has it: what is possible decides.
    return links.Found(second, first) if abs(first) > 90 else links.Found(first, second)


def _map_link(link: str) -> links.Found | None:
    return links.read(link) if links.looks_like_link(link) else None


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)


def _folded(line: str) -> bytes:
    """Fold a line at 75 bytes on the borders of characters (RFC 2426, section 2.6)."""
    folded, width = bytearray(), 0
    for character in line:
        data = character.encode()
        if width + len(data) > LINE_BYTES:
            folded += b"\r\n "
            width = 1
        folded += data
        width += len(data)
    return bytes(folded + b"\r\n")
