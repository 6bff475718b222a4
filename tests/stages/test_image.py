from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageFilter, ImageStat

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.image import STAGE

BOTH = Profile(name="both", types=frozenset({"image/jpeg", "image/png"}), max_bytes=60_000)
JPEG_ONLY = replace(BOTH, name="jpeg", types=frozenset({"image/jpeg"}))

Prepare = Callable[..., tuple[Path, Job]]


def photo(width: int = 640, height: int = 480, *, noise: int = 24) -> Image.Image:
    """Paint something like a photograph: soft shapes, edges, and sensor noise."""
    chance = random.Random(1)
    small = Image.frombytes("RGB", (12, 9), chance.randbytes(12 * 9 * 3))
    scene = small.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(scene)
    for _ in range(40):
        x, y, r = chance.randrange(width), chance.randrange(height), chance.randrange(4, 60)
        draw.ellipse((x, y, x + r, y + r), fill=tuple(chance.randbytes(3)))
    grain = Image.frombytes("L", (width, height), chance.randbytes(width * height)).filter(ImageFilter.BLUR)
    grain = grain.point(lambda value: 128 + (value - 128) * noise / 24)
    return Image.blend(scene, Image.merge("RGB", [grain] * 3), 0.25)


def screenshot(width: int = 640, height: int = 480) -> Image.Image:
    """Draw flat panels and sharp text."""
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, 40), fill=(40, 90, 160))
    for line in range(60, height - 20, 14):
        draw.text((20, line), f"{line:04d} the quick brown fox jumps over the lazy dog", fill="black")
    return page


def quarters(width: int = 240, height: int = 160) -> Image.Image:
    """Paint red, green, blue and yellow quarters, clockwise from the top left: shows every turn and flip."""
    page = Image.new("RGB", (width, height), (220, 30, 30))
    page.paste((30, 180, 30), (width // 2, 0, width, height // 2))
    page.paste((30, 30, 220), (width // 2, height // 2, width, height))
    page.paste((230, 220, 40), (0, height // 2, width // 2, height))
    return page


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def off_by(first: Image.Image, second: Image.Image) -> float:
    """Give the mean difference of two pictures, in levels of 255."""
    difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB").resize(first.size))
    return sum(ImageStat.Stat(difference).mean) / 3


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Run the stage on some bytes and hold its output against what the pipeline demands of any output."""

    def run(data: bytes, profile: Profile = BOTH) -> tuple[Path, Job]:
        source = tmp_path / "source"
        source.write_bytes(data)
        media = Media(source, "source", detect(source, Limits()))
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        job = Job(profile=profile, workdir=work)
        assert STAGE.accepts(media, profile)
        (path,) = STAGE.run(media, job)
        facts = detect(path, Limits())
        assert profile.objection(facts) is None
        assert facts.metadata == ()
        return path, job

    return run


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


def test_bytes_that_buy_nothing_are_not_spent(prepare: Prepare):
    path, _ = prepare(saved(photo(), "JPEG", quality=90), replace(BOTH, max_bytes=5_000_000))
    assert path.stat().st_size < 400_000


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


def test_the_poster_of_an_animation_is_not_blank(prepare: Prepare):
    frames = [Image.new("RGB", (200, 150), "white"), quarters(200, 150)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    path, _ = prepare(data)
    assert off_by(frames[1], Image.open(path)) < 8


def test_the_same_picture_gives_the_same_bytes(prepare: Prepare):
    data = saved(photo(), "JPEG")
    first = prepare(data)[0].read_bytes()
    assert prepare(data)[0].read_bytes() == first
