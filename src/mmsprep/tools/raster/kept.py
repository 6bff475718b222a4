"""A JPEG that fits is written anew as coarsely as it was: a finer one would be larger and show nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mmsprep.detect.picture import open_picture
from mmsprep.errors import Rejected
from mmsprep.tools.raster.colour import bare
from mmsprep.tools.raster.decode import coded_bytes, decode
from mmsprep.tools.raster.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

FULL, HALF, QUARTER = 0, 1, 2
"""Pillow's names for 4:4:4, 4:2:2 and 4:2:0."""
UNITS = {FULL: (8, 8), HALF: (16, 8), QUARTER: (16, 16)}
"""The pixels that are coded together, in width and height (ITU T.81, A.2.3)."""

TYPE = "image/jpeg"
ROOM = 1.1
"""What of the limit a JPEG may take to be tried: better codes save some percent, and a baseline needs some more."""


def rewritten(path: Path, limit: int, *, progressive: bool) -> tuple[bytes, bool] | None:
    """Write a JPEG below *limit* bytes, upright and without its notes, with hardly a coefficient changed.

    Tells too whether all of it could be decoded. None for what does not fit, or has to be cut or coloured anew for its
    turn or its profile.
    """
    size = coded_bytes(path)
    if (size or path.stat().st_size) > ROOM * limit:
        return None
    picture = open_picture(path, TYPE)
    view, coding = View.of(path, TYPE, picture), Coding.of(picture)
    if coding is None or view.recolours(picture.mode):
        return None
    after = coding if view.turn is None else coding.turned(view.turn, picture.size)
    if after is None:
        return None
    try:
        pixels, whole = _components(path, coding, view.turn)
    except Rejected:
        return None
    data = after.encode(pixels, progressive=progressive)
    return (data, whole and size is not None) if len(data) < limit else None


def _components(path: Path, coding: Coding, turn: Image.Transpose | None) -> tuple[Image.Image, bool]:
    """Decode brightness and colours as they are coded, where a viewer would smooth colours over and round to RGB; turn.

    At half its size libjpeg scales quartered colours not at all. Tells too whether all were there. Raises `Rejected`
    where nothing was, or RGB was coded.
    """
    from PIL import Image

    def turned(pixels: Image.Image) -> Image.Image:
        return pixels if turn is None else pixels.transpose(turn)

    full = open_picture(path, TYPE)
    width, height = full.size
    quartered = coding.sampling == QUARTER and min(width, height) > 1
    full.draft("L" if quartered else "YCbCr", full.size)
    whole = decode(full)
    luma = turned(full)
    if not quartered:
        return bare(luma), whole
    half = open_picture(path, TYPE)
    half.draft("YCbCr", (width // 2, height // 2))
    whole = decode(half) and whole
    small = [turned(band) for band in half.split()[1:]]
    bands = [band.resize((2 * band.width, 2 * band.height), Image.Resampling.NEAREST) for band in small]
    return bare(Image.merge("YCbCr", [luma, *(band.crop((0, 0, *luma.size)) for band in bands)])), whole


@dataclass(frozen=True, slots=True)
class Coding:
    """How a JPEG was coded: its quantisation tables in natural order, and how its colour is sampled."""

    tables: tuple[tuple[int, ...], ...]
    sampling: int

    @classmethod
    def of(cls, picture: Image.Image) -> Self | None:
        """Read how an opened picture was coded; None for what is no JPEG, or one of another kind than phones make."""
        from PIL import JpegImagePlugin

        tables = getattr(picture, "quantization", None)
        if not tables or picture.mode not in {"RGB", "L"} or any(len(table) != 64 for table in tables.values()):
            return None
        sampling = JpegImagePlugin.get_sampling(picture) if picture.mode == "RGB" else FULL
        return cls(tuple(tuple(tables[key]) for key in sorted(tables))[:2], sampling if sampling >= 0 else FULL)

    def turned(self, turn: Image.Transpose, size: tuple[int, int]) -> Coding | None:
        """Give the coding of the same picture after *turn*; None where its blocks would be cut anew.

        Coding begins at the left and at the top, so an end that comes to lie there must not cut through a block.
        On its side, rows and columns of frequencies change places.
        """
        mirrored, on_its_side = _turns()[turn]
        units = UNITS[self.sampling]
        if any(ends and length % unit for ends, length, unit in zip(mirrored, size, units, strict=True)):
            return None
        if not on_its_side:
            return self
        tables = tuple(tuple(table[8 * (at % 8) + at // 8] for at in range(64)) for table in self.tables)
        return Coding(tables, FULL if self.sampling == HALF else self.sampling)

    def encode(self, pixels: Image.Image, *, progressive: bool) -> bytes:
        """Write *pixels* with these tables: where they come from such a JPEG, hardly a coefficient changes."""
        buffer = BytesIO()
        save: Callable[..., None] = pixels.save
        tables = [[min(max(step, 1), 255) for step in table] for table in self.tables]
        save(buffer, "JPEG", qtables=tables, subsampling=self.sampling, optimize=True, progressive=progressive)
        return buffer.getvalue()


def _turns() -> dict[Image.Transpose, tuple[tuple[bool, bool], bool]]:
    """Tell what each turn does: whether the stored right and lower ends come first, and whether it lays on the side."""
    from PIL import Image

    turn = Image.Transpose
    return {
        turn.FLIP_LEFT_RIGHT: ((True, False), False),
        turn.FLIP_TOP_BOTTOM: ((False, True), False),
        turn.ROTATE_180: ((True, True), False),
        turn.TRANSPOSE: ((False, False), True),
        turn.TRANSVERSE: ((True, True), True),
        turn.ROTATE_90: ((True, False), True),
        turn.ROTATE_270: ((False, True), True),
    }
