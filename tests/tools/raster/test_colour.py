"""Colours are what a colour-managed reference shows: libvips, which has profiles and a path of its own."""

from __future__ import annotations

import random

import pytest
import pyvips
from PIL import Image, ImageChops, ImageStat

from mmsprep.tools.raster.colour import srgb


def palette(mode: str) -> Image.Image:
    """Paint 100 patches of all colours of a mode."""
    chance = random.Random(7)
    bands = len(Image.new(mode, (1, 1)).getbands())
    small = Image.frombytes(mode, (10, 10), chance.randbytes(100 * bands))
    return small.resize((200, 200), Image.Resampling.NEAREST)


def reference(picture: Image.Image, profile: str) -> Image.Image:
    """Let libvips bring the picture from one of its built-in profiles to sRGB."""
    bands = len(picture.getbands())
    source = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar")
    source = source.copy(interpretation="cmyk" if bands == 4 else "srgb")
    shown = source.icc_transform(
        "srgb", input_profile=profile, intent="relative", black_point_compensation=True, depth=8
    )
    return Image.frombytes("RGB", picture.size, shown.write_to_memory())


def off_by(first: Image.Image, second: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


@pytest.mark.parametrize(("mode", "profile"), [("RGB", "p3"), ("CMYK", "cmyk"), ("RGB", "srgb")])
def test_a_profile_is_applied_as_a_colour_managed_viewer_does(mode: str, profile: str):
    picture = palette(mode)
    icc = pyvips.Image.profile_load(profile)
    shown = srgb(picture, bytes(icc))
    assert shown.mode == "RGB"
    assert off_by(shown, reference(picture, profile)) < 1.5


def test_without_its_profile_a_wide_picture_would_be_wrong():
    picture = palette("RGB")
    assert off_by(srgb(picture), reference(picture, "p3")) > 5


def test_transparency_passes_through_a_profile():
    picture = palette("RGB")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    shown = srgb(picture, bytes(pyvips.Image.profile_load("p3")))
    assert off_by(shown.convert("RGB"), reference(palette("RGB"), "p3")) < 1.5
    assert ImageChops.difference(shown.getchannel("A"), picture.getchannel("A")).getextrema() == (0, 0)


def test_a_profile_for_other_colours_than_the_pictures_is_ignored():
    picture = palette("RGB")
    assert off_by(srgb(picture, bytes(pyvips.Image.profile_load("cmyk"))), picture) == 0


def test_lab_is_what_the_reference_makes_of_it():
    lightness, green_red, blue_yellow = palette("RGB").split()
    near = [band.point(lambda value: 96 + value // 4) for band in (green_red, blue_yellow)]
    picture = Image.merge("LAB", (lightness, *near))
    planes = [pyvips.Image.new_from_memory(band.tobytes(), *picture.size, 1, "uchar") for band in (lightness, *near)]
    exact = (planes[0] * (100 / 255)).bandjoin([planes[1] - 128, planes[2] - 128]).copy(interpretation="lab")
    shown = exact.colourspace("srgb")
    expected = Image.frombytes("RGB", picture.size, shown.write_to_memory())
    assert off_by(srgb(picture), expected) < 2.5
