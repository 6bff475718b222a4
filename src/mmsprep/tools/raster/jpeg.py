"""The best JPEG below a byte limit: Robidoux's tables scaled continuously, side and quality chosen together."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from math import log, sqrt
from typing import TYPE_CHECKING

from mmsprep.fit import Fitted, fit

if TYPE_CHECKING:
    from PIL import Image

# Nicolas Robidoux's table of 2012, ImageMagick's suggestion and mozjpeg's default (its table 3), natural order.
# fmt: off
ROBIDOUX = (
    16, 16, 16, 18, 25, 37, 56, 85,
    16, 17, 20, 27, 34, 40, 53, 75,
    16, 20, 24, 31, 43, 62, 91, 135,
    18, 27, 31, 40, 53, 74, 106, 156,
    25, 34, 43, 53, 69, 94, 131, 189,
    37, 40, 62, 74, 94, 124, 169, 238,
    56, 53, 91, 106, 131, 169, 226, 311,
    85, 75, 135, 156, 189, 238, 311, 418,
)
# fmt: on

FINEST = 1 / 0.08
"""The finest tables worth their bytes, as libjpeg's quality 96: nobody has seen a difference above it."""
COARSEST = 1 / 4.0
"""As libjpeg's quality 12: below it a picture is blocks."""
SHARPEST = 1 / 0.14
BLUNTEST = 1 / 0.50
"""Between these, as libjpeg's 93 and 75, one long side is as good as another (facts/images.md)."""
HEADER_BYTES = 620
BAND = 16


def encode(pixels: Image.Image, quality: float, *, progressive: bool = False, full_colour: bool = False) -> bytes:
    """Write a JPEG whose tables are Robidoux's divided by *quality*; 1 is libjpeg's 50, `FINEST` its 96."""
    table = [min(max(round(step / quality), 1), 255) for step in ROBIDOUX]
    return _save(pixels, table, optimize=True, progressive=progressive, subsampling=0 if full_colour else 2)


def fit_jpeg(pixels: Image.Image, limit: int, largest: tuple[int, int], *, progressive: bool = False) -> bytes | None:
    """Give the JPEG of *pixels* below *limit* bytes and within *largest* pixels that looks best on a screen.

    None says that no size and quality worth looking at fits.
    """
    side = min(max(largest), first_side(pixels.size, limit))
    for _ in range(3):
        small = at_side(pixels, side)
        quality, slope = _foresee(small, limit)
        better = _better_side(side, quality, slope, max(largest))
        if 0.9 < better / side < 1.1:
            break
        side = better
    found = _fit_quality(small, limit, quality, slope, progressive=progressive)
    while found is None and side > 160:
        side = side * 2 // 3
        small = at_side(pixels, side)
        found = _fit_quality(small, limit, *_foresee(small, limit), progressive=progressive)
    if found is None:
        return None
    return _spend_on_colour(small, found, limit, progressive=progressive)


def first_side(size: tuple[int, int], limit: int) -> int:
    """Guess the best long side for a budget, for a 3:2 photograph and others of its area."""
    long_side = min(max(2048 * (limit / 600_000) ** 0.42, 1024), 3072)
    return round(sqrt(long_side * long_side / 1.5 * max(size) / min(size)))


def at_side(pixels: Image.Image, side: int) -> Image.Image:
    """Scale to a long side, keeping the shape; never enlarge."""
    from PIL import Image

    if side >= max(pixels.size):
        return pixels
    factor = side / max(pixels.size)
    width, height = (max(1, round(length * factor)) for length in pixels.size)
    return pixels.resize((width, height), Image.Resampling.LANCZOS)


def _fit_quality(
    pixels: Image.Image, limit: int, quality: float, slope: float, *, progressive: bool
) -> Fitted[bytes] | None:
    return fit(
        lambda at: encode(pixels, at, progressive=progressive),
        limit,
        size=len,
        low=COARSEST,
        high=FINEST,
        guess=quality,
        slope=slope,
    )


def _spend_on_colour(pixels: Image.Image, found: Fitted[bytes], limit: int, *, progressive: bool) -> bytes:
    """Keep the colour at full resolution too when bytes are left at the finest tables."""
    if found.quality < FINEST or pixels.mode == "L":
        return found.value
    finer = encode(pixels, FINEST, progressive=progressive, full_colour=True)
    return finer if len(finer) < limit else found.value


def _better_side(side: int, quality: float, slope: float, largest: int) -> int:
    """Move the side so that the same bytes buy a quality at which sides are about equally good."""
    wanted = min(max(quality, BLUNTEST), SHARPEST)
    # Bytes grow with about the side to the 1.6 at one quality, and with quality ** slope at one side.
    better = side * float((quality / wanted) ** (slope / 1.6))
    return min(largest, max(round(better), min(1024, largest, side)))


def _foresee(pixels: Image.Image, limit: int) -> tuple[float, float]:
    """Foresee the quality that fills *limit*, and how steeply size follows quality there, by two cheap probes."""
    sample, share = _bands(pixels)
    first, second = 1 / 0.5, 1 / 0.2
    sizes = [_probe(sample, quality, share) for quality in (first, second)]
    slope = max(log(sizes[1] / sizes[0]) / log(second / first), 0.2)
    return min(max(second * (limit * 0.985 / sizes[1]) ** (1 / slope), COARSEST), FINEST), slope


def _probe(sample: Image.Image, quality: float, share: float) -> float:
    data = encode(sample, quality)
    return HEADER_BYTES + (len(data) - HEADER_BYTES) / share


def _bands(pixels: Image.Image, every: int = 6) -> tuple[Image.Image, float]:
    """Gather rows of blocks spread over the picture, and tell what share of it they are."""
    from PIL import Image

    width, height = pixels.size
    rows = list(range(BAND * (every // 2), height - BAND, BAND * every))
    if width * height < 300_000 or len(rows) < 4:
        return pixels, 1.0
    sample = Image.new(pixels.mode, (width, BAND * len(rows)))
    for index, top in enumerate(rows):
        sample.paste(pixels.crop((0, top, width, top + BAND)), (0, index * BAND))
    return sample, BAND * len(rows) / height


def _save(pixels: Image.Image, table: list[int], **options: object) -> bytes:
    buffer = BytesIO()
    save: Callable[..., None] = pixels.save
    save(buffer, "JPEG", qtables=[table, table], **options)
    return buffer.getvalue()
