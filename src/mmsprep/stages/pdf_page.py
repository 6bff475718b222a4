"""The PDF page stage: where a document may not leave, pictures of its first pages do."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.document import TYPE, open_document
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Event, Job, Stage
from mmsprep.tools.pdf import draw, forms, verdict
from mmsprep.tools.raster import jpeg, png
from mmsprep.tools.wishes import refused

if TYPE_CHECKING:
    from PIL import Image

SIDE = 2200
"""Pixels of a page's longer side: 190 dpi for A4, so that small print is sharp when it is zoomed into."""
NARROW, TALLEST = 700, 8_000
"""Of a longer page, such as a receipt, the pixels across that are wanted, and down, which phones still open."""
LEAST_DPI = 58
"""Below it ordinary letters cannot be read."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take a PDF where PDF may not leave but a picture may."""
    return media.facts.type == TYPE and TYPE not in profile.types and bool(profile.types & {"image/jpeg", "image/png"})


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Draw the first pages, as many as the option ``pages`` wants, one picture each."""
    with open_document(media.path) as pdf:
        verdict.judge(media.path, pdf, job.limits)
        forms.examine(pdf, media.path)
        pages = len(pdf.pages)
        wanted = min(_wanted(job), pages, job.profile.max_files)
        sizes = [verdict.page_size(pdf.pages[index]) for index in range(wanted)]
    made = []
    with draw.opened(media.path) as document:
        for index, size in enumerate(sizes):
            job.emit(Event("pdf_page", index / wanted))
            side = _side(size, job)
            if _is_illegible(size, side):
                job.warn(f"page {index + 1} is very long, so its letters may be too small to read; send a part of it")
            made.append(_write(draw.render(document, index, side), job))
    if left := pages - wanted:
        shown = "the first page is" if wanted == 1 else f"the first {wanted} pages are"
        job.warn(f"{job.profile.name} takes no PDF: {shown} sent as pictures, {left:,} left out")
    return tuple(made)


STAGE = Stage("pdf_page", accepts, run, options=frozenset({"pages"}))


def _wanted(job: Job) -> int:
    pages = job.options.get("pages", 1)
    if not str(pages).isdecimal() or int(pages) < 1:
        raise refused("pages", pages, "a number from 1 on")
    return int(pages)


def _side(size: tuple[float, float], job: Job) -> int:
    """Choose the pixels of a page's longer side, *size* in points: more for a page that is very long."""
    short, long = (max(1.0, each) for each in sorted(size))
    # No more pixels in all than a square page has.
    side = max(SIDE, min(NARROW * long / short, SIDE * sqrt(long / short), TALLEST))
    return max(job.profile.within(max(1, round(side * short / long)), round(side)))


def _is_illegible(size: tuple[float, float], side: int) -> bool:
    short, long = sorted(size)
    return long > 3 * short and side / long * 72 < LEAST_DPI


def _write(pixels: Image.Image, job: Job) -> Path:
    """Write one page: PNG where it is sharp and small, as text on white is, else JPEG."""
    pixels = _grey_if_it_is(jpeg.at_side(pixels, max(job.profile.within(*pixels.size))))
    data, suffix = _as_png(pixels, job), ".png"
    if data is None:
        data, suffix = _as_jpeg(pixels, job), ".jpg"
    if data is None:
        raise Rejected("cannot-fit", "no picture of a page worth reading fits; allow more bytes")
    path = job.new_path(suffix)
    path.write_bytes(data)
    return path


def _as_png(pixels: Image.Image, job: Job) -> bytes | None:
    if "image/png" not in job.profile.types:
        return None
    limit = job.profile.limit("image/png")
    return png.lossless(pixels, limit)


def _as_jpeg(pixels: Image.Image, job: Job) -> bytes | None:
    if "image/jpeg" not in job.profile.types:
        return None
    profile = job.profile
    return jpeg.fit_jpeg(
        pixels, profile.limit("image/jpeg"), max(profile.within(*pixels.size)), progressive=profile.progressive
    )


def _grey_if_it_is(pixels: Image.Image) -> Image.Image:
    """Give one channel of a page without colour: a third of the work and fewer bytes."""
    from PIL import ImageChops, ImageStat

    red, green, blue = pixels.split()
    for other in (red, blue):
        if ImageStat.Stat(ImageChops.difference(green, other)).extrema[0][1] > 2:
            return pixels
    return green
