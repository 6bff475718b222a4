"""A JPEG's side is found in few looks, and is about as good as if every side had been looked at."""

from __future__ import annotations

import random
from functools import cache
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, JpegImagePlugin

from mmsprep.tools.raster import jpeg
from mmsprep.tools.raster.sample import TILE, Tiles
from mmsprep.tools.raster.side import EIGHTHS, Choice, _try, choose_side

SIZE = (2560, 1920)


@cache
def scene(grain: int) -> Image.Image:
    """Paint soft shapes, edges and lines, with grain of some strength."""
    chance = random.Random(5)
    page = Image.frombytes("RGB", (16, 12), chance.randbytes(576)).resize(SIZE, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(page)
    for _ in range(600):
        x, y, length = chance.randrange(SIZE[0]), chance.randrange(SIZE[1]), chance.randrange(10, 200)
        draw.line((x, y, x + length, y + length // 2), fill=tuple(chance.randbytes(3)), width=chance.randrange(1, 9))
    noise = Image.frombytes("L", (640, 480), chance.randbytes(307_200)).resize(SIZE, Image.Resampling.BICUBIC)
    return Image.blend(page, Image.merge("RGB", [noise] * 3), grain / 100)


def looked(pixels: Image.Image, limit: int) -> tuple[Choice, int]:
    """Choose, and count the sheets that were encoded."""
    sheets: list[int] = []

    def encode(sheet: Image.Image, quality: float, **options: bool) -> bytes:
        sheets.append(sheet.height)
        return jpeg.encode(sheet, quality, **options)

    choice = choose_side(pixels, limit, max(pixels.size), encode, low=jpeg.COARSEST, high=jpeg.FINEST)
    assert choice is not None
    return choice, len(sheets)


@pytest.mark.parametrize("limit", [60_000, 150_000, 600_000])
@pytest.mark.parametrize("grain", [2, 8])
def test_few_looks_find_about_the_best_of_all_sides(grain: int, limit: int):
    pixels = scene(grain)
    choice, encodes = looked(pixels, limit)
    tiles, near = Tiles(pixels), None
    every = {}
    for eighths in (each for each in EIGHTHS if each <= 8):
        near = _try(tiles, eighths, near, limit, jpeg.encode, jpeg.COARSEST, jpeg.FINEST)
        every[near.side] = near.unlikeness
    assert every[choice.side] <= 1.15 * min(every.values())
    assert encodes <= 12


def test_more_bytes_never_buy_a_smaller_picture():
    sides = [looked(scene(10), limit)[0].side for limit in (30_000, 100_000, 300_000, 900_000)]
    assert sides == sorted(sides)
    assert sides[0] < sides[-1]


def test_no_side_is_larger_than_was_allowed():
    choice = choose_side(scene(2), 900_000, 1300, jpeg.encode, low=jpeg.COARSEST, high=jpeg.FINEST)
    assert choice is not None
    assert choice.side <= 1300


def test_a_quality_is_lowered_by_looking_at_the_side_that_was_chosen():
    heights: list[int] = []

    def encode(sheet: Image.Image, quality: float) -> bytes:
        heights.append(sheet.height)
        return jpeg.encode(sheet, quality)

    # Of a screen of 1500 no eighth is a whole number of pixels.
    small = scene(2).resize((1500, 1125))
    choice = choose_side(small, 900_000, 1400, encode, low=jpeg.COARSEST, high=jpeg.FINEST, enough=0.2)
    assert choice is not None
    assert choice.eased
    assert choice.side == 1500 * 7 // 8
    assert set(heights[-2:]) == {TILE * 7 // 8}


def test_a_picture_too_small_for_a_sample_has_no_choice():
    small = scene(2).resize((300, 200))
    assert choose_side(small, 50_000, 300, jpeg.encode, low=jpeg.COARSEST, high=jpeg.FINEST) is None


def words(ink: str, paper: str) -> Image.Image:
    """Print lines of words, with the grain of a scan."""
    chance = random.Random(2)
    page = Image.new("RGB", (1500, 2000), paper)
    draw = ImageDraw.Draw(page)
    for top in range(20, 1960, 40):
        draw.text(
            (40, top), "Half the price on every summer dress, today only", font_size=chance.choice((24, 36)), fill=ink
        )
    noise = Image.frombytes("L", page.size, chance.randbytes(page.width * page.height))
    return Image.blend(page, Image.merge("RGB", [noise] * 3), 0.02)


@pytest.mark.parametrize(
    ("ink", "paper", "full"), [("red", "white", True), ("blue", "yellow", True), ("black", "white", False)]
)
def test_colours_that_halving_would_smear_are_kept_whole(ink: str, paper: str, full: bool):
    page = words(ink, paper)
    choice, _ = looked(page, 500_000)
    assert choice.full_colour is full
    made = jpeg.fit_jpeg(page, 500_000, 2000)
    assert made is not None
    with Image.open(BytesIO(made)) as result:
        assert JpegImagePlugin.get_sampling(result) == (0 if full else 2)


def test_a_photograph_keeps_its_light_rather_than_its_colours():
    assert not looked(scene(8), 300_000)[0].full_colour
    assert not looked(scene(8).convert("L"), 300_000)[0].full_colour
