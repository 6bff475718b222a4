"""Take the outlines of unused glyphs out of a font program, their numbers and all else staying as they are."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from itertools import pairwise

# OpenType 1.9: what a reader needs to draw glyphs by number, and the tables that only typesetting needs.
_TYPESETTING = frozenset(
    "GSUB GPOS GDEF BASE JSTF MATH DSIG kern hdmx VDMX LTSH PCLT FFTM meta morx mort feat prop lcar opbd trak bsln "
    "Zapf just EBDT EBLC EBSC CBDT CBLC COLR CPAL SVG  sbix STAT TTFA".split()
)
_COMPOSITE_WORDS, _COMPOSITE_SCALE, _COMPOSITE_MORE, _COMPOSITE_XY, _COMPOSITE_MATRIX = 0x1, 0x8, 0x20, 0x40, 0x80
_ENDCHAR = b"\x0e"
_CHARSET, _CHARSTRINGS, _ROS = 15, 17, (12, 30)


class NotUnderstood(Exception):
    """Say that a font program is not of a form that can be cut safely."""


def cut_truetype(data: bytes, glyphs: Collection[int]) -> bytes:
    """Rewrite a TrueType program with the outlines of *glyphs* and of the parts they are composed of."""
    parts = dict(tables(data))
    if not {"glyf", "loca", "head", "maxp"} <= parts.keys():
        raise NotUnderstood
    offsets = _glyph_offsets(parts)
    kept = _with_parts(glyphs, parts["glyf"], offsets)
    outlines, starts = bytearray(), [0]
    for number in range(len(offsets) - 1):
        if number in kept:
            outline = parts["glyf"][offsets[number] : offsets[number + 1]]
            outlines += outline + bytes(-len(outline) % 4)
        starts.append(len(outlines))
    parts["glyf"] = bytes(outlines)
    parts["loca"] = struct.pack(f">{len(starts)}I", *starts)
    head = bytearray(parts["head"])
    head[8:12] = bytes(4)  # the checksum of the whole, filled in below
    head[50:52] = b"\0\1"  # long offsets
    parts["head"] = bytes(head)
    return _assembled(data[:4], {name: table for name, table in parts.items() if name not in _TYPESETTING})


def cut_cff(data: bytes, wanted: Collection[int]) -> bytes:
    """Overwrite in a CFF program the charstrings of all but the *wanted* characters, which packs to nothing.

    Numbers are CIDs where the font is keyed by them, else glyph numbers. Offsets stay, so nothing else changes.
    """
    top = _dict(next(iter(_index_items(data, _index_end(data, data[2])))))
    if _CHARSTRINGS not in top:
        raise NotUnderstood
    strings = list(_index_spans(data, top[_CHARSTRINGS]))
    characters = _charset(data, top.get(_CHARSET, 0), len(strings)) if _ROS in top else range(len(strings))
    cut = bytearray(data)
    for (start, end), character in zip(strings, characters, strict=True):
        if character not in wanted and character != 0 and end - start > 1:
            cut[start:end] = _ENDCHAR + bytes(end - start - 1)
    return bytes(cut)


def cut_opentype(data: bytes, wanted: Collection[int]) -> bytes:
    """Cut a font with either kind of outlines."""
    parts = dict(tables(data))
    if "CFF " not in parts:
        return cut_truetype(data, wanted)
    parts["CFF "] = cut_cff(parts["CFF "], wanted)
    return _assembled(data[:4], {name: table for name, table in parts.items() if name not in _TYPESETTING})


def tables(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Give each table of a font file by its name."""
    if data[:4] not in (b"\0\1\0\0", b"true", b"OTTO"):
        raise NotUnderstood
    for index in range(int.from_bytes(data[4:6], "big")):
        name, _, start, length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if start + length > len(data) + 3:
            raise NotUnderstood
        yield name.decode("latin-1"), data[start : start + length]


def _glyph_offsets(tables: dict[str, bytes]) -> tuple[int, ...]:
    count = int.from_bytes(tables["maxp"][4:6], "big") + 1
    if tables["head"][50:52] == b"\0\0":
        offsets = tuple(2 * each for each in struct.unpack_from(f">{count}H", tables["loca"]))
    else:
        offsets = struct.unpack_from(f">{count}I", tables["loca"])
    if any(later < earlier for earlier, later in pairwise(offsets)):
        raise NotUnderstood
    return offsets


