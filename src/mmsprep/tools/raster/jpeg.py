"""The best JPEG below a byte limit: tables scaled continuously, side and quality chosen together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from math import log
from typing import TYPE_CHECKING

from mmsprep.fit import Fitted, fit
from mmsprep.tools.raster.sample import HEADER_BYTES
from mmsprep.tools.raster.side import AIM, PERFECT, SLOPE, Choice, choose_side, first_side

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
LUMA = (0.58, 0.97, 1.23, 1.35, 1.35, 1.0, 1.0, 0.91, 0.91, *[0.76] * 6)
CHROMA = (0.54, 0.68, 0.87, 0.87, *[1.0] * 11)
"""What Robidoux's steps are multiplied with, by the sum of both frequencies: fitted to SSIMULACRA 2 and butteraugli
together, on other photographs and at other limits than they were then tried on (docs/adr/0003)."""
NUDGES = tuple((index * 0.618 % 1 - 0.5) * 0.6 for index in range(64))
"""Spread over the entries, these keep them from being rounded up together, which would make sizes jump."""

FINEST = 1 / 0.06
"""The finest tables worth their bytes, as libjpeg's quality 97: nobody has seen a difference above it."""
WITH_COLOUR = 1.33
"""How many times the bytes a photograph has at the finest tables when its colour is kept at full resolution."""
LOSSLESS = 1 / 0.03
"""Tables of ones."""
COARSEST = 1 / 4.0
"""As libjpeg's quality 12: below it a picture is blocks."""
ENOUGH = 0.985
"""The part of the limit to be used: a percent more is worth a tenth to a third of a point, and a fifth of an encode."""
FILLED = 0.9
BAND = 16
SMALLEST = 240
"""The long side below which a picture is a thumbnail."""


def encode(pixels: Image.Image, quality: float, *, progressive: bool = False, full_colour: bool = False) -> bytes:
    """Write a JPEG whose tables are divided by *quality*; 1 is about libjpeg's 50, `FINEST` its 97."""
    tables = [_table(weights, quality) for weights in (LUMA, CHROMA)]
    return _save(pixels, tables, optimize=True, progressive=progressive, subsampling=0 if full_colour else 2)


