"""Decode a huge HEIC a few rows of tiles at a time: as a whole libheif holds it two and a half times.

Phones write a large picture as a grid of tiles (ISO/IEC 23008-12, 6.6.2.3). From some of its rows a small HEIC is
made in memory, which is decoded, reduced and pasted; boxes and their fields are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mmsprep.tools.raster.boxes import associations, box, boxes, places, primary, references, span

if TYPE_CHECKING:
    from PIL import Image

STRIP_PIXELS = 20_000_000
"""What is decoded at once: 150 MB."""
MOST_TILES = 10_000
ESSENTIAL = 0x80
TURNS = (b"irot", b"imir")
FOREIGN = frozenset({b"clap", *TURNS})
"""What is done to the whole picture: turned here, at the end."""


class Unsuited(Exception):
    """Not a grid, or one of a kind that phones do not write: to be decoded as a whole."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture of tiles: how many, its size, each tile's bytes, and what libheif has to know of tiles and whole."""

    columns: int
    rows: int
    size: tuple[int, int]
    tile: tuple[int, int]
    tiles: tuple[bytes, ...]
    properties: tuple[bytes, ...]
    colours: tuple[bytes, ...]
    turns: tuple[bytes, ...]

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Find the primary picture's tiles; raises Unsuited."""
        try:
            return cls._read(data)
        except (KeyError, IndexError, struct.error, ValueError) as error:
            raise Unsuited from error

    @classmethod
    def _read(cls, data: bytes) -> Self:
        meta = dict(boxes(dict(boxes(data))[b"meta"][4:]))
        shown = primary(meta[b"pitm"])
        lying, own = places(meta[b"iloc"]), dict(boxes(meta[b"iprp"]))
        known = list(boxes(own[b"ipco"]))
        linked = associations(own[b"ipma"])
        made_of = references(meta[b"iref"])[shown]
        method, spans = lying[shown]
        described = span(meta[b"idat"] if method == 1 else data, spans)
        wide = ">BBBBII" if described[1] & 1 else ">BBBBHH"
        _, _, rows, columns, width, height = struct.unpack(wide, described[: struct.calcsize(wide)])
        of_tile = [known[index - 1] for index in linked[made_of[0]]]
        of_whole = [known[index - 1] for index in linked[shown]]
        if len(made_of) != (rows + 1) * (columns + 1) or len(made_of) > MOST_TILES or b"clap" in dict(of_whole):
            raise Unsuited
        return cls(
            columns + 1,
            rows + 1,
            (width, height),
            struct.unpack(">II", dict(of_tile)[b"ispe"][4:12]),
            tuple(span(data, lying[each][1]) for each in made_of),
            tuple(box(kind, content) for kind, content in of_tile if kind not in FOREIGN),
            tuple(box(kind, content) for kind, content in of_whole if kind == b"colr"),
            tuple(kind + content for kind, content in of_whole if kind in TURNS),
        )

    def strip(self, first: int, count: int) -> bytes:
        """Write a HEIC of some rows of tiles."""
        chosen = self.tiles[first * self.columns : (first + count) * self.columns]
        height = min(count * self.tile[1], self.size[1] - first * self.tile[1])
        return container(chosen, self.columns, (self.size[0], height), self.properties, self.colours)


def reduced(path: Path, factor: int, strip_pixels: int = STRIP_PIXELS) -> Image.Image | None:
    """Decode a HEIC of tiles at a whole part of its size, upright as its container says; None where it is none."""
    import pi_heif
    from PIL import Image

    try:
        grid = Grid.read(path.read_bytes())
        step = max(1, strip_pixels // (grid.size[0] * grid.tile[1]))
        if grid.tile[1] % factor:
            return None
        small = Image.new("RGB", (-(-grid.size[0] // factor), -(-grid.size[1] // factor)))
        for first in range(0, grid.rows, step):
            part = pi_heif.open_heif(BytesIO(grid.strip(first, min(step, grid.rows - first)))).to_pillow()
            small.paste(part.convert("RGB").reduce(factor), (0, first * grid.tile[1] // factor))
    except (Unsuited, OSError, ValueError, RuntimeError, EOFError, SyntaxError):
        return None
    return _turned(small, grid.turns)


def _turned(picture: Image.Image, turns: tuple[bytes, ...]) -> Image.Image:
    """Turn and mirror in the order in which the container says so (6.5.10 and 6.5.12)."""
    from PIL.Image import Transpose

    for turn in turns:
        if turn[:4] == b"irot":
            for _ in range(turn[4] & 3):
                picture = picture.transpose(Transpose.ROTATE_90)
        else:
            picture = picture.transpose(Transpose.FLIP_LEFT_RIGHT if turn[4] & 1 else Transpose.FLIP_TOP_BOTTOM)
    return picture


def container(
    tiles: tuple[bytes, ...],
    columns: int,
    size: tuple[int, int],
    properties: tuple[bytes, ...],
    colours: tuple[bytes, ...],
) -> bytes:
    """Lay out a file: item 1 is the grid, the others are its tiles."""
    count, grid = len(tiles), struct.pack(">BBBBII", 0, 1, len(tiles) // columns - 1, columns - 1, *size)
    kinds = [b"grid", *[b"hvc1"] * count]
    entries = [_full(b"infe", 2, struct.pack(">HH", number, 0) + kind + b"\0") for number, kind in enumerate(kinds, 1)]
    numbers = struct.pack(f">HH{count}H", 1, count, *range(2, count + 2))
    whole = [_full(b"ispe", 0, struct.pack(">II", *size)), *colours]
    of_tile = bytes(ESSENTIAL | number for number in range(1, len(properties) + 1))
    of_whole = bytes(range(len(properties) + 1, len(properties) + len(whole) + 1))
    links = [struct.pack(">HB", 1, len(of_whole)) + of_whole]
    links += [struct.pack(">HB", number, len(of_tile)) + of_tile for number in range(2, count + 2)]
    shared = [
        _full(b"hdlr", 0, b"\0\0\0\0pict" + b"\0" * 13),
        _full(b"pitm", 0, struct.pack(">H", 1)),
        _full(b"iinf", 0, struct.pack(">H", count + 1) + b"".join(entries)),
        _full(b"iref", 0, box(b"dimg", numbers)),
        box(b"iprp", box(b"ipco", b"".join((*properties, *whole))), _full(b"ipma", 0, _counted(links))),
        box(b"idat", grid),
    ]
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(at: int) -> bytes:
        entries = [struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(grid))]
        for number, tile in enumerate(tiles, 2):
            entries.append(struct.pack(">HHHHII", number, 0, 0, 1, at, len(tile)))
            at += len(tile)
        located = _full(b"iloc", 1, b"\x44\0" + struct.pack(">H", count + 1) + b"".join(entries))
        return _full(b"meta", 0, *shared, located)

    begins = len(start) + len(meta(0)) + 8
    return start + meta(begins) + box(b"mdat", *tiles)


def _full(kind: bytes, version: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24), *parts)


def _counted(entries: list[bytes]) -> bytes:
    return struct.pack(">I", len(entries)) + b"".join(entries)
