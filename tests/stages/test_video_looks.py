"""Films look and sound as they were: upright, in their colours and their time, picture and sound together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.clips import ffmpeg, film
from tests.stages.films import LIMITS, PANTHEON, frame, likeness, prepared

from mmsprep.detect import detect
from mmsprep.media import Media
from mmsprep.stage import Declined, Job
from mmsprep.stages.video import STAGE


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
