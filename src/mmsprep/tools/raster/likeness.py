"""How like its source a picture still looks, on a sample of tiles at the size of a screen.

Structural similarity (Wang et al. 2004) of luma on blocks of 4×4, at full and at a quarter of the size, where
the fourth norm lets the worst places count. Fine blocks see what a smaller size blurs, coarse ones what
coarse tables break. It ranks sizes of one picture as SSIMULACRA 2 does (docs/benchmarks/pictures.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

BLOCK = 4
STEADY = 60.0
"""Keeps the ratio steady where nothing varies, in squared levels of 255."""
COARSE_SHARE = 16.0
"""Anything from 12 to 20 ranks sizes alike (31 photographs and crops at four limits)."""


COLOURED = 0.005
"""The unlikeness of a squared level that colours are off: what luma may lose for it (SSIMULACRA 2 on 12 photographs,
5 drawings and 8 pages of coloured words at four limits, with their colours whole and halved: docs/adr/0003)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Luma tiles of the source and their block statistics, computed once for all comparisons."""

    levels: tuple[tuple[Any, Any, Any], ...]


def sample_of(luma: Image.Image) -> Sample:
    """Measure the source's side of every comparison."""
    fine = luma.convert("F")
    return Sample(tuple(_statistics(level) for level in (fine, fine.reduce(4))))


def unlikeness(sample: Sample, luma: Image.Image) -> float:
    """Tell how far *luma*, of the same size, is from the sample: 0.01 cannot be seen, 0.1 is good, 1 is poor."""
    fine = luma.convert("F")
    first, second = (_worst(source, level) for source, level in zip(sample.levels, (fine, fine.reduce(4)), strict=True))
    return first + COARSE_SHARE * second


def on_screen(source: Image.Image, shown: Image.Image, screen: int = 2048) -> float:
    """Tell how far a picture is from its source when both fill a screen, in luma and in colours."""
    from PIL import Image

    part = min(1.0, screen / max(source.size))
    size = (max(BLOCK * BLOCK, round(source.width * part)), max(BLOCK * BLOCK, round(source.height * part)))
    pair = [each.convert("RGB").resize(size, Image.Resampling.BICUBIC) for each in (source, shown)]
    first, second = (each.convert("L") for each in pair)
    _, *colours = zip(*(each.convert("YCbCr").split() for each in pair), strict=True)
    return unlikeness(sample_of(first), second) + COLOURED * sum(squares(*bands) for bands in colours)


def squares(first: Image.Image, second: Image.Image) -> float:
    """Give the mean square of what two bands differ by, in levels of 255."""
    from PIL import ImageChops, ImageStat

    return ImageStat.Stat(ImageChops.difference(first, second)).sum2[0] / (first.width * first.height)


def _statistics(level: Any) -> tuple[Any, Any, Any]:
    mean = level.reduce(BLOCK)
    return level, mean, _math(lambda of: of["s"] - of["m"] * of["m"], s=_square(level).reduce(BLOCK), m=mean)


def _worst(source: tuple[Any, Any, Any], level: Any) -> float:
    pixels, mean, variance = source
    _, other_mean, other_variance = _statistics(level)
    product = _math(lambda of: of["a"] * of["b"], a=pixels, b=level).reduce(BLOCK)
    apart = _math(
        lambda of: 1 - (2 * (of["p"] - of["m"] * of["n"]) + STEADY) / (of["v"] + of["w"] + STEADY),
        p=product,
        m=mean,
        n=other_mean,
        v=variance,
        w=other_variance,
    )
    return math.sqrt(math.sqrt(_mean(_math(lambda of: of["a"] * of["a"] * of["a"] * of["a"], a=apart))))


def _square(level: Any) -> Any:
    return _math(lambda of: of["a"] * of["a"], a=level)


def _mean(level: Any) -> float:
    from PIL import Image

    return float(level.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))


def _math(formula: Any, **images: Any) -> Any:
    from PIL import ImageMath

    return ImageMath.lambda_eval(formula, **images)
