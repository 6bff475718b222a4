"""Films: under the limit, playable everywhere, and they tell nothing; what cannot be is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.clips import ffmpeg, film
from tests.stages.films import LEGACY, LIMITS, PANTHEON, TIGHT, frame, likeness, prepared

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.stage import Event, Job
from mmsprep.stages.video import STAGE
from mmsprep.tools.video import remux


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


def test_a_film_far_over_the_limit_is_not_copied_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = film(
        tmp_path / "a.mp4", "-b:v", "8M", "-x264-params", "nal-hrd=cbr:force-cfr=1", "-maxrate", "8M", "-bufsize", "8M"
    )
    copied: list[int] = []
    whole = remux.mux

    def watched(*arguments: Any, **options: Any) -> Path:
        path = whole(*arguments, **options)
        copied.append(path.stat().st_size)
        return path

    monkeypatch.setattr(remux, "mux", watched)
    prepared(source, tmp_path)
    assert source.stat().st_size > 1_000_000
    assert all(size < source.stat().st_size / 3 for size in copied), copied


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


def test_the_refusal_names_a_length_that_fits(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", seconds=30, size="320x180", rate="15")
    with pytest.raises(Rejected, match="unwatchable; trim below") as refused:
        prepared(source, tmp_path, replace(PANTHEON, max_bytes=60_000))
    advised = re.search(r"below (\d+) s", refused.value.message)
    assert advised is not None
    _, facts, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=60_000), max_seconds=int(advised[1]))
    assert facts.seconds == pytest.approx(int(advised[1]), abs=0.1)


def test_what_cannot_fit_is_offered_as_a_link_where_that_is_asked(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", seconds=20, size="160x120")
    made, facts, job = prepared(source, tmp_path, replace(PANTHEON, max_bytes=20_000), on_cannot_fit="link")
    assert job.links == [made]
    assert (facts.type, facts.width, facts.height) == ("video/mp4", 160, 120)
    assert likeness(made, source) > 0.95
    assert "a link is offered" in job.warnings[0]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"fast": "maybe"}, "fast is 'maybe'; give true or false"),
        ({"on_cannot_fit": "url"}, "on_cannot_fit is 'url'; give link"),
    ],
)
def test_a_misspelt_option_is_refused_before_anything_is_coded(
    tmp_path: Path, option: dict[str, str], said: str
) -> None:
    with pytest.raises(Rejected, match=said):
        prepared(film(tmp_path / "a.mp4", "-pix_fmt", "yuv420p", seconds=1), tmp_path, **option)


def test_the_fast_way_fits_too(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", seconds=3)
    made, facts, _ = prepared(source, tmp_path, fast=True)
    assert facts.bytes < 60_000
    assert likeness(made, source) > 0.75


def test_a_budget_beyond_what_can_be_seen_is_not_filled(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", "-c:v", "ffv1")
    made, facts, _ = prepared(source, tmp_path, PANTHEON)
    assert facts.bytes < 700_000
    assert (facts.width, facts.height) == (320, 180)
    assert likeness(made, source) > 0.98


def test_an_end_that_is_missing_is_told(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", "-movflags", "+faststart", "-b:v", "1M", seconds=6).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    _, facts, job = prepared(tmp_path / "cut.mp4", tmp_path)
    assert facts.seconds is not None
    assert facts.seconds < 5
    assert "could be read" in job.warnings[0]


def test_a_gap_of_hours_in_the_clock_ends_soon(tmp_path: Path) -> None:
    jump = "setpts='PTS+gte(N,25)*3*3600/TB'"
    source = film(tmp_path / "a.mkv", "-vf", jump, "-c:v", "mpeg4", sound="", seconds=2, size="64x64")
    try:
        prepared(source, tmp_path)
    except Rejected as refused:
        assert refused.reason in ("cannot-fit", "damaged", "too-costly")


def test_the_very_oldest_get_h263(tmp_path: Path) -> None:
    oldest = replace(LEGACY, codecs=frozenset({"h263", "amr_nb"}))
    workdir = tmp_path / "out"
    workdir.mkdir()
    source = film(tmp_path / "a.mkv", seconds=3)
    (made,) = STAGE.run(Media(source, "a", detect(source, LIMITS)), Job(profile=oldest, workdir=workdir))
    facts = detect(made, LIMITS)
    assert oldest.objection(facts) is None
    assert (facts.codecs, facts.metadata) == (("h263", "amr_nb"), ())


def test_threads_change_the_time_and_not_the_bytes(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", seconds=3)
    results = []
    for threads in (1, 2):
        workdir = tmp_path / f"threads{threads}"
        workdir.mkdir()
        job = Job(profile=TIGHT, workdir=workdir, threads=threads)
        results.append(STAGE.run(Media(source, "a", detect(source, LIMITS)), job)[0].read_bytes())
    assert results[0] == results[1]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_500_000, 600_000, 300_000])
def test_every_real_film_fits_and_fills_its_budget(tmp_path: Path, corpus: Path, limit: int) -> None:
    for path in sorted((corpus / "video").glob("v*")):
        before = detect(path, LIMITS)
        _, facts, job = prepared(path, tmp_path, replace(PANTHEON, max_bytes=limit))
        assert facts.bytes < limit
        assert not job.warnings
        if before.seconds:
            assert facts.seconds == pytest.approx(before.seconds, abs=0.1)
