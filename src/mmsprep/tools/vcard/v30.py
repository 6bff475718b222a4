"""vCard 3.0 (RFC 2426), spelt by vobject, folded by us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from mmsprep.contact.allowed import LINE_BYTES, SPELT
from mmsprep.tools.vcard.lines import Line

ENDS = "END:VCARD"
UNFOLDED = 1_000_000_000
"""A line length for vobject at which it never folds: it would leave photos in one line."""


def write(lines: Iterable[Line]) -> bytes:
    """Write one card of *lines*: CRLF, UTF-8, no line over 75 bytes."""
    import vobject

    card = vobject.vCard()
    spelt = ["BEGIN:VCARD", "VERSION:3.0"]
    groups = 0
    for line in lines:
        groups += bool(line.label)
        group = f"item{groups}" if line.label else None
        spelt.append(_spelt(card, line, group))
        if line.label:
            spelt.append(_spelt(card, Line("X-ABLABEL", line.label), group))
    return b"".join(folded(each) for each in (*spelt, ENDS))


def folded(line: str) -> bytes:
    """Fold one line at 75 bytes, between characters and not beside a blank, which some readers strip.

    For them too no text's end may stand alone where it would end the card.
    """
    if len(line) <= LINE_BYTES and line.isascii():
        return f"{line}\r\n".encode()
    return "\r\n ".join(_chunks(line)).encode() + b"\r\n"


def _chunks(line: str) -> Iterator[str]:
    start, room = 0, LINE_BYTES
    while start < len(line):
        end, size = start, 0
        while end < len(line) and (size := size + len(line[end].encode())) <= room:
            end += 1
        if end < len(line):
            end = _between_letters(line, start, end)
        yield line[start:end]
        start, room = end, LINE_BYTES - 1


def _between_letters(line: str, start: int, end: int) -> int:
    for cut in range(end, start, -1):
        rest = line[cut : cut + len(ENDS)].upper()
        if not line[cut].isspace() and not line[cut - 1].isspace() and rest != ENDS:
            return cut
    return end


def _spelt(card: Any, line: Line, group: str | None) -> str:
    """Let vobject escape and spell one line."""
    from vobject.vcard import Address, Name

    content = card.add(line.name.lower(), group=group)
    if line.name == "N":
        content.value = Name(*line.value)
    elif line.name == "ADR":
        box, extended, street, city, region, code, country = map(str, line.value)
        content.value = Address(street, city, region, code, country, box, extended)
    elif line.name == "GEO":
        content.value = ";".join(map(str, line.value))
    elif isinstance(line.value, bytes):
        content.value = line.value
        content.params["ENCODING"] = ["b"]
    else:
        content.value = list(line.value) if isinstance(line.value, tuple) else line.value
    if line.types:
        content.params["TYPE"] = list(line.types)
    content.params.update({key: [value] for key, value in line.params})
    # Into a buffer of ours: of a photo vobject returns nothing.
    buffer = StringIO()
    content.serialize(buffer, lineLength=UNFOLDED)
    text = buffer.getvalue().removesuffix("\r\n")
    for name, usual in SPELT.items():
        text = text.replace(f".{name}:", f".{usual}:", 1) if line.name == name else text
    return text
