"""Films: under the limit, playable everywhere, upright and in the right colours, and they tell nothing."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.clips import ffmpeg, film

from mmsprep.detect import detect
from mmsprep.detect.isobmff import layout
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts, Media
from mmsprep.profile import Profile, load
from mmsprep.stage import Event, Job
from mmsprep.stages.video import STAGE

LIMITS = Limits()
PANTHEON, LEGACY = load("pantheon"), load("legacy")
TIGHT = replace(PANTHEON, max_bytes=60_000)


def prepared(path: Path, tmp_path: Path, profile: Profile = TIGHT, **options: Any) -> tuple[Path, Facts, Job]:
    """Run the stage and hold what every film must hold."""
    workdir = tmp_path / f"work{len(list(tmp_path.iterdir()))}"
    workdir.mkdir()
    job = Job(profile=profile, workdir=workdir, options=options)
    media = Media(path, path.name, detect(path, LIMITS))
    assert STAGE.accepts(media, profile)
    (made,) = STAGE.run(media, job)
    assert list(workdir.iterdir()) == [made]
    facts = detect(made, LIMITS)
    assert profile.objection(facts) is None
    assert facts.metadata == ()
    assert layout(made).index_first
    assert layout(made).rotation == 0
    playable(made, profile)
    return made, facts, job


def playable(path: Path, profile: Profile) -> None:
    import av

    with av.open(str(path)) as container:
        picture = container.streams.video[0].codec_context
        assert picture.pix_fmt == "yuv420p"
        assert picture.width % 2 == picture.height % 2 == 0
        assert picture.profile in {"Constrained Baseline", "Main", "High"}
        if profile.h264_profile == "baseline":
            assert picture.profile == "Constrained Baseline"
        assert 0 < picture.level <= 41
        assert (container.streams.video[0].average_rate or 0) <= 30.5
        for sound in container.streams.audio:
            assert sound.codec_context.channels <= 2
            assert sound.codec_context.profile in ("LC", None)
    assert ffmpeg("-i", path, "-f", "null", "-") == b""


def frame(path: Path, at: float = 0.5) -> Image.Image:
    png = ffmpeg("-ss", str(at), "-i", path, "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-")
    return Image.open(io.BytesIO(png)).convert("RGB")


def likeness(made: Path, source: Path) -> float:
    """Give the mean SSIM of the luma, at the source's size."""
    size = frame(source).size
    graph = f"[0:v]scale={size[0]}:{size[1]}[a];[a][1:v]ssim=stats_file=-"
    told = ffmpeg("-i", made, "-i", source, "-lavfi", graph, "-f", "null", "-").decode()
    values = [float(each) for each in re.findall(r" Y:([\d.]+)", told)]
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("name", "coding"),
    [
        ("a.mkv", ["-c:v", "ffv1", "-c:a", "flac"]),
        ("a.avi", ["-c:v", "mjpeg", "-q:v", "2"]),
        ("a.webm", ["-c:v", "libvpx", "-b:v", "2M", "-c:a", "libopus"]),
        ("a.ts", ["-b:v", "3M"]),
    ],
)
def test_every_film_becomes_mp4_of_the_same_length_that_looks_like_it(
    tmp_path: Path, name: str, coding: list[str]
) -> None:
    source = film(tmp_path / name, *coding)
    made, facts, _ = prepared(source, tmp_path)
    assert (facts.type, facts.codecs) == ("video/mp4", ("h264", "aac"))
    assert 0.9 * 60_000 < facts.bytes < 60_000
    assert facts.seconds == pytest.approx(2, abs=0.1)
    assert likeness(made, source) > 0.85


