"""The JPEGs that are written: how their size follows one number, and how near it comes to the limit."""

from __future__ import annotations

import random
from functools import cache
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image, ImageDraw

from mmsprep.tools.raster.jpeg import COARSEST, FINEST, LOSSLESS, encode, fit_jpeg


@cache
def scene() -> Image.Image:
    """Paint soft shapes with edges and fine grain."""
    chance = random.Random(3)
    page = Image.frombytes("RGB", (12, 9), chance.randbytes(324)).resize((1024, 768), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(page)
    for _ in range(150):
        x, y, r = chance.randrange(1024), chance.randrange(768), chance.randrange(5, 90)
        draw.ellipse((x, y, x + r, y + r), fill=tuple(chance.randbytes(3)))
    grain = Image.frombytes("L", (1024, 768), chance.randbytes(1024 * 768))
    return Image.blend(page, Image.merge("RGB", [grain] * 3), 0.06)


def test_sizes_follow_the_quality_without_jumps():
    sizes = [len(encode(scene(), 0.5 * 1.05**step)) for step in range(60)]
    assert all(second > first * 0.995 for first, second in pairwise(sizes))
    assert all(second < first * 1.08 for first, second in pairwise(sizes))


@pytest.mark.parametrize("quality", [COARSEST, 1.0, FINEST, LOSSLESS])
def test_every_table_is_one_that_baseline_allows(quality: int):
    with Image.open(BytesIO(encode(scene(), quality))) as made:
        tables = made.quantization
        assert not made.info.get("progressive")
    assert len(tables) == 2
    assert all(1 <= step <= 255 for table in tables.values() for step in table)


@pytest.mark.parametrize("limit", [40_000, 90_000, 200_000])
def test_nearly_all_of_the_limit_is_used(limit: int):
    data = fit_jpeg(scene(), limit, 1024, enough=0.0)
    assert data is not None
    assert 0.98 * limit < len(data) < limit
