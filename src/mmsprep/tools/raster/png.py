"""PNG for graphics: lossless where it fits, else a palette."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

QUICK_PIXELS = 1_500_000
"""Above this many pixels, shrinking a PNG that fits already costs more seconds than its bytes are worth."""


def lossless(pixels: Image.Image, limit: int) -> bytes | None:
    """Give the smallest PNG with exactly these pixels, or None when it is not below *limit*."""
    import oxipng

    quick = _save(pixels)
    # oxipng saves up to about a quarter of what zlib left; where that cannot change the outcome it is wasted work.
    if len(quick) * 0.75 >= limit:
        return None
    if len(quick) < limit and pixels.width * pixels.height > QUICK_PIXELS:
        return quick
    data = oxipng.optimize_from_memory(quick, level=2, strip=oxipng.StripChunks.all())
    return data if len(data) < limit else None


def palette(pixels: Image.Image, limit: int) -> bytes | None:
    """Give a PNG of at most 256 colours, or None when it is not below *limit*."""
    import oxipng
    from PIL import Image

    method = Image.Quantize.FASTOCTREE if pixels.mode == "RGBA" else Image.Quantize.MEDIANCUT
    few = pixels.quantize(256, method=method, dither=Image.Dither.FLOYDSTEINBERG)
    data = oxipng.optimize_from_memory(_save(few), level=2, strip=oxipng.StripChunks.all())
    return data if len(data) < limit else None


def flatness(pixels: Image.Image) -> float:
    """Measure the share of pixels that equal their left neighbour: about 0.9 in screenshots, 0.1 in photographs."""
    from PIL import ImageChops

    width, height = pixels.size
    if width < 2:
        return 1.0
    differences = ImageChops.difference(pixels.crop((1, 0, width, height)), pixels.crop((0, 0, width - 1, height)))
    largest, *others = differences.split()
    for other in others:
        largest = ImageChops.lighter(largest, other)
    return largest.histogram()[0] / ((width - 1) * height)


def _save(pixels: Image.Image) -> bytes:
    buffer = BytesIO()
    pixels.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
