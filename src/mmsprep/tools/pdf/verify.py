"""Compare a document with what it was: its pages, its text, how its pages look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf import draw

if TYPE_CHECKING:
    from PIL import Image

TEXT_KEPT = 0.97
SIDE = 480
"""Pixels of the longer side at which pages are compared; much smaller, pdfium draws no JPEG 2000 at all."""
BLOCK = 24
BLOCK_DIFFERENCE = 48
"""Mean difference of one block, of 255, that nothing but a lost or wrong piece of the page makes."""
MEAN_DIFFERENCE = 6.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found: pages of both, the worst share of text kept, and the first page that looks different."""

    pages: tuple[int, int]
    text: float
    different: int | None

    @property
    def sound(self) -> bool:
        return self.pages[0] == self.pages[1] and self.text >= TEXT_KEPT and self.different is None


def compare(before: Path, after: Path, looked_at: Collection[int]) -> Comparison:
    """Compare all pages' text and how the pages *looked_at* look."""
    with draw.opened(before) as one, draw.opened(after) as other:
        pages = len(one), len(other)
        if pages[0] != pages[1]:
            return Comparison(pages, 0.0, None)
        kept, all_of_it = 0, 0
        for index in range(pages[0]):
            had, has = (_letters(draw.text(each, index)) for each in (one, other))
            all_of_it += had.total()
            kept += (had & has).total()
        different = next((index for index in looked_at if not _alike(one, other, index)), None)
        return Comparison(pages, kept / all_of_it if all_of_it else 1.0, different)


def _letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


def _alike(one: Any, other: Any, index: int) -> bool:
    return looks_alike(draw.render(one, index, SIDE), draw.render(other, index, SIDE))


def looks_alike(one: Image.Image, other: Image.Image) -> bool:
    """Tell whether two pictures of a page show the same, but for what compression changes."""
    from PIL import ImageChops, ImageStat

    if one.size != other.size:
        return False
    # Blocks, so that antialiasing and a shift of half a pixel do not count.
    small = [each.convert("RGB").reduce(min(BLOCK, *each.size)) for each in (one, other)]
    difference = ImageChops.difference(*small)
    found = ImageStat.Stat(difference)
    return max(high for _, high in found.extrema) <= BLOCK_DIFFERENCE and max(found.mean) <= MEAN_DIFFERENCE
