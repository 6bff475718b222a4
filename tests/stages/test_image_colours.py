"""Transparency, palettes, deep grey, profiles and inks: what is sent has the colours that were meant."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms, ImageDraw, ImageFilter
from tests.stages.pictures import JPEG_ONLY, Prepare, off_by, photo, quarters, saved, screenshot


def transparent() -> Image.Image:
    """Draw a red disc with a soft edge on nothing; the hidden pixels are black."""
    mask = Image.new("L", (300, 200))
    ImageDraw.Draw(mask).ellipse((60, 40, 240, 160), fill=255)
    page = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    page.paste((220, 30, 30, 255), mask=mask)
    page.putalpha(mask.filter(ImageFilter.GaussianBlur(6)))
    return page


def test_transparency_is_kept_where_png_is_admitted(prepare: Prepare):
    path, job = prepare(saved(transparent(), "PNG"))
    kept = Image.open(path)
    assert path.suffix == ".png"
    assert kept.convert("RGBA").getchannel("A").getextrema() == (0, 255)
    assert job.warnings == []


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_transparency_turns_white_and_never_black(prepare: Prepare, form: str):
    path, job = prepare(saved(transparent(), form), JPEG_ONLY)
    flat = Image.open(path)
    assert path.suffix == ".jpg"
    assert min(flat.getpixel((5, 5))) > 250
    paper = Image.new("RGB", (300, 200), "white")
    paper.paste(transparent(), mask=transparent())
    assert off_by(paper, flat) < 4
    assert job.warnings == ["transparency flattened on white"]


def test_a_palette_with_a_transparent_entry_is_understood(prepare: Prepare):
    gif = Image.new("P", (80, 60), 0)
    gif.putpalette([0, 0, 0, 200, 20, 20])
    gif.paste(1, (20, 20, 60, 40))
    path, _ = prepare(saved(gif, "GIF", transparency=0), JPEG_ONLY)
    flat = Image.open(path).convert("RGB")
    assert min(flat.getpixel((3, 3))) > 250
    assert flat.getpixel((40, 30))[0] > 180


def test_an_alpha_channel_that_hides_nothing_is_no_transparency(prepare: Prepare):
    opaque = photo()
    opaque.putalpha(255)
    path, job = prepare(saved(opaque, "PNG"))
    assert path.suffix == ".jpg"
    assert job.warnings == []


def test_a_screenshot_stays_png_and_exact(prepare: Prepare):
    path, _ = prepare(saved(screenshot(), "PNG"))
    assert path.suffix == ".png"
    assert off_by(screenshot(), Image.open(path)) == 0


def test_a_photograph_stored_as_png_becomes_jpeg(prepare: Prepare):
    path, _ = prepare(saved(photo(), "PNG"))
    assert path.suffix == ".jpg"


def test_sixteen_bit_grey_keeps_its_tones(prepare: Prepare):
    ramp = Image.linear_gradient("L").resize((256, 64))
    deep = ramp.convert("I").point(lambda value: value * 257).convert("I;16")
    path, _ = prepare(saved(deep, "PNG"))
    assert off_by(ramp, Image.open(path)) < 2


def test_one_bit_pictures_stay_black_and_white(prepare: Prepare):
    page = screenshot().convert("1")
    path, _ = prepare(saved(page, "PNG"))
    assert off_by(page, Image.open(path)) < 1


def test_a_wide_gamut_profile_is_applied(prepare: Prepare):
    # A profile whose red and blue are exchanged: what ignores it shows blue for red.
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    at = {tag: swapped.index(tag, 128) for tag in tags}
    exchanged = bytearray(swapped)
    for tag, other in tags.items():
        exchanged[at[tag] : at[tag] + 4] = other
    red = Image.new("RGB", (64, 64), (250, 10, 20))
    path, _ = prepare(saved(red, "PNG", icc_profile=bytes(exchanged)), JPEG_ONLY)
    assert off_by(Image.new("RGB", (64, 64), (20, 10, 250)), Image.open(path)) < 6


def test_a_broken_profile_is_ignored(prepare: Prepare):
    path, _ = prepare(saved(quarters(), "JPEG", icc_profile=b"not a profile" * 20))
    assert off_by(quarters(), Image.open(path)) < 4


def test_cmyk_without_a_profile_has_its_colours(prepare: Prepare):
    path, _ = prepare(saved(quarters().convert("CMYK"), "JPEG", quality=95))
    assert off_by(quarters(), Image.open(path)) < 8
