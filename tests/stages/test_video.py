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
from mmsprep.stage import Declined, Event, Job
from mmsprep.stages.video import STAGE
from mmsprep.tools.video import remux

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
    (made,) = STAGE.run(media, job) or job.links
    assert list(workdir.iterdir()) == [made]
    facts = detect(made, LIMITS)
    assert job.links or profile.objection(facts) is None
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
    # "fps" holds a frame as long as it is shown; -ss alone would give the next one.
    chosen = ["-vf", f"fps=50,trim=start={at}", "-frames:v", "1"]
    png = ffmpeg("-i", path, *chosen, "-c:v", "png", "-f", "image2pipe", "-")
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


def gif(path: Path) -> Path:
    """Draw a red square on nothing that jumps once a second, first for a second, then for a fifth each."""
    frames = []
    for number in range(6):
        frame = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
        frame.paste((255, 0, 0, 255), (number * 20, 20, number * 20 + 20, 60))
        frames.append(frame)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[1000, 200, 200, 200, 200, 200], disposal=2)
    return path


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animated_picture_becomes_a_film_on_white_in_its_own_time(tmp_path: Path, name: str) -> None:
    made, facts, _ = prepared(gif(tmp_path / name), tmp_path, PANTHEON, gif="mp4")
    assert facts.type == "video/mp4"
    assert facts.seconds == pytest.approx(2, abs=0.1)
    early, late = frame(made, 0.8), frame(made, 1.3)
    assert early.getpixel((10, 40))[0] > 200 > early.getpixel((10, 40))[1] + 100
    assert min(early.getpixel((60, 5))) > 240
    assert late.getpixel((50, 40))[0] > 200 > late.getpixel((50, 40))[1] + 100


def test_an_animated_picture_that_is_to_stay_one_is_left_to_others(tmp_path: Path) -> None:
    path = gif(tmp_path / "a.gif")
    job = Job(profile=PANTHEON, workdir=tmp_path, options={"gif": "keep"})
    with pytest.raises(Declined):
        STAGE.run(Media(path, "a", detect(path, LIMITS)), job)
    still = tmp_path / "still.png"
    Image.new("RGB", (9, 9)).save(still)
    assert not STAGE.accepts(Media(still, "a", detect(still, LIMITS)), PANTHEON)


@pytest.mark.parametrize(("transfer", "white", "grey"), [("arib-std-b67", 721, 431), ("smpte2084", 573, 400)])
def test_high_dynamic_range_becomes_ordinary_with_white_bright_and_grey_grey(
    tmp_path: Path, transfer: str, white: int, grey: int
) -> None:
    halves = f"format=yuv420p10le,geq=lum='if(lt(X,160),{white},{grey})':cb=512:cr=512"
    told = f"setparams=color_trc={transfer}:color_primaries=bt2020:colorspace=bt2020nc:range=tv"
    source = film(tmp_path / "a.mkv", "-vf", f"{halves},{told}", "-c:v", "ffv1", sound="", seconds=1)
    made, _, _ = prepared(source, tmp_path, PANTHEON)
    shown = frame(made)
    bright, middle = shown.getpixel((60, 90)), shown.getpixel((260, 90))
    # White in HDR (ITU-R BT.2408: 75 % of HLG, 58 % of PQ) stays near white; nothing takes a colour.
    assert min(bright) > 200
    assert 90 < min(middle) < 160
    assert max(bright) - min(bright) < 8
    assert max(middle) - min(middle) < 8


@pytest.mark.parametrize("size", ["320x180", "1280x720"])
def test_colours_stay_what_they_were_whatever_the_size(tmp_path: Path, size: str) -> None:
    source = film(tmp_path / "a.mkv", "-pix_fmt", "yuv420p", "-c:v", "ffv1", sound="", size=size, picture="smptehdbars")
    made, _, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=200_000))
    before, after = frame(source), frame(made)
    for x in (0.2, 0.4, 0.5, 0.6, 0.7):
        one = before.getpixel((int(x * before.width), before.height // 4))
        other = after.getpixel((int(x * after.width), after.height // 4))
        assert all(abs(a - b) < 14 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("told", [True, False])
def test_interlaced_films_show_no_combs(tmp_path: Path, told: bool) -> None:
    bars = "nullsrc=s=720x576:r=50:d=1.2,geq=lum='235*lt(mod(X-T*300,80),40)':cb=128:cr=128"
    weave = "tinterlace=interleave_top" + (",fieldorder=tff" if told else ",setfield=prog")
    flags = ["-flags", "+ildct+ilme"] if told else []
    source = tmp_path / "a.mpg"
    ffmpeg("-f", "lavfi", "-i", bars, "-vf", weave, *flags, "-c:v", "mpeg2video", "-q:v", "2", source)
    made, _, _ = prepared(source, tmp_path, PANTHEON)
    assert combs(frame(source)) > 5
    assert combs(frame(made)) < 1


def combs(picture: Image.Image) -> float:
    """Give by how much more a row differs from its neighbour than from the one after that."""
    import numpy as np

    rows = np.asarray(picture.convert("L"), dtype=float)
    return float(np.abs(rows[1:-1] - rows[:-2]).mean() - np.abs(rows[2:] - rows[:-2]).mean())


def test_picture_and_sound_stay_together(tmp_path: Path) -> None:
    """A white flash and a beep begin at the same moment, once a second; so they must in what is sent."""
    flash = "color=black:s=160x120:r=25:d=6,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.2)*gte(t,1)'"
    beep = "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.2)*gte(t,1)':s=44100:d=6"
    source = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep, "-c:v", "ffv1", "-c:a", "flac", source)
    for options in ({}, {"trim": "0.5-4.5"}):
        made, _, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=30_000), **options)
        seen, heard = onsets(made)
        assert len(seen) == len(heard) >= 3
        assert all(abs(one - other) < 0.04 for one, other in zip(seen, heard, strict=True))


def onsets(path: Path) -> tuple[list[float], list[float]]:
    """Find the moments at which it becomes bright, and loud."""
    import av
    import numpy as np

    seen: list[float] = []
    heard: list[float] = []
    with av.open(str(path)) as container:
        bright = False
        for picture in container.decode(video=0):
            now = picture.to_ndarray(format="gray").mean() > 100
            if now and not bright:
                seen.append(picture.time)
            bright = now
    with av.open(str(path)) as container:
        quiet_until = -1.0
        for sound in container.decode(audio=0):
            samples = np.abs(sound.to_ndarray()).max(axis=0)
            for at in np.nonzero(samples > 0.25)[0]:
                moment = sound.time + at / sound.sample_rate
                if moment > quiet_until:
                    heard.append(moment)
                quiet_until = moment + 0.1
    return seen, heard


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
