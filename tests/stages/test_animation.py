"""Animations stay animations: as long, as often, as they looked, below the limit."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from mmsprep import defaults
from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.route import route
from mmsprep.stage import Declined, Job
from mmsprep.stages.animation import STAGE

GIFS = Profile(name="gifs", types=frozenset({"image/gif", "image/jpeg", "image/png"}), max_bytes=200_000)
FILMS = replace(GIFS, name="films", types=GIFS.types | {"video/mp4"})

STAYING = {"disposal": 1}

Prepare = Callable[..., tuple[Path, Job]]


def ball(at: int, of: int = 8, size: tuple[int, int] = (200, 120), *, clear: bool = False) -> Image.Image:
    """Draw a ball on its way from left to right, over stripes or over nothing."""
    frame = Image.new("RGBA", size, (0, 0, 0, 0) if clear else (250, 250, 245, 255))
    draw = ImageDraw.Draw(frame)
    if not clear:
        for line in range(0, size[1], 20):
            draw.rectangle((0, line, size[0] // 2, line + 8), fill=(20, 90 + line % 160, 160, 255))
    x = 20 + at * (size[0] - 40) // of
    draw.ellipse((x - 15, size[1] // 2 - 15, x + 15, size[1] // 2 + 15), fill=(220, 40, 60, 255))
    return frame


def noisy(count: int, size: tuple[int, int] = (320, 240)) -> list[Image.Image]:
    """Make a film of soft shapes that all change: the worst for a GIF."""
    chance = random.Random(3)
    small = [Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3)) for _ in range(3)]
    big = [each.resize(size, Image.Resampling.BICUBIC) for each in small]
    grain = [Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3)) for _ in range(4)]
    return [
        Image.blend(Image.blend(big[at % 3], big[(at + 1) % 3], at / count), grain[at % 4], 0.03) for at in range(count)
    ]


def animation(pictures: list[Image.Image], form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    pictures[0].save(buffer, form, save_all=True, append_images=pictures[1:], **options)
    return buffer.getvalue()


def played(data: bytes | Path) -> tuple[list[Image.Image], list[int], int | None]:
    """Give each frame on white, its milliseconds, and the repeats a GIF asks for."""
    frames, lasting = [], []
    with Image.open(BytesIO(data) if isinstance(data, bytes) else data) as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            whole = picture.convert("RGBA")
            page = Image.new("RGB", whole.size, "white")
            page.paste(whole, mask=whole.getchannel("A"))
            frames.append(page)
            lasting.append(int(picture.info.get("duration") or 0))
        return frames, lasting, picture.info.get("loop")


def seen_at(frames: list[Image.Image], lasting: list[int], ms: float) -> Image.Image:
    return next((frame for frame, end in zip(frames, accumulate(lasting), strict=True) if ms < end), frames[-1])


def off_by(first: Image.Image, second: Image.Image) -> float:
    difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB").resize(first.size))
    return sum(ImageStat.Stat(difference).mean) / 3


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Run the stage and hold its output against what the pipeline demands of any output."""

    def run(data: bytes, profile: Profile = GIFS, **options: Any) -> tuple[Path, Job]:
        media, job = _given(tmp_path, data, profile, options)
        assert STAGE.accepts(media, profile)
        (path,) = STAGE.run(media, job)
        facts = detect(path, Limits())
        assert profile.objection(facts) is None
        assert facts.metadata == ()
        assert [each.name for each in job.workdir.iterdir()] == [path.name]
        return path, job

    return run


def _given(folder: Path, data: bytes, profile: Profile, options: dict[str, Any]) -> tuple[Media, Job]:
    source, work = folder / "source", folder / "work"
    source.write_bytes(data)
    work.mkdir(exist_ok=True)
    return Media(source, "source", detect(source, Limits())), Job(profile=profile, workdir=work, options=options)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("GIF", {"disposal": 2}),
        ("GIF", STAYING),
        ("PNG", {"disposal": 1, "blend": 0}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 95}),
    ],
)
def test_every_kind_of_animation_shows_the_same_at_the_same_time(prepare: Prepare, form: str, options: dict[str, Any]):
    # What stays when a frame ends can only be covered, not cleared.
    pictures = [ball(at, clear=form != "AVIF" and options != STAYING) for at in range(8)]
    path, _ = prepare(animation(pictures, form, duration=120, **options))
    frames, lasting, _ = played(path)
    assert sum(lasting) == 8 * 120
    for at, picture in enumerate(pictures):
        expected = Image.new("RGB", picture.size, "white")
        expected.paste(picture, mask=picture.getchannel("A"))
        assert off_by(expected, seen_at(frames, lasting, at * 120 + 60)) < 3


