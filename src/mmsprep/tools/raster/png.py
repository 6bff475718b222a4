"""PNG for graphics: lossless where it fits, else a palette."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

QUICK_PIXELS = 1_500_000
"""Above this many pixels, shrinking a PNG that fits already costs more seconds than its bytes are worth."""
HARDEST, QUICKER = 2, 1
"""oxipng's levels: a second for a megapixel, and half of that for 2 % more bytes."""
STRENGTH = 9
"""Of libdeflate, with one filter: a quarter of a second for a megapixel, and 5 % more bytes again."""
HOPE = 0.75
"""What oxipng leaves, at best, of what zlib made."""
BANDS = {"L": 1, "RGB": 3, "RGBA": 4}
EFFORT = 4
SMALLEST = 0.5
"""The part of its size down to which a picture keeps its transparency rather than its pixels."""


def lossless(pixels: Image.Image, limit: int) -> bytes | None:
    """Give the smallest PNG with exactly these pixels, or None when it is not below *limit*."""
    quick = _save(pixels)
    if len(quick) * HOPE >= limit:
        return None
    large = pixels.width * pixels.height > QUICK_PIXELS
    if len(quick) < limit and large:
        return quick
    data = _one_filter(quick) if large else _optimised(quick, HARDEST)
    return data if len(data) < limit else None


def palette(pixels: Image.Image, limit: int) -> bytes | None:
    """Give a PNG of at most 256 colours, dithered, or None when it is not below *limit*.

    The colours are chosen by libvips' imagequant: at the same bytes its palettes score 15 to 50 points above
    Pillow's on drawings with transparency or gradients (docs/benchmarks/pictures.md).
    """
    import pyvips

    bands = BANDS[pixels.mode]
    picture = pyvips.Image.new_from_memory(pixels.tobytes(), pixels.width, pixels.height, bands, "uchar")
    picture = picture.copy(interpretation="b-w" if bands == 1 else "srgb")
    data: bytes = picture.pngsave_buffer(palette=True, dither=1.0, effort=EFFORT, compression=6, keep="none")
    if len(data) * HOPE >= limit:
        return None
    data = _optimised(data, QUICKER)
    return data if len(data) < limit else None


def smaller_palette(pixels: Image.Image, limit: int) -> bytes | None:
    """Give the largest palette PNG below *limit* down to half the size, for what is transparent."""
    from PIL import Image

    part = 0.84
    while part >= SMALLEST:
        size = (max(1, round(pixels.width * part)), max(1, round(pixels.height * part)))
        if data := palette(pixels.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA"), limit):
            return data
        part *= 0.84
    return None


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


def opened(data: bytes) -> Image.Image:
    """Decode what was just encoded, as PNG or JPEG."""
    from PIL import Image

    with Image.open(BytesIO(data), formats=["PNG", "JPEG"]) as picture:
        return picture.convert("RGB")


def _optimised(data: bytes, level: int) -> bytes:
    import oxipng

    optimised: bytes = oxipng.optimize_from_memory(data, level=level, strip=oxipng.StripChunks.all())
    return optimised


def _one_filter(data: bytes) -> bytes:
    import oxipng

    optimised: bytes = oxipng.optimize_from_memory(
        data, level=0, filter=[oxipng.RowFilter.Entropy], deflate=oxipng.Deflaters.libdeflater(STRENGTH)
    )
    return optimised


def _save(pixels: Image.Image) -> bytes:
    buffer = BytesIO()
    pixels.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
