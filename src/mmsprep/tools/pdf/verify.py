"""Compare a document with what it was: its pages, its text, how its pages look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.errors import Rejected
from mmsprep.tools.pdf import draw

if TYPE_CHECKING:
    from PIL import Image

TEXT_KEPT = 0.97
"""The share of the letters that must still be read."""
SIDE = 480
"""Pixels of the longer side at which pages are compared; much smaller, pdfium draws no JPEG 2000 at all."""
BLOCK = 24
BLOCK_DIFFERENCE = 48
"""Mean difference of one block, of 255, that nothing but a lost or wrong piece of the page makes."""
MEAN_DIFFERENCE = 6.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found: pages of both, the share of the text that was kept, and the first page that looks different."""

    pages: tuple[int, int]
    text: float
    different: int | None
    letters: frozenset[str] = frozenset()
    """Every letter of the text that is there now."""

    def lacks(self, written: str) -> str:
        """Give the letters of *written* that are nowhere in the text."""
        return "".join(sorted(set("".join(written.split())) - self.letters))


@dataclass(frozen=True, slots=True)
class _Look:
    """What is compared of one document."""

    pages: int
    letters: list[Counter[str]]
    pictures: dict[int, Image.Image]


def compare(before: Path, after: Path, looked_at: Collection[int], *, marks: bool = True) -> Comparison:
    """Compare all pages' text and how the pages *looked_at* look, one document after the other to spare memory.

    *marks* says whether annotations were drawn into the pages.
    """
    one, other = _look(before, looked_at, marks=marks), _look(after, looked_at, marks=marks)
    if one.pages != other.pages:
        return Comparison((one.pages, other.pages), 0.0, None)
    all_of_it = sum(each.total() for each in one.letters)
    kept = sum((had & has).total() for had, has in zip(one.letters, other.letters, strict=True))
    different = (index for index in looked_at if not _alike(one, other, index))
    return Comparison(
        (one.pages, other.pages),
        kept / all_of_it if all_of_it else 1.0,
        next(different, None),
        frozenset().union(*other.letters),
    )


def _alike(one: _Look, other: _Look, index: int) -> bool:
    shown = one.pictures.get(index), other.pictures.get(index)
    if shown[0] is None or shown[1] is None:
        return shown[0] is shown[1]
    return looks_alike(shown[0], shown[1])


def _look(path: Path, looked_at: Collection[int], *, marks: bool) -> _Look:
    with draw.opened(path) as document:
        pages = len(document)
        letters, pictures = [], {}
        for index in range(pages):
            # A page that pdfium cannot load before or after says nothing: the other pages' text tells.
            letters.append(Counter[str]())
            with suppress(Rejected), draw.loaded(document, index) as page:
                letters[index] = _letters(draw.words(page))
                if index in looked_at:
                    pictures[index] = draw.drawn(page, SIDE, marks=marks)
    return _Look(pages, letters, pictures)


def _letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


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
