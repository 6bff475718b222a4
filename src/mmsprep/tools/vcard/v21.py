"""vCard 2.1, for handsets that read no other: bare types, quoted-printable for what is not ASCII."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from mmsprep.tools.vcard.lines import Line

LINE_CHARS = 75
"""The specification asks for 76 (2.1.3) with the break's own ``=``."""


def write(lines: Iterable[Line]) -> bytes:
    """Write one card of *lines*: CRLF, ASCII alone, no line over 76 bytes."""
    spelt = ["BEGIN:VCARD", "VERSION:2.1"]
    groups = 0
    for line in lines:
        groups += bool(line.label)
        group = f"item{groups}." if line.label else ""
        spelt.extend(_spelt(line, group))
        if line.label:
            spelt.extend(_spelt(Line("X-ABLabel", line.label), group))
    return "".join(f"{each}\r\n" for each in (*spelt, "END:VCARD")).encode("ascii")


def _spelt(line: Line, group: str) -> Iterator[str]:
    head = "".join([group, line.name, *(f";{kind}" for kind in line.types)])
    head += "".join(f";{key}={value}" for key, value in line.params)
    if isinstance(line.value, bytes):
        letters = base64.b64encode(line.value).decode()
        yield f"{group}{line.name};ENCODING=BASE64;TYPE={line.types[0]}:"
        yield from (f" {letters[at : at + LINE_CHARS - 1]}" for at in range(0, len(letters), LINE_CHARS - 1))
        # The blank line is how Outlook and Android know the end (2.1, 2.4.2).
        yield ""
        return
    parts = (line.value,) if isinstance(line.value, str) else line.value
    text = ";".join(re.sub(r"([\\;])", r"\\\1", part) for part in parts)
    if text.isascii() and "\n" not in text and len(head) + 1 + len(text) <= LINE_CHARS:
        yield f"{head}:{text}"
    else:
        yield from _quoted_printable(f"{head};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:", text)


def _quoted_printable(start: str, text: str) -> Iterator[str]:
    """Encode *text* after *start* with soft breaks between characters, where even careless readers join them."""
    line = start
    for at, character in enumerate(text):
        plain = character.isascii() and character.isprintable() and character != "="
        if character == " " and (at + 1 == len(text) or text[at + 1] == "\n"):
            plain = False
        data = b"\r\n" if character == "\n" else character.encode()
        encoded = character if plain else "".join(f"={byte:02X}" for byte in data)
        # Room for the break, and for a blank before it that has to be spelt out.
        if len(line) + len(encoded) > LINE_CHARS - 3:
            # A blank before the break, or at the start of a line, could be stripped or taken for folding.
            if line.endswith(" "):
                line = f"{line[:-1]}=20"
            yield f"{line}="
            line = ""
            # A line that began with END:VCARD would end the card for a careless reader, one with TEL: add to it.
            encoded = f"={ord(encoded):02X}" if encoded == " " or encoded.isalpha() else encoded
        line += encoded
    yield line
