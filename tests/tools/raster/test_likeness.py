"""The measure that stands for an eye: nothing for the same picture, more for what one would see more of."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

from mmsprep.tools.raster.likeness import on_screen


def page(ink: str = "red") -> Image.Image:
    picture = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(picture)
    for top in range(10, 380, 30):
        draw.text((20, top), "Half the price on every summer dress", font_size=20, fill=ink)
    return picture


def test_a_picture_is_like_itself() -> None:
    assert on_screen(page(), page()) == 0


def test_a_blur_is_seen_and_a_stronger_one_more() -> None:
    once, twice = (on_screen(page(), page().filter(ImageFilter.GaussianBlur(radius))) for radius in (1, 2))
    assert 0.1 < once < twice


def test_colours_that_smear_are_seen_though_the_light_is_the_same() -> None:
    luma, *colours = page().convert("YCbCr").split()
    blurred = [each.filter(ImageFilter.GaussianBlur(2)) for each in colours]
    smeared = Image.merge("YCbCr", (luma, *blurred)).convert("RGB")
    grey = on_screen(page().convert("L"), smeared.convert("L"))
    assert on_screen(page(), smeared) > grey + 0.1


def test_a_smaller_picture_is_compared_as_large_as_its_source() -> None:
    halved, quartered = (on_screen(page(), page().resize((600 // part, 400 // part))) for part in (2, 4))
    assert 0 < halved < quartered