def test_a_film_that_fits_and_plays_is_copied_without_what_it_tells(tmp_path: Path) -> None:
    told = ["-metadata", "title=Secret place", "-metadata", "location=+37.77-122.42/"]
    source = film(tmp_path / "a.mp4", *told)
    made, facts, _ = prepared(source, tmp_path, PANTHEON)
    whole = made.read_bytes()
    assert facts.seconds == pytest.approx(2, abs=0.05)
    assert not any(word in whole for word in (b"Secret", b"+37.77", b"x264", b"Lavc", b"Lavf"))
    assert likeness(made, source) == 1


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_film_is_stored_upright(tmp_path: Path, turn: int) -> None:
    source = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", str(turn), "-i", film(tmp_path / "a.mp4"), "-c", "copy", source)
    made, facts, _ = prepared(source, tmp_path, PANTHEON)
    assert ((facts.width or 0) < (facts.height or 0)) == (turn != 180)
    assert likeness(made, source) > 0.9


def test_odd_sizes_and_full_colour_become_playable(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", "-c:v", "libx264", "-pix_fmt", "yuv444p", size="321x181")
    assert likeness(prepared(source, tmp_path)[0], source) > 0.8


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", "-vf", "setsar=4/3", size="240x180")
    _, facts, _ = prepared(source, tmp_path, PANTHEON)
    assert (facts.width or 0) / (facts.height or 1) == pytest.approx(16 / 9, rel=0.02)


def test_more_than_30_frames_a_second_are_halved(tmp_path: Path) -> None:
    _, facts, _ = prepared(film(tmp_path / "a.mp4", rate="60000/1001"), tmp_path, PANTHEON)
    assert facts.seconds == pytest.approx(2, abs=0.1)


def test_a_film_without_sound_stays_silent(tmp_path: Path) -> None:
    assert prepared(film(tmp_path / "a.mkv", sound=""), tmp_path)[1].codecs == ("h264",)


def test_the_largest_film_and_the_default_sound_of_many_are_sent(tmp_path: Path) -> None:
    small = film(tmp_path / "small.mp4", size="64x64")
    large = film(tmp_path / "large.mp4", sound="sine=1000:sample_rate=48000")
    (tmp_path / "text.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nSecret words\n")
    source = tmp_path / "many.mkv"
    tracks = ["-map", "0", "-map", "1", "-map", "2", "-c", "copy", "-disposition:v", "0"]
    ffmpeg("-i", small, "-i", large, "-i", tmp_path / "text.srt", *tracks, source)
    made, _, _ = prepared(source, tmp_path, PANTHEON)
    assert b"Secret" not in made.read_bytes()
    assert likeness(made, large) > 0.9


def test_trim_and_max_seconds_choose_the_part(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", seconds=6)
    made, facts, _ = prepared(source, tmp_path, trim="2-5")
    assert facts.seconds == pytest.approx(3, abs=0.1)
    # At the cut it is dark, in the middle it is not.
    assert max(frame(made, 2.92).resize((1, 1)).getpixel((0, 0))) < 40
    assert max(frame(made, 1).resize((1, 1)).getpixel((0, 0))) > 80
    _, facts, _ = prepared(source, tmp_path, max_seconds=1.5)
    assert facts.seconds == pytest.approx(1.5, abs=0.1)


def test_the_oldest_handsets_get_3gp_with_baseline_and_amr(tmp_path: Path) -> None:
    _, facts, _ = prepared(film(tmp_path / "a.mkv", seconds=3), tmp_path, LEGACY)
    assert (facts.type, facts.codecs) == ("video/3gpp", ("h264", "amr_nb"))


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv")
    assert prepared(source, tmp_path)[0].read_bytes() == prepared(source, tmp_path)[0].read_bytes()


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    events: list[Event] = []
    source = film(tmp_path / "a.mkv", seconds=4)
    (tmp_path / "out").mkdir()
    job = Job(profile=TIGHT, workdir=tmp_path / "out", emit=events.append)
    STAGE.run(Media(source, "a", detect(source, LIMITS)), job)
    fractions = [each.fraction for each in events if each.fraction is not None]
    assert fractions[-1] == pytest.approx(1, abs=0.05)
    assert all(each.step == "video" for each in events)


def test_what_cannot_fit_is_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", seconds=20, size="160x120")
    with pytest.raises(Rejected) as refused:
        prepared(source, tmp_path, replace(PANTHEON, max_bytes=20_000))
    assert refused.value.reason == "cannot-fit"
