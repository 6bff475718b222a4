"""Make a document fit: without loss if that is enough, else its pictures at the resolution at which they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf import bilevel, pictures, placement
from mmsprep.tools.pdf.pictures import Written

if TYPE_CHECKING:
    import pikepdf

LADDER = ((200, 80), (150, 72), (130, 62), (110, 52), (96, 45), (72, 38))
"""Dots per inch and JPEG quality, from what no phone shows better to what is just legible."""

BILEVEL_DPI = (600, 400, 300, 300, 240, 200)
"""The same rungs for pictures of one bit: letters without greys need twice the resolution."""

WORTH = 0.92
"""A new stream replaces the old one below this share of its bytes: each generation costs quality."""


@dataclass(slots=True)
class Picture:
    """A picture that may be written anew, how large it is shown, and what it costs at each rung."""

    image: Any
    size: tuple[int, int]
    points: tuple[float, float] | None
    bytes: int
    tried: dict[int, Written | None]
    is_bilevel: bool = False

    def target(self, dpi: int) -> tuple[int, int]:
        """Give the pixels that *dpi* needs, never more than there are; all of them where the size is unknown."""
        if self.points is None:
            return self.size
        wanted = [max(1, ceil(points / 72 * dpi)) for points in self.points]
        # A tenth fewer pixels would blur and save nothing.
        scale = max(wanted[0] / self.size[0], wanted[1] / self.size[1])
        if scale > 0.9:
            return self.size
        return max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale))

    def cost(self, rung: int) -> int:
        """Give the bytes at *rung*, encoding if it has not been done."""
        if rung not in self.tried:
            written = self._write(rung)
            self.tried[rung] = written if written is not None and len(written.data) < self.bytes * WORTH else None
        written = self.tried[rung]
        return self.bytes if written is None else len(written.data)

    def _write(self, rung: int) -> Written | None:
        dpi, quality = LADDER[rung]
        try:
            if self.is_bilevel:
                return bilevel.write(self.image, self.target(BILEVEL_DPI[rung]))
            target = self.target(dpi)
            decoded = pictures.samples(self.image, target)
            return decoded and pictures.write(decoded[0], target, quality, space=decoded[1])
        except MemoryError:
            raise
        except Exception:  # what Pillow cannot decode stays as it is
            return None


def found(pdf: pikepdf.Pdf) -> list[Picture]:
    """Find the pictures that may be written anew, the heaviest first."""
    import pikepdf

    shown = placement.shown(pdf)
    made = []
    for each in pdf.objects:
        if not isinstance(each, pikepdf.Stream) or each.get("/Subtype") != "/Image":
            continue
        size, is_bilevel = len(each.read_raw_bytes()), bilevel.is_worthwhile(each)
        if size >= pictures.SMALLEST and (is_bilevel or pictures.is_worthwhile(each)):
            points, pixels = shown.sizes.get(each.objgen), (int(each.Width), int(each.Height))
            made.append(Picture(each, pixels, points, size, {}, is_bilevel))
    return sorted(made, key=lambda one: -one.bytes)


def fixed_bytes(pdf: pikepdf.Pdf, made: list[Picture]) -> int:
    """Count the bytes of the pictures that may not be written anew."""
    import pikepdf

    ours = {one.image.objgen for one in made}
    shown = (each for each in pdf.objects if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image")
    return sum(len(each.read_raw_bytes()) for each in shown if each.objgen not in ours)


def fit(made: list[Picture], rest: int, limit: int) -> dict[int, int] | None:
    """Choose a rung for each picture so that *rest* and they stay below *limit*; None when not even the last does.

    *rest* is what the document has besides them. Rungs that the first one shows to be hopeless are left out.
    Where one rung is too much and the next leaves room, pictures shown largest keep the better one.
    """
    room = limit - rest
    if room <= 0:
        return None
    rung, above = 0, None
    while (total := sum(one.cost(rung) for one in made)) >= room:
        if rung == len(LADDER) - 1:
            return None
        above, rung = rung, _next(rung, total, room)
    chosen = dict.fromkeys(range(len(made)), rung)
    if above is not None and above == rung - 1:
        for index, extra in _dearest(made, rung):
            if total + extra < room:
                chosen[index], total = above, total + extra
    return chosen


def _next(rung: int, total: int, room: int) -> int:
    """Foresee the rung that fits: bytes go about with pixels, and with a power of the quality."""
    for lower in range(rung + 1, len(LADDER)):
        dpi, quality = LADDER[lower]
        shrink = (dpi / LADDER[rung][0]) ** 1.5 * (quality / LADDER[rung][1]) ** 0.8
        if total * shrink < room:
            return lower
    return len(LADDER) - 1


def _dearest(made: list[Picture], rung: int) -> Iterator[tuple[int, int]]:
    """Give each picture's extra bytes one rung up, those shown largest first."""
    order = sorted(range(len(made)), key=lambda index: -_area(made[index]))
    for index in order:
        yield index, made[index].cost(rung - 1) - made[index].cost(rung)


def _area(one: Picture) -> float:
    return one.points[0] * one.points[1] if one.points else 0.0


def apply(pdf: pikepdf.Pdf, made: list[Picture], chosen: dict[int, int]) -> list[int]:
    """Write the chosen pictures into the document and return the pages that show them, the heaviest picture's first."""
    shown = placement.shown(pdf).pages
    pages: dict[int, None] = {}
    for index, rung in chosen.items():
        one = made[index]
        one.cost(rung)
        written = one.tried[rung]
        if written is not None:
            (bilevel if one.is_bilevel else pictures).replace(one.image, written)
            if (page := shown.get(one.image.objgen)) is not None:
                pages[page] = None
    return list(pages)