@pytest.mark.parametrize(("asked", "given"), [(0, 100), (10, 100), (20, 20), (70, 70)])
def test_a_frame_lasts_as_long_as_in_a_browser(prepare: Prepare, asked: int, given: int):
    path, _ = prepare(animation([ball(at) for at in range(4)], "GIF", duration=asked))
    assert played(path)[1] == [given] * 4


def test_uneven_times_do_not_drift(prepare: Prepare):
    data = animation([ball(at, 30) for at in range(30)], "PNG", duration=33.3)
    lasting = played(prepare(data)[0])[1]
    assert abs(sum(lasting) - 30 * 33.3) <= 10
    assert min(lasting) >= 20


def test_sixty_frames_a_second_are_no_slower_as_a_gif(prepare: Prepare):
    path, _ = prepare(animation([ball(at, 60) for at in range(60)], "WEBP", duration=16, lossless=True))
    lasting = played(path)[1]
    assert abs(sum(lasting) - 60 * 16) <= 20
    assert min(lasting) >= 20


@pytest.mark.parametrize(
    ("form", "asked", "repeats"),
    [
        ("GIF", 0, 0),
        ("GIF", 4, 4),
        ("GIF", None, None),
        ("PNG", 0, 0),
        ("PNG", 1, None),
        ("WEBP", 3, 2),
        ("WEBP", 0, 0),
    ],
)
def test_it_plays_as_often_as_before(prepare: Prepare, form: str, asked: int | None, repeats: int | None):
    options = {} if asked is None else {"loop": asked}
    path, _ = prepare(animation([ball(at) for at in range(4)], form, duration=80, **options))
    assert played(path)[2] == repeats


def test_the_picture_for_old_viewers_is_no_frame(prepare: Prepare):
    cover = Image.new("RGBA", (200, 120), (0, 0, 255, 255))
    data = animation([cover, *(ball(at) for at in range(5))], "PNG", default_image=True, duration=100)
    frames, lasting, _ = played(prepare(data)[0])
    assert sum(lasting) == 500
    assert all(off_by(cover, frame) > 60 for frame in frames)


@pytest.mark.parametrize("limit", [150_000, 80_000, 40_000])
def test_what_does_not_fit_gets_smaller_and_still_moves(prepare: Prepare, limit: int):
    pictures = noisy(12)
    path, _ = prepare(animation(pictures, "GIF", duration=100), replace(GIFS, max_bytes=limit))
    frames, lasting, _ = played(path)
    assert sum(lasting) == 1200
    assert len(frames) > 3
    assert path.stat().st_size > 0.6 * limit
    assert frames[0].width / frames[0].height == pytest.approx(320 / 240, rel=0.05)
    assert off_by(pictures[0].resize(frames[0].size), frames[0]) < 20


def test_many_colours_leave_no_trails_when_scaled(prepare: Prepare):
    """Frames with tables of their own were scaled one upon the other's rests."""
    strip = Image.effect_mandelbrot((900, 240), (-2, -1.2, 0.6, 1.2), 90).convert("L")
    colourful = Image.merge("RGB", (strip, strip.transpose(Image.Transpose.FLIP_LEFT_RIGHT), strip.rotate(180)))
    pictures = [colourful.crop((20 * at, 0, 20 * at + 320, 240)) for at in range(20)]
    path, _ = prepare(animation(pictures, "WEBP", duration=40, lossless=True), replace(GIFS, max_bytes=120_000))
    frames, lasting, _ = played(path)
    lags = [off_by(seen_at(frames, lasting, at * 40 + 1), pictures[at].resize(frames[0].size)) for at in (4, 10, 18)]
    assert max(lags) < 12


def test_pixel_caps_hold_for_animations(prepare: Prepare):
    path, _ = prepare(animation([ball(at) for at in range(4)], "GIF", duration=80), replace(GIFS, max_side=100))
    assert played(path)[0][0].size == (100, 60)


def test_comments_and_what_follows_the_end_are_gone(prepare: Prepare):
    data = animation([ball(at) for at in range(4)], "GIF", comment=b"made at 48.1, 11.5") + b"PK\x03\x04 secret"
    written = prepare(data)[0].read_bytes()
    assert b"48.1" not in written
    assert b"secret" not in written


