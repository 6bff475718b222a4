"""The boxes of an MP4, MOV or 3GP file, as far as detection needs them (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, degrees
from pathlib import Path
from typing import BinaryIO

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts"})
MOST_BOXES, DEEPEST = 20_000, 6
"""Boxes that are looked at, and boxes inside one another: the tables of samples lie five deep."""
BOX_BYTES = 1_000_000
"""The most of one small box (``ftyp``, ``tkhd``) that is read."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type, the types of those around it, where its content starts and ends."""

    type: bytes
    path: tuple[bytes, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the boxes say that ffmpeg's libraries do not pass on."""

    brand: str
    index_first: bool
    """Whether ``moov`` lies before ``mdat``: then a handset can start before it has all of the file."""
    rotation: int
    """Degrees by which the picture is to be turned clockwise to stand upright: 0, 90, 180 or 270."""
    carries: frozenset[str]
    """What lies beside the tracks, such as ``gps`` or ``private``."""


def layout(path: Path) -> Layout:
    """Read where the index lies, how the first picture is turned and what the file carries besides its tracks."""
    brand, order, rotation, carries = "", list[bytes](), 0, set[str]()
    with path.open("rb") as file:
        for box in walk(file, 0, path.stat().st_size):
            if not box.path:
                order.append(box.type)
            if box.type == b"ftyp":
                brand = _content(file, box)[:4].decode("latin-1")
            elif box.type == b"tkhd":
                rotation = rotation or _rotation(_content(file, box))
            carries |= _carried(file, box)
    index_first = b"moov" in order and (b"mdat" not in order or order.index(b"moov") < order.index(b"mdat"))
    return Layout(brand, index_first, rotation, frozenset(carries))


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets, outer ones first; stops where they make no sense."""
    left = [MOST_BOXES]
    yield from _walk(file, start, end, (), left)


def _walk(file: BinaryIO, start: int, end: int, path: tuple[bytes, ...], left: list[int]) -> Iterator[Box]:
    while start + 8 <= end and left[0] > 0:
        left[0] -= 1
        file.seek(start)
        header = file.read(16)
        size, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 1:
            size, head = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head:
            return
        inside = min(start + size, end)
        yield Box(kind, path, start + head, inside)
        if kind in CONTAINERS and len(path) < DEEPEST:
            yield from _walk(file, start + head, inside, (*path, kind), left)
        start += size


def _content(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, BOX_BYTES))


def _rotation(tkhd: bytes) -> int:
    """Read the turn from a track header's matrix, of which only multiples of a right angle are meant."""
    # The matrix follows 40 bytes of a version 0 header or 52 of a version 1 (ISO/IEC 14496-12, 8.3.2).
    at = 52 if tkhd[:1] == b"\1" else 40
    if len(tkhd) < at + 36:
        return 0
    a, b = (int.from_bytes(tkhd[at + 4 * each : at + 4 * each + 4], "big", signed=True) for each in (0, 1))
    return round(degrees(atan2(b, a)) / 90) * 90 % 360


def _carried(file: BinaryIO, box: Box) -> set[str]:
    """Name what a box carries that is no part of sound or picture."""
    if box.type == b"uuid" or (not box.path and box.type in (b"meta", b"udta")):
        return {"private"}
    if box.path[-1:] != (b"udta",):
        return set()
    # ffmpeg writes an empty list of iTunes tags: 4 bytes of version, a handler and an ilst of 8 bytes.
    if box.type == b"meta":
        return set() if _content(file, box).endswith(b"\x00\x00\x00\x08ilst") else {"tags"}
    if box.type in (b"\xa9xyz", b"loci"):
        return {"gps"}
    return {"tags"}