def _table(weights: Sequence[float], quality: float) -> list[int]:
    steps = (step * weights[at // 8 + at % 8] / quality + NUDGES[at] for at, step in enumerate(ROBIDOUX))
    return [min(max(round(step), 1), 255) for step in steps]


def fit_jpeg(
    pixels: Image.Image,
    limit: int,
    largest: int,
    *,
    progressive: bool = False,
    enough: float = PERFECT,
    finest: float = FINEST,
    few: int = 0,
    finish: Callable[[Image.Image], Image.Image] = lambda scaled: scaled,
    lost: Callable[[float], None] = lambda _: None,
) -> bytes | None:
    """Give the JPEG of *pixels* below *limit* bytes and with a long side up to *largest* that looks best on a screen.

    Bytes that would bring it nearer to its source than *enough*, or its tables beyond *finest*, are not spent, unless
    the *few* that its source has are enough for it: then all of these may be.
    *finish* turns scaled pixels into those that are written, so that only few have to be colour-managed. *lost* is
    told how far the result is from *pixels* on a screen (`likeness.unlikeness`), where that was looked at.
    None says that no size and quality worth looking at fits.
    """
    choice = choose_side(pixels, min(limit, few), largest, encode, low=COARSEST, high=FINEST) if few else None
    if choice and choice.unlikeness <= enough:
        limit, enough, finest = min(limit, few), PERFECT, FINEST
    else:
        choice = choose_side(pixels, limit, largest, encode, low=COARSEST, high=finest, enough=enough)
    side = choice.side if choice else min(largest, first_side(pixels.size, limit))
    while True:
        small = finish(at_side(pixels, side))
        eased, full = (choice.eased, choice.full_colour) if choice else (False, False)
        high = choice.quality if choice and eased else finest
        guess, slope = (high, SLOPE) if eased else _foresee(small, limit, choice)
        found = _fit_quality(small, limit, guess, slope, high, progressive=progressive, full_colour=full)
        if found is not None:
            if choice:
                lost(choice.unlikeness)
            data = _spend_on_colour(small, found, limit, progressive=progressive, full_colour=full)
            more = enough == 0.0 and found.quality >= FINEST and len(data) < FILLED * limit
            return (more and _larger(pixels, side, limit, largest, finish, progressive=progressive)) or data
        choice, side = None, min(side, max(pixels.size)) * 2 // 3
        if side < SMALLEST:
            return None


def _larger(
    pixels: Image.Image,
    side: int,
    limit: int,
    largest: int,
    finish: Callable[[Image.Image], Image.Image],
    *,
    progressive: bool,
) -> bytes | None:
    """Spend what the finest tables leave on pixels, where a sample could not tell what they are worth."""
    data = None
    most = min(largest, max(pixels.size))
    while side < most and (data is None or len(data) < FILLED * limit):
        side = min(side * 5 // 4, most)
        small = finish(at_side(pixels, side))
        found = _fit_quality(small, limit, *_foresee(small, limit), FINEST, progressive=progressive)
        if found is None:
            break
        data = _spend_on_colour(small, found, limit, progressive=progressive)
    return data


def at_side(pixels: Image.Image, side: int) -> Image.Image:
    """Scale to a long side, keeping the shape; never enlarge."""
    from PIL import Image

    if side >= max(pixels.size):
        return pixels
    factor = side / max(pixels.size)
    width, height = (max(1, round(length * factor)) for length in pixels.size)
    return pixels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=1.7)


def _fit_quality(
    pixels: Image.Image,
    limit: int,
    quality: float,
    slope: float,
    high: float,
    *,
    progressive: bool,
    full_colour: bool = False,
) -> Fitted[bytes] | None:
    return fit(
        lambda at: encode(pixels, at, progressive=progressive, full_colour=full_colour),
        limit,
        size=len,
        low=COARSEST,
        high=high,
        guess=quality,
        slope=slope,
        enough=ENOUGH,
        encodes=5,
    )


def _spend_on_colour(
    pixels: Image.Image, found: Fitted[bytes], limit: int, *, progressive: bool, full_colour: bool = False
) -> bytes:
    """Keep the colour at full resolution too when bytes are left at the finest tables, and refine them further."""
    foreseen = found.size * (1 if full_colour else WITH_COLOUR)
    ample = foreseen < limit * WITH_COLOUR / 2
    if found.quality < FINEST or pixels.mode == "L" or (full_colour and ample):
        return found.value
    finer = fit(
        lambda at: encode(pixels, at, progressive=progressive, full_colour=True),
        limit,
        size=len,
        low=FINEST,
        high=FINEST if ample else LOSSLESS,
        guess=FINEST * (limit * AIM / foreseen) ** (1 / SLOPE),
        encodes=3,
    )
    return finer.value if finer else found.value


def _foresee(pixels: Image.Image, limit: int, choice: Choice | None = None) -> tuple[float, float]:
    """Foresee the quality that fills *limit*, and how steeply size follows quality there, by cheap probes."""
    sample, share = _bands(pixels)
    quality = choice.quality if choice else 2.0
    full_colour = choice is not None and choice.full_colour
    first = _probe(sample, quality, share, full_colour=full_colour)
    slope = choice.slope if choice else SLOPE
    better = min(max(quality * (limit * AIM / first) ** (1 / slope), COARSEST), FINEST)
    if choice or abs(log(better / quality)) < 0.1:
        return better, slope
    second = _probe(sample, better, share)
    slope = max(log(second / first) / log(better / quality), 0.2)
    return min(max(better * (limit * AIM / second) ** (1 / slope), COARSEST), FINEST), slope


def _probe(sample: Image.Image, quality: float, share: float, *, full_colour: bool = False) -> float:
    data = encode(sample, quality, full_colour=full_colour)
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


def _save(pixels: Image.Image, tables: list[list[int]], **options: object) -> bytes:
    buffer = BytesIO()
    save: Callable[..., None] = pixels.save
    save(buffer, "JPEG", qtables=tables, **options)
    return buffer.getvalue()