def test_a_cut_off_gif_is_ready_with_a_warning(prepare: Prepare):
    whole = animation(noisy(6), "GIF", duration=100)
    path, job = prepare(whole[: len(whole) * 2 // 3], replace(GIFS, max_bytes=1_500_000))
    assert job.warnings == ["the end of the animation is missing"]
    assert len(played(path)[0]) >= 3


def test_the_same_animation_gives_the_same_bytes(prepare: Prepare):
    data = animation(noisy(6), "WEBP", duration=100, quality=80)
    first = prepare(data)[0]
    kept = first.read_bytes()
    first.unlink()
    assert prepare(data)[0].read_bytes() == kept


def _routed(folder: Path, data: bytes, profile: Profile, **options: Any) -> tuple[Media, Job]:
    media, job = _given(folder, data, profile, options)
    stages = [defaults.load_stage(name) for name in defaults.BUILT_IN_STAGES]
    (made,) = route(media, stages, job, [])
    return made, job


def test_what_would_lose_too_much_as_gif_becomes_a_film(tmp_path: Path):
    made, job = _routed(tmp_path, animation(noisy(20), "GIF", duration=100), replace(FILMS, max_bytes=60_000))
    assert made.facts.type == "video/mp4"
    assert [each.name for each in job.workdir.iterdir()] == [made.path.name]
    assert made.facts.seconds == pytest.approx(2.0, abs=0.1)
    assert "film" in job.warnings[0]


def test_keep_keeps_the_gif(tmp_path: Path):
    small = replace(FILMS, max_bytes=60_000)
    made, _ = _routed(tmp_path, animation(noisy(20), "GIF", duration=100), small, gif="keep")
    assert made.facts.type == "image/gif"
    assert made.facts.animated


def test_a_misspelt_wish_is_refused_and_not_taken_for_another(tmp_path: Path):
    with pytest.raises(Rejected, match="gif is 'film'; give auto or keep or mp4"):
        _routed(tmp_path, animation([ball(at) for at in range(8)], "GIF", duration=100), FILMS, gif="film")


def test_mp4_makes_a_film_of_what_would_fit(tmp_path: Path):
    made, job = _routed(tmp_path, animation([ball(at) for at in range(8)], "GIF", duration=100), FILMS, gif="mp4")
    assert made.facts.type == "video/mp4"
    assert "film" in job.warnings[0]


def test_mp4_keeps_the_gif_where_no_film_may_leave(tmp_path: Path):
    made, _ = _routed(tmp_path, animation([ball(at) for at in range(8)], "GIF", duration=100), GIFS, gif="mp4")
    assert made.facts.type == "image/gif"
    assert made.facts.animated


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_without_gif_it_is_a_film(tmp_path: Path, form: str):
    data = animation([ball(at) for at in range(8)], form, duration=100)
    made, _ = _routed(tmp_path, data, replace(FILMS, types=frozenset({"image/jpeg", "video/mp4"})))
    assert made.facts.type == "video/mp4"


def test_with_neither_it_is_a_picture_that_is_not_blank(tmp_path: Path):
    pictures = [Image.new("RGB", (200, 120), "white"), *(ball(at).convert("RGB") for at in range(5))]
    data = animation(pictures, "GIF", duration=100)
    made, job = _routed(tmp_path, data, replace(GIFS, types=frozenset({"image/jpeg"})))
    assert made.facts.type == "image/jpeg"
    with Image.open(made.path) as picture:
        assert off_by(pictures[0], picture) > 10
    assert "one picture" in job.warnings[0]


def test_a_still_gif_is_no_animation(tmp_path: Path):
    media, _ = _given(tmp_path, animation([ball(0)], "GIF"), GIFS, {})
    assert not STAGE.accepts(media, GIFS)


def test_what_fits_in_no_way_is_left_to_others(tmp_path: Path):
    media, job = _given(tmp_path, animation(noisy(12), "GIF", duration=100), replace(GIFS, max_bytes=900), {})
    with pytest.raises(Declined):
        STAGE.run(media, job)


def test_too_many_frames_are_refused_before_they_are_read(tmp_path: Path):
    source = tmp_path / "long.gif"
    source.write_bytes(animation([ball(at, 40) for at in range(40)], "GIF", duration=20))
    with pytest.raises(Rejected, match="40 frames"):
        detect(source, Limits(frames=30))
    with pytest.raises(Rejected, match="megapixels in all"):
        detect(source, Limits(animation_pixels=200 * 120 * 30))
