"""How many segments a text takes on the air: GSM 7-bit where its alphabet suffices, UCS-2 otherwise.

Alphabets: 3GPP TS 23.038, 6.2.1 and 6.2.1.1. Sizes: 3GPP TS 23.040, 9.2.3.24.1: 140 octets a segment, of
which a concatenated one spends six on its header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038, 6.2.1, row by row of the table's columns; the escape (0x1B) is no character.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

# 3GPP TS 23.038, 6.2.1.1: each costs two septets, the escape and itself.
EXTENSION = frozenset("\f^{}\\[~]|€")

MOST_SEGMENTS = 255
"""What the one octet that counts the parts can say (3GPP TS 23.040, 9.2.3.24.1)."""

Encoding = Literal["GSM-7", "UCS-2"]

# Units of a text that fits alone, and of each part of a longer one.
ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: its encoding, its units (septets, or 16-bit units), the segments that carry them."""

    encoding: Encoding
    units: int
    count: int


def segments(text: str) -> Segments:
    """Count the segments of *text*; no two-unit character is divided between two of them."""
    encoding: Encoding = "GSM-7" if BASIC.union(EXTENSION).issuperset(text) else "UCS-2"
    widths = [_width(character, encoding) for character in text]
    units = sum(widths)
    alone, each = ROOM[encoding]
    if units <= alone:
        return Segments(encoding, units, 1)
    count, free = 1, each
    for width in widths:
        if width > free:
            count, free = count + 1, each
        free -= width
    return Segments(encoding, units, count)


def utf16_units(text: str) -> int:
    """Count the 16-bit units of *text*, of which an emoji has two or more: the safe reading of “characters”."""
    return sum(_width(character, "UCS-2") for character in text)


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "UCS-2":
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in EXTENSION else 1
