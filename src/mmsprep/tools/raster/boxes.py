"""The boxes of a HEIC or AVIF, read from and written to bytes (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes that lie side by side, each with its content."""
    at = 0
    while at + 8 <= len(data):
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + size if size else len(data)
        if size and size < head:
            return
        yield kind, data[at + head : end]
        at = end


def primary(pitm: bytes) -> int:
    """Read which item is the picture to be shown."""
    return Reader(pitm, 4).take(4 if pitm[0] else 2)


def span(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    return b"".join(data[start : start + length] for start, length in spans)


def places(iloc: bytes) -> dict[int, tuple[int, list[tuple[int, int]]]]:
    """Read where items lie: by number, how to count (1 is within idat) and the spans."""
    version, sizes, rest = iloc[0], iloc[4], iloc[5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, rest >> 4
    index_size = rest & 15 if version else 0
    reader = Reader(iloc, 6)
    number_size = 4 if version == 2 else 2
    found = {}
    for _ in range(reader.take(number_size)):
        number = reader.take(number_size)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_size)
        spans = []
        for _ in range(reader.take(2)):
            reader.take(index_size)
            start = base + reader.take(offset_size)
            spans.append((start, reader.take(length_size)))
        found[number] = (method, spans)
    return found


def associations(ipma: bytes) -> dict[int, list[int]]:
    """Read which properties an item has, as numbers from 1."""
    reader = Reader(ipma, 4)
    number_size, index_size = (4 if ipma[0] else 2), (2 if ipma[3] & 1 else 1)
    mask = 0x7FFF if index_size == 2 else 0x7F
    linked = {}
    for _ in range(reader.take(4)):
        number = reader.take(number_size)
        linked[number] = [reader.take(index_size) & mask for _ in range(reader.take(1))]
    return linked


def references(iref: bytes) -> dict[int, list[int]]:
    """Read of which items an item is made."""
    size = 4 if iref[0] else 2
    made_of = {}
    for kind, content in boxes(iref[4:]):
        if kind == b"dimg":
            reader = Reader(content, 0)
            number = reader.take(size)
            made_of[number] = [reader.take(size) for _ in range(reader.take(2))]
    return made_of


class Reader:
    """Take big-endian numbers from bytes, one after another; raises IndexError past their end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> int:
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise IndexError
        self.at += size
        return int.from_bytes(taken, "big")
