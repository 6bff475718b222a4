"""The photo of a card: a small square JPEG that every handset can show, and nothing but its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect import detect
from mmsprep.detect.picture import FORMATS, open_picture
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts
from mmsprep.tools.raster import colour, jpeg
from mmsprep.tools.raster.decode import coded_bytes, decode, turning

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 320
"""Pixels: what iPhones write, and more than a list of contacts shows."""
SIDES = (SIDE, 240, 160, 96)
QUALITIES = (6.25, 5.0, 3.3, 2.0, 1.25)
"""As libjpeg's 92, 90, 85, 75, 60: a smaller photo looks better than a coarser one."""
MOST_BYTES = 30_000
LEAST_BYTES = 1_500
"""Below it a face is a few blocks."""
WIDEST = 2.0
"""A shape longer than this is a logo or a banner: cutting a square out of it would lose what it says."""
UPPER = 0.35
"""Where in an upright photo's spare height the square begins: faces are above the middle."""

PIXELS = 8_000_000
"""Of a photo that is decoded whole, as all but JPEGs are: a card has 128 MB (`limits.allowance`)."""
PROGRESSIVE_PIXELS = 12_000_000
"""A progressive JPEG holds all its coefficients in memory, however small it is decoded."""
BASELINE_PIXELS = 100_000_000


def square(data: bytes, workdir: Path, limits: Limits, *, below: int) -> tuple[bytes, bool]:
    """Give the photo as a square JPEG smaller than *below* bytes, and whether all of it could be decoded.

    Raises Rejected when there is no showing it.
    """
    if below < LEAST_BYTES:
        raise Rejected("cannot-fit", "there is no room for it")
    path = workdir / ".photo"
    path.write_bytes(data)
    try:
        pixels, whole = _pixels(path, limits)
    except (Rejected, MemoryError):
        raise
    except Exception as error:  # what Pillow raises late: the first frame of a GIF that breaks off has no mode
        raise Rejected("damaged", "it breaks off; use a JPEG or PNG") from error
    finally:
        path.unlink()
    for side in SIDES:
        small = jpeg.at_side(pixels, side)
        for quality in QUALITIES:
            if len(found := jpeg.encode(small, quality)) < min(below, MOST_BYTES):
                return found, whole
    raise Rejected("cannot-fit", "there is no room for it")


def _pixels(path: Path, limits: Limits) -> tuple[Image, bool]:
    facts = detect(path, limits)
    if facts.type not in FORMATS:
        raise Rejected("unknown-type", f"it is {facts.type}; use a JPEG or PNG")
    most = _most_pixels(facts)
    if facts.pixels > most:
        raise Rejected("too-many-pixels", f"it has {facts.pixels / 1e6:,.0f} megapixels; use a smaller one")
    picture = open_picture(path, facts.type)
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (2 * SIDE, 2 * SIDE))
    whole = decode(picture)
    if facts.type == "image/jpeg":
        whole = whole and coded_bytes(path) is not None
    if picture.im.mode != picture.mode:
        # Of a GIF that breaks off Pillow tells the mode that it would have had.
        picture = picture.copy()
    # The profile describes pixels that scaling keeps, so it is cheaper to convert the few that are left.
    few: Image = _scaled(picture) if picture.mode in ("RGB", "RGBA", "L", "LA", "CMYK") else picture
    shown = colour.flatten(colour.bare(colour.srgb(few, picture.info.get("icc_profile"))))
    turn = turning(picture)
    return _squared(_scaled(shown if turn is None else shown.transpose(turn))), whole


def _most_pixels(facts: Facts) -> int:
    if facts.type != "image/jpeg":
        return PIXELS
    return PROGRESSIVE_PIXELS if facts.progressive else BASELINE_PIXELS


def _scaled(pixels: Image) -> Image:
    """Scale so that the shorter side is no more than the square's, or the longer one for a banner."""
    short, long = sorted(pixels.size)
    side = long if long > WIDEST * short else short
    return jpeg.at_side(pixels, round(long * SIDE / side)) if side > SIDE else pixels


def _squared(pixels: Image) -> Image:
    """Cut the square out of a photo, or lay a banner on white."""
    width, height = pixels.size
    short, long = sorted(pixels.size)
    if long > WIDEST * short:
        from PIL import Image

        paper = Image.new("RGB", (long, long), "white")
        paper.paste(pixels, ((long - width) // 2, (long - height) // 2))
        return paper
    left, top = (width - short) // 2, round((height - short) * UPPER)
    return pixels.crop((left, top, left + short, top + short))
