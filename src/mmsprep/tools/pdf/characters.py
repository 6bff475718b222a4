"""Which glyphs of a TrueType program a simple font may show for its one-byte characters.

Readers differ in how they look a character up (ISO 32000-1, 9.6.6.4), so every way is followed and all that
any of them finds is kept: too many glyphs cost a few bytes, one too few a hole in a word.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from typing import Any

from mmsprep.tools.pdf.outlines import NotUnderstood, tables

_BLANK = frozenset({0x00, 0x09, 0x0A, 0x0D, 0x20, 0xA0, 0xAD})
_SYMBOL_PAGES = (0x0000, 0xF000, 0xF100, 0xF200)
_MACINTOSH = 1
_UNICODE_NAME = re.compile(r"/u(?:ni)?([0-9A-F]{4,5})")


def glyphs(program: bytes, font: Any, characters: Collection[int]) -> set[int]:
    """Give the glyphs of *characters*; raises NotUnderstood when one of them is found in no way."""
    maps = list(_maps(dict(tables(program)).get("cmap", b"")))
    names = dict(_differences(font))
    found: set[int] = set()
    for character in characters:
        if character in names and not names[character]:
            raise NotUnderstood
        here = {
            each[code]
            for platform, each in maps
            for code in _codes(character, names.get(character, ""), platform)
            if code in each
        }
        if not here and character not in _BLANK:
            raise NotUnderstood
        found |= here
    return found


def _codes(character: int, name: str, platform: int) -> Iterator[int]:
    """Give the codes by which a character table of *platform* may be asked for *character*."""
    byte = bytes([character])
    texts = {name} if name else {byte.decode("cp1252", "ignore"), byte.decode("mac_roman"), _standard(character)}
    texts.discard("")
    if platform == _MACINTOSH:
        yield character
        yield from (each.encode("mac_roman")[0] for each in texts if each.encode("mac_roman", "ignore"))
        return
    yield from (page + character for page in _SYMBOL_PAGES)
    yield from (ord(each) for each in texts if len(each) == 1)


def _standard(character: int) -> str:
    from pypdf._codecs.std import _std_encoding

    return str(_std_encoding[character])


def _differences(font: Any) -> Iterator[tuple[int, str]]:
    """Give what the font's own encoding calls each character: a letter, or nothing for an unknown name."""
    import pikepdf

    encoding = font.get("/Encoding")
    listed = encoding.get("/Differences") if isinstance(encoding, pikepdf.Dictionary) else None
    at = 0
    for each in listed if isinstance(listed, pikepdf.Array) else ():
        if isinstance(each, pikepdf.Name):
            yield at, _letter(str(each))
            at += 1
        else:
            at = int(each)


def _letter(name: str) -> str:
    """Give the letter that a glyph's name stands for, or nothing (Adobe Glyph List specification, 2)."""
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    if found := _UNICODE_NAME.fullmatch(name):
        return chr(int(found[1], 16))
    return adobe_glyphs.get(name, "")


def _maps(table: bytes) -> Iterator[tuple[int, dict[int, int]]]:
    """Read each character table of a font (OpenType, cmap) in the formats that PDF fonts have."""
    if len(table) < 4:
        return
    for index in range(int.from_bytes(table[2:4], "big")):
        platform, _, start = struct.unpack_from(">HHI", table, 4 + 8 * index)
        kind = int.from_bytes(table[start : start + 2], "big")
        readers = {0: _bytes, 4: _segments, 6: _trimmed, 12: _groups}
        if kind not in readers:
            raise NotUnderstood
        yield platform, dict(readers[kind](table[start:]))


def _bytes(table: bytes) -> Iterator[tuple[int, int]]:
    return enumerate(table[6:262])


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    count = int.from_bytes(table[6:8], "big") // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", table, 16 + 4 * count)
    at = 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", table, at)
    for index in range(count):
        for code in range(starts[index], min(ends[index], 0xFFFE) + 1):
            glyph = code
            if offsets[index]:
                where = at + 2 * index + offsets[index] + 2 * (code - starts[index])
                glyph = int.from_bytes(table[where : where + 2], "big")
                if not glyph:
                    continue
            yield code, (glyph + deltas[index]) & 0xFFFF


def _trimmed(table: bytes) -> Iterator[tuple[int, int]]:
    first, count = struct.unpack_from(">HH", table, 6)
    return enumerate(struct.unpack_from(f">{count}H", table, 10), first)


def _groups(table: bytes) -> Iterator[tuple[int, int]]:
    for index in range(int.from_bytes(table[12:16], "big")):
        start, end, glyph = struct.unpack_from(">III", table, 16 + 12 * index)
        if end - start > 0xFFFF:
            raise NotUnderstood
        yield from zip(range(start, end + 1), range(glyph, glyph + end - start + 1), strict=True)
