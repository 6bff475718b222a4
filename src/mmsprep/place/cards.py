"""Places as cards: the ``.loc.vcf`` that phones open on a tap, sent and received."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator

from mmsprep.errors import Rejected
from mmsprep.place import links
from mmsprep.place.model import Place, decimal, one_line

LOCATION_SUFFIX = ".loc.vcf"
"""What phones call a card that is a location."""
UNNAMED = "Current Location"
LINE_BYTES = 75
LONGEST_CARD = 256_000
PROPERTY = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:]*)?):(.*)", re.DOTALL)


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


def from_vcard(text: str) -> Place | None:
    """Find the place in a received card, by its GEO property or a link to a map; None when it has none."""
    properties = list(_properties(text[:LONGEST_CARD]))
    version = next((value.strip() for name, _, value in properties if name == "VERSION"), "3.0")
    name = next((_unescaped(value) for name, _, value in properties if name == "FN"), "")
    label = "" if name.strip() in (UNNAMED, "") else one_line(name)
    for kind, parameters, value in sorted(properties, key=lambda each: each[0] != "GEO"):
        try:
            found = _geo(value, version) if kind == "GEO" else _map_link(parameters, value)
            if found:
                return Place(found.latitude, found.longitude, label or one_line(found.label), found.zoom)
        except Rejected:
            continue  # another property may be readable
    return None


def _geo(value: str, version: str) -> links.Found | None:
    if value.lower().startswith("geo:"):
        return links.read(_unescaped(value))
    numbers = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[;,]\s*(-?\d+(?:\.\d+)?)\s*", value.replace("\\", ""))
    if not numbers:
        return None
    first, second = float(numbers[1]), float(numbers[2])
    # vCard 2.1 puts longitude first and 3.0 latitude; programs that write 2.1 disagree, so what is possible decides.
    if (version == "2.1" and abs(second) <= 90 and "," in value) or abs(first) > 90:
        return links.Found(second, first)
    return links.Found(first, second)


def _map_link(parameters: str, value: str) -> links.Found | None:
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = quopri.decodestring(value.encode()).decode("utf-8", "replace")
    link = _unescaped(value).strip()
    return links.read(link) if links.looks_like_link(link) else None


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    unfolded = re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff"))
    for line in re.split(r"\r?\n", unfolded):
        if found := PROPERTY.fullmatch(line):
            yield found[1].upper(), found[2], found[3]


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\,;:nN])", lambda found: " " if found[1] in "nN" else found[1], text)


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
