"""The segments of a JPEG before its picture (ITU T.81, B.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
APP0, APP14, APP15, COM = 0xE0, 0xEE, 0xEF, 0xFE


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give the marker, start and end of each whole segment before the first scan."""
    if data[:2] != bytes((0xFF, SOI)):
        return
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in (SOS, EOI, SOI):
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            return
        yield marker, at, end
        at = end
