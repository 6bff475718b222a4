"""Pictures leave upright, under the limit, and tell nothing; damage is told; the same source gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from tests.stages.pictures import BOTH, Prepare, off_by, photo, quarters, saved, screenshot

from mmsprep.errors import Rejected


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("AVIF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("JPEG2000", {}),
    ],
)
def test_every_picture_format_becomes_one_that_is_delivered(prepare: Prepare, form: str, options: dict[str, Any]):
    path, _ = prepare(saved(photo(), form, **options))
    assert off_by(photo(), Image.open(path)) < 12


@pytest.mark.parametrize("limit", [100_000, 30_000, 12_000, 5_000])
@pytest.mark.parametrize("picture", [photo(), photo(noise=250), screenshot()])
def test_the_limit_is_strict_at_any_size(prepare: Prepare, limit: int, picture: Image.Image):
    path, _ = prepare(saved(picture, "PNG"), replace(BOTH, max_bytes=limit))
    assert path.stat().st_size < limit


def test_a_busy_photo_uses_its_budget(prepare: Prepare):
    path, _ = prepare(saved(photo(1600, 1200, noise=200), "JPEG", quality=95), replace(BOTH, max_bytes=150_000))
    assert path.stat().st_size > 0.96 * 150_000


@pytest.mark.parametrize(
    ("form", "options", "enough"),
    [
        ("JPEG", {"quality": 90}, 400_000),
        ("PNG", {}, 800_000),
        ("WEBP", {"quality": 60}, 400_000),
    ],
)
def test_bytes_that_buy_nothing_are_not_spent(prepare: Prepare, form: str, options: dict[str, Any], enough: int):
    source = photo(1600, 1200, noise=2)
    path, _ = prepare(saved(source, form, **options), replace(BOTH, max_bytes=5_000_000))
    assert path.stat().st_size < enough
    assert off_by(source, Image.open(path)) < 3


def test_a_photograph_leaves_as_png_where_nothing_else_may(prepare: Prepare):
    path, _ = prepare(saved(photo(200, 150), "PNG"), replace(BOTH, types=frozenset({"image/png"}), max_bytes=200_000))
    assert off_by(photo(200, 150), Image.open(path)) < 1


def test_a_limit_below_any_picture_is_refused_with_the_remedy(prepare: Prepare):
    with pytest.raises(Rejected) as caught:
        prepare(saved(photo(noise=250), "JPEG"), replace(BOTH, max_bytes=300))
    assert caught.value.reason == "cannot-fit"
    assert "300" in caught.value.message


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_whatever_the_orientation_says_the_picture_is_upright(prepare: Prepare, form: str, orientation: int):
    turn = Image.Transpose
    back = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    stored = quarters().transpose(back[orientation]) if orientation in back else quarters()
    exif = Image.Exif()
    exif[0x0112] = orientation
    path, _ = prepare(saved(stored, form, exif=exif))
    shown = Image.open(path)
    assert shown.size == quarters().size
    assert off_by(quarters(), shown) < 4


def test_a_small_jpeg_still_loses_its_gps(prepare: Prepare):
    exif = Image.Exif()
    exif[0x010F] = "PLANTED-MAKER"
    exif.get_ifd(0x8825)[2] = (37.0, 46.0, 29.0)
    data = saved(photo(160, 120), "JPEG", exif=exif, comment=b"PLANTED-COMMENT", xmp=b"<x:xmpmeta PLANTED-XMP/>")
    path, _ = prepare(data)
    assert b"PLANTED" not in path.read_bytes()
    assert Image.open(path).getexif() == {}


def test_png_text_is_gone(prepare: Prepare):
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Author", "PLANTED")
    path, _ = prepare(saved(screenshot(), "PNG", pnginfo=notes))
    assert path.suffix == ".png"
    assert b"PLANTED" not in path.read_bytes()


def test_baseline_unless_the_profile_allows_progressive(prepare: Prepare):
    data = saved(photo(), "JPEG", progressive=True)
    plain, _ = prepare(data)
    assert not Image.open(plain).info.get("progressive")
    allowed, _ = prepare(data, replace(BOTH, progressive=True))
    assert Image.open(allowed).info.get("progressive")


@pytest.mark.parametrize(
    "caps",
    [{"max_side": 200}, {"max_pixels": 40_000}, {"max_side": 300, "max_short_side": 150}],
)
def test_pixel_caps_are_honoured_and_the_shape_kept(prepare: Prepare, caps: dict[str, int]):
    for data in (saved(photo(900, 300), "JPEG"), saved(screenshot(900, 300), "PNG")):
        path, _ = prepare(data, replace(BOTH, **caps))
        width, height = Image.open(path).size
        assert width / height == pytest.approx(3, rel=0.02)


def test_a_strip_of_a_few_rows_is_prepared_though_it_could_be_decoded_at_an_eighth(prepare: Prepare):
    path, _ = prepare(saved(photo(20_001, 5), "JPEG"), replace(BOTH, max_bytes=20_000))
    assert Image.open(path).width >= 1024


def test_a_long_strip_keeps_its_shape(prepare: Prepare):
    path, _ = prepare(saved(photo(120, 2400), "JPEG", quality=95), replace(BOTH, max_bytes=40_000))
    width, height = Image.open(path).size
    assert height / width == pytest.approx(20, rel=0.03)


def test_a_truncated_jpeg_is_ready_with_a_warning(prepare: Prepare):
    data = saved(photo(), "JPEG", quality=90)
    path, job = prepare(data[: len(data) * 2 // 3])
    assert "part of the picture is damaged" in job.warnings
    whole, part = photo(), Image.open(path)
    top = (0, 0, 640, 200)
    assert off_by(whole.crop(top), part.crop(top)) < 12


def test_a_jpeg_damaged_within_is_ready_with_a_warning(prepare: Prepare):
    data = bytearray(saved(photo(), "JPEG", quality=90, restart_marker_blocks=20))
    middle = data.index(b"\xff\xd3", len(data) // 2)
    data[middle : middle + 2] = b"\xff\x9f"
    _, job = prepare(bytes(data))
    assert job.warnings == ["part of the picture is damaged"]


def test_a_sound_jpeg_has_no_warning(prepare: Prepare):
    for options in ({}, {"progressive": True}, {"restart_marker_blocks": 7}):
        _, job = prepare(saved(photo(), "JPEG", **options))
        assert job.warnings == []


def test_a_picture_without_pixels_is_damaged(prepare: Prepare):
    data = saved(photo(), "PNG")
    with pytest.raises(Rejected) as caught:
        prepare(data[: data.index(b"IDAT") - 4])
    assert caught.value.reason == "damaged"


def test_an_animation_becomes_a_picture_that_is_not_blank_and_says_so(prepare: Prepare):
    frames = [Image.new("RGB", (200, 150), "white"), quarters(200, 150)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    path, job = prepare(data)
    assert off_by(frames[1], Image.open(path)) < 8
    assert job.warnings == ["of the animation one picture is sent; record it as a film to keep it moving"]


def test_the_same_picture_gives_the_same_bytes(prepare: Prepare):
    data = saved(photo(), "JPEG")
    first = prepare(data)[0].read_bytes()
    assert prepare(data)[0].read_bytes() == first