def _with_parts(glyphs: Collection[int], outlines: bytes, offsets: tuple[int, ...]) -> set[int]:
    """Add to *glyphs* those that composite glyphs among them refer to."""
    kept, waiting = set[int](), [0, *glyphs]
    while waiting:
        number = waiting.pop()
        if number in kept or not 0 <= number < len(offsets) - 1:
            continue
        kept.add(number)
        outline = outlines[offsets[number] : offsets[number + 1]]
        if len(outline) > 10 and outline[0] & 0x80:
            waiting += _parts(outline)
    return kept


def _parts(outline: bytes) -> Iterator[int]:
    """Give the glyph numbers of a composite glyph's parts (OpenType, table glyf)."""
    at, more = 10, True
    while more and at + 4 <= len(outline):
        flags, number = struct.unpack_from(">HH", outline, at)
        yield number
        at += 4 + (4 if flags & _COMPOSITE_WORDS else 2)
        if flags & _COMPOSITE_SCALE:
            at += 2
        elif flags & _COMPOSITE_XY:
            at += 4
        elif flags & _COMPOSITE_MATRIX:
            at += 8
        more = bool(flags & _COMPOSITE_MORE)


def _assembled(version: bytes, tables: dict[str, bytes]) -> bytes:
    """Write tables as one font file with its checksums (OpenType, organization of a font)."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    header = version + struct.pack(">HHHH", count, power * 16, power.bit_length() - 1, (count - power) * 16)
    at = len(header) + 16 * count
    records, body, head_at = b"", b"", None
    for name in sorted(tables):
        table = tables[name]
        if name == "head":
            head_at = at
        records += struct.pack(">4sIII", name.encode("latin-1"), _checksum(table), at, len(table))
        padded = table + bytes(-len(table) % 4)
        body += padded
        at += len(padded)
    font = bytearray(header + records + body)
    if head_at is not None:
        font[head_at + 8 : head_at + 12] = struct.pack(">I", (0xB1B0AFBA - _checksum(bytes(font))) & 0xFFFFFFFF)
    return bytes(font)


def _checksum(table: bytes) -> int:
    padded = table + bytes(-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def _index_spans(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Give where each item of a CFF INDEX lies (Adobe TN 5176, 5)."""
    count = int.from_bytes(data[at : at + 2], "big")
    if not count:
        return
    size = data[at + 2]
    table, base = at + 3, at + 2 + (count + 1) * size
    if not 1 <= size <= 4 or base > len(data):
        raise NotUnderstood
    offsets = [
        int.from_bytes(data[table + size * each : table + size * (each + 1)], "big") for each in range(count + 1)
    ]
    for start, end in pairwise(offsets):
        if not 1 <= start <= end or base + end > len(data):
            raise NotUnderstood
        yield base + start, base + end


def _index_items(data: bytes, at: int) -> Iterator[bytes]:
    return (data[start:end] for start, end in _index_spans(data, at))


def _index_end(data: bytes, at: int) -> int:
    spans = list(_index_spans(data, at))
    return spans[-1][1] if spans else at + 2


def _dict(data: bytes) -> dict[int | tuple[int, int], int]:
    """Read a DICT's integer operands by operator (TN 5176, 4); of several the last."""
    found: dict[int | tuple[int, int], int] = {}
    at, operand = 0, 0
    while at < len(data):
        first = data[at]
        at += 1
        if first == 12:
            found[12, data[at]] = operand
            at += 1
        elif first <= 21:
            found[first] = operand
        elif first == 28:
            operand, at = int.from_bytes(data[at : at + 2], "big", signed=True), at + 2
        elif first == 29:
            operand, at = int.from_bytes(data[at : at + 4], "big", signed=True), at + 4
        elif first == 30:
            while at < len(data) and data[at] & 0xF != 0xF and data[at] >> 4 != 0xF:
                at += 1
            at += 1
        elif first <= 246:
            operand = first - 139
        elif first <= 250:
            operand, at = (first - 247) * 256 + data[at] + 108, at + 1
        else:
            operand, at = -(first - 251) * 256 - data[at] - 108, at + 1
    return found


def _charset(data: bytes, at: int, count: int) -> list[int]:
    """Give each glyph's CID (TN 5176, 13)."""
    if at <= 2:
        raise NotUnderstood
    kind, characters = data[at], [0]
    at += 1
    while len(characters) < count and at + 2 <= len(data):
        first = int.from_bytes(data[at : at + 2], "big")
        at += 2
        left = 0
        if kind == 1:
            left, at = data[at], at + 1
        elif kind == 2:
            left, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        elif kind != 0:
            raise NotUnderstood
        characters += range(first, first + left + 1)
    if len(characters) < count:
        raise NotUnderstood
    return characters[:count]
