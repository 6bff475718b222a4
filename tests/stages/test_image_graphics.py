"""Drawings: exact where that fits, else whatever shows them best; and pictures whose numbers mean other light."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from tests.stages.pictures import BOTH, JPEG_ONLY, Prepare, off_by, photo, saved, screenshot


def drawing(width: int = 900, height: int = 600) -> Image.Image:
    """Draw a coloured shape with soft edges on nothing."""
    clear = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    for step in range(60):
        layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
        box = (step * 7, step * 4, width - step * 7, height - step * 4)
        ImageDraw.Draw(layer).ellipse(box, fill=(4 * step, 200 - 3 * step, 90 + step, 12 + step))
        clear.alpha_composite(layer)
    return clear


def test_a_palette_keeps_soft_edges_and_gradients(prepare: Prepare):
    source = drawing()
    path, _ = prepare(saved(source, "PNG"), replace(BOTH, max_bytes=40_000))
    with Image.open(path) as made:
        assert made.format == "PNG"
        assert made.mode == "P"
        whole = made.convert("RGBA")
    for paper in ("white", "black"):
        pages = [Image.new("RGB", each.size, paper) for each in (source, whole)]
        for page, each in zip(pages, (source, whole), strict=True):
            page.paste(each, mask=each.getchannel("A"))
        assert off_by(pages[0], pages[1]) < 2.5


def test_transparency_is_worth_more_than_pixels(prepare: Prepare):
    cut_out = photo(900, 600)
    cut_out.putalpha(Image.radial_gradient("L").resize(cut_out.size).point(lambda value: max(0, 230 - value)))
    path, job = prepare(saved(cut_out, "PNG"), replace(BOTH, max_bytes=110_000))
    with Image.open(path) as made:
        assert made.format == "PNG"
        assert 450 <= made.width < 900
        assert made.convert("RGBA").getchannel("A").getextrema()[0] == 0
    assert not job.warnings


def test_a_gradient_is_sent_as_what_shows_it_better(prepare: Prepare):
    """In a palette a smooth picture with flat parts would show bands."""
    smooth = Image.linear_gradient("L").resize((800, 600), Image.Resampling.BICUBIC)
    page = Image.merge("RGB", (smooth, smooth.rotate(180), smooth.transpose(Image.Transpose.FLIP_TOP_BOTTOM)))
    chance = random.Random(5)
    page.paste(Image.frombytes("RGB", (500, 300), chance.randbytes(450_000)).filter(ImageFilter.BLUR), (0, 0))
    path, _ = prepare(saved(page, "PNG"), replace(BOTH, max_bytes=150_000))
    with Image.open(path) as made:
        assert made.format == "JPEG"
        assert off_by(page, made) < 12


def test_a_tightly_coded_picture_does_not_grow_for_nothing(prepare: Prepare):
    scene = photo(2400, 1800, noise=6).filter(ImageFilter.GaussianBlur(2))
    path, _ = prepare(saved(scene, "AVIF", quality=70), replace(BOTH, max_bytes=4_000_000))
    assert path.stat().st_size < 250_000
    with Image.open(path) as made:
        assert off_by(scene.resize(made.size), made) < 4


def test_a_noisy_heic_does_not_grow_for_its_noise(prepare: Prepare, fixtures: Path):
    path, _ = prepare((fixtures / "photo.heic").read_bytes(), replace(BOTH, max_bytes=1_500_000))
    assert 400_000 < path.stat().st_size < 850_000


def test_a_drawing_that_has_to_be_a_jpeg_uses_its_bytes(prepare: Prepare):
    page = screenshot(1600, 1200)
    page.paste(photo(900, 700, noise=40), (600, 300))
    path, _ = prepare(saved(page, "PNG"), replace(JPEG_ONLY, max_bytes=150_000))
    assert path.stat().st_size > 0.9 * 150_000


def test_a_picture_in_hlg_is_shown_as_a_still_of_its_light(prepare: Prepare):
    grey = Image.new("RGB", (320, 240), (128, 128, 128))
    body = b"cICP" + bytes((9, 18, 0, 1))
    data = saved(grey, "PNG")
    tagged = data[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + data[33:]
    with Image.open(prepare(tagged)[0]) as made:
        # Half of HLG's range is a twelfth of its brightest light: 0.25 of paper's white.
        assert 130 < made.convert("RGB").getpixel((10, 10))[0] < 145
    assert off_by(grey, Image.open(prepare(data)[0])) < 2
