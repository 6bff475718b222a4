"""Recordings: under the limit, as loud and as long as they were, in a file that tells nothing."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from tests.clips import ffmpeg, recording

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts, Media
from mmsprep.profile import Profile, load
from mmsprep.stage import Event, Job
from mmsprep.stages.audio import STAGE

LIMITS = Limits()
PANTHEON, TELNYX, LEGACY = load("pantheon"), load("telnyx"), load("legacy")

MUSIC = "aevalsrc='0.3*sin(2*PI*262*t)+0.2*sin(2*PI*330*t)|0.3*sin(2*PI*392*t)+0.1*sin(2*PI*523*t)':s=44100"
SPEECH = "aevalsrc='0.5*sin(2*PI*180*t)*gt(sin(2*PI*3*t),0.2)':s=44100"
"""Syllables: a tone that comes and goes three times a second."""


def prepared(path: Path, tmp_path: Path, profile: Profile = PANTHEON, **options: Any) -> tuple[Path, Facts, Job]:
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
    return made, facts, job


def level(path: Path, filters: str = "anull") -> tuple[float, float]:
    """Measure mean and peak, in dB of full scale."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-af", f"{filters},volumedetect", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stderr
    mean, peak = (re.search(rf"{key}_volume: (-?[\d.]+) dB", said) for key in ("mean", "max"))
    assert mean is not None
    assert peak is not None
    return float(mean[1]), float(peak[1])


def channels(path: Path) -> int:
    import av

    with av.open(str(path)) as container:
        return container.streams.audio[0].codec_context.channels


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.aiff", "a.wma", "a.mka", "a.caf"])
def test_every_recording_becomes_m4a_of_the_same_length_and_loudness(tmp_path: Path, name: str) -> None:
    source = recording(tmp_path / name, sound=MUSIC, seconds=3)
    made, facts, _ = prepared(source, tmp_path)
    assert (facts.type, facts.codecs) == ("audio/mp4", ("aac",))
    assert facts.seconds == pytest.approx(3, abs=0.1)
    assert level(made)[0] == pytest.approx(level(source)[0], abs=0.5)


@pytest.mark.parametrize("limit", [300_000, 100_000, 60_000])
def test_the_limit_is_kept_and_used(tmp_path: Path, limit: int) -> None:
    source = recording(tmp_path / "a.flac", sound="anoisesrc=c=pink:a=0.4:r=44100", seconds=20)
    _, facts, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=limit))
    assert facts.bytes < limit
    # Pink noise in mono is as good as it gets at 88 kbit/s.
    assert facts.bytes > min(0.96 * limit, 150_000)


def test_music_that_fills_two_channels_keeps_them_and_speech_in_two_equal_ones_does_not(tmp_path: Path) -> None:
    wide = recording(tmp_path / "wide.wav", sound=MUSIC, seconds=3)
    same = recording(tmp_path / "same.wav", "-ac", "2", sound=SPEECH, seconds=3)
    assert channels(prepared(wide, tmp_path)[0]) == 2
    assert channels(prepared(same, tmp_path)[0]) == 1


def test_m4a_that_fits_is_copied_without_its_tags_and_cover(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=600x600:d=1", "-frames:v", "1", tmp_path / "cover.jpg")
    tone = recording(tmp_path / "tone.wav")
    source = tmp_path / "song.m4a"
    told = ["-metadata", "title=Secret place", "-metadata", "artist=Ann", "-metadata", "location=+37.77-122.42/"]
    cover = ["-i", tmp_path / "cover.jpg", "-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"]
    ffmpeg("-i", tone, *cover, "-flags:a", "+bitexact", *told, source)
    made, facts, _ = prepared(source, tmp_path)
    assert facts.bytes < source.stat().st_size / 2
    assert b"Secret" not in made.read_bytes()
    assert packets(made) == packets(source)


def packets(path: Path) -> list[bytes]:
    import av

    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def test_an_encoder_that_names_itself_in_the_sound_is_silenced(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.m4a")
    assert b"Lavc" in source.read_bytes()
    made, _, _ = prepared(source, tmp_path)
    assert b"Lavc" not in made.read_bytes()
    assert level(made) == level(source)


def test_mp3_loses_its_tags_and_keeps_its_sound(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.mp3", "-metadata", "title=Secret", "-b:a", "64k", seconds=3)
    made, facts, _ = prepared(source, tmp_path, TELNYX)
    assert facts.type == "audio/mpeg"
    assert b"Secret" not in made.read_bytes()
    assert made.read_bytes()[:3] != b"ID3"
    assert level(made)[0] == pytest.approx(level(source)[0], abs=0.2)


def test_a_provider_without_m4a_gets_mp3(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.flac", sound=MUSIC, seconds=4)
    _, facts, _ = prepared(source, tmp_path, replace(TELNYX, max_bytes=40_000))
    assert (facts.type, facts.codecs) == ("audio/mpeg", ("mp3",))
    assert facts.bytes < 40_000
    assert facts.seconds == pytest.approx(4, abs=0.1)


def test_the_oldest_handsets_get_amr(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", sound=SPEECH, seconds=3)
    made, facts, _ = prepared(source, tmp_path, LEGACY)
    assert (facts.type, facts.codecs) == ("audio/amr", ("amr_nb",))
    assert facts.seconds == pytest.approx(3, abs=0.1)
    assert level(made)[0] == pytest.approx(level(source)[0], abs=2)


def test_long_speech_goes_as_amr_where_that_is_taken(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.flac", "-ar", "16000", sound=SPEECH, seconds=60)
    _, facts, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=50_000))
    assert facts.type == "audio/amr"
    assert facts.seconds == pytest.approx(60, abs=0.2)


def test_what_cannot_be_worth_listening_to_is_refused_with_the_length_that_would_fit(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.flac", "-ar", "22050", sound=MUSIC, seconds=60)
    with pytest.raises(Rejected, match="trim below") as refused:
        prepared(source, tmp_path, replace(PANTHEON, max_bytes=50_000))
    assert refused.value.reason == "cannot-fit"
    advised = re.search(r"below (\d+) s", refused.value.message)
    assert advised is not None
    _, facts, _ = prepared(source, tmp_path, replace(PANTHEON, max_bytes=50_000), max_seconds=float(advised[1]))
    assert facts.seconds == pytest.approx(float(advised[1]), abs=0.1)


def test_trim_takes_the_part_and_fades_at_the_cut(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", sound="aevalsrc='0.5*sin(2*PI*440*t)*gt(t,4)':s=44100", seconds=10)
    made, facts, _ = prepared(source, tmp_path, trim="4-8")
    assert facts.seconds == pytest.approx(4, abs=0.1)
    assert level(made, "atrim=0.1:1")[0] == pytest.approx(level(source, "atrim=5:6")[0], abs=0.5)
    assert level(made, "atrim=3.95:4")[0] < level(made, "atrim=1:2")[0] - 12


def test_an_end_that_is_missing_is_told(tmp_path: Path) -> None:
    whole = recording(tmp_path / "a.flac", seconds=6, sound="anoisesrc=r=44100").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 3])
    _, facts, job = prepared(tmp_path / "cut.flac", tmp_path)
    assert facts.seconds == pytest.approx(2, abs=0.2)
    (warning,) = job.warnings
    assert re.fullmatch(r"only [12]\.\d of 6\.0 s could be read; the end is missing", warning)


def test_loud_sources_do_not_clip(tmp_path: Path) -> None:
    loud = "aevalsrc='min(1,t*9)*(0.6*sin(2*PI*220*t)+0.4*sin(2*PI*1990*t))':s=44100"
    made, _, _ = prepared(recording(tmp_path / "a.wav", sound=loud, seconds=3), tmp_path)
    assert level(made, "aformat=flt")[1] < 0


def test_a_loudness_that_is_no_number_is_refused(tmp_path: Path) -> None:
    quiet = recording(tmp_path / "a.wav")
    with pytest.raises(Rejected, match="loudness is 'loud'; give a level in LUFS, such as -16"):
        prepared(quiet, tmp_path, loudness="loud")


def test_loudness_changes_only_when_asked(tmp_path: Path) -> None:
    quiet = recording(tmp_path / "a.wav", "-filter:a", "volume=0.05", sound=SPEECH, seconds=5)
    assert level(prepared(quiet, tmp_path)[0])[0] == pytest.approx(level(quiet)[0], abs=0.7)
    assert level(prepared(quiet, tmp_path, loudness=-16)[0])[0] > level(quiet)[0] + 10


def test_surround_is_mixed_without_losing_the_middle(tmp_path: Path) -> None:
    middle = "aevalsrc='0|0|0.4*sin(2*PI*440*t)|0|0|0':c=5.1:s=48000"
    made, facts, _ = prepared(recording(tmp_path / "a.flac", sound=middle, seconds=3), tmp_path)
    assert facts.codecs == ("aac",)
    # ITU-R BS.775 mixes the centre at -3 dB into both sides.
    assert level(made)[0] > -17


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.ogg", sound=MUSIC, seconds=4)
    profile = replace(PANTHEON, max_bytes=30_000)
    assert prepared(source, tmp_path, profile)[0].read_bytes() == prepared(source, tmp_path, profile)[0].read_bytes()


def test_progress_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    source = recording(tmp_path / "a.flac", sound=MUSIC, seconds=30)
    (tmp_path / "out").mkdir()
    job = Job(profile=PANTHEON, workdir=tmp_path / "out", emit=events.append)
    STAGE.run(Media(source, "a", detect(source, LIMITS)), job)
    fractions = [each.fraction for each in events if each.fraction is not None]
    assert fractions
    assert max(fractions) == pytest.approx(1, abs=0.05)


def test_noise_that_calls_itself_a_recording_is_damaged(tmp_path: Path) -> None:
    whole = bytearray(recording(tmp_path / "a.flac", seconds=2).read_bytes())
    whole[9_000:] = b"\x55" * (len(whole) - 9_000)
    (tmp_path / "bad.flac").write_bytes(whole)
    try:
        prepared(tmp_path / "bad.flac", tmp_path)
    except Rejected as refused:
        assert refused.reason == "damaged"


@pytest.mark.parametrize(
    "limit", [300_000, *(pytest.param(each, marks=pytest.mark.slow) for each in (600_000, 1_500_000))]
)
def test_every_real_recording_fits(tmp_path: Path, corpus: Path, limit: int) -> None:
    for path in sorted((corpus / "audio").glob("a*")):
        source, (made, facts, _) = detect(path, LIMITS), prepared(path, tmp_path, replace(PANTHEON, max_bytes=limit))
        assert facts.bytes < limit
        assert facts.seconds == pytest.approx(source.seconds, abs=0.35 if path.name.startswith("a11") else 0.1)
        assert level(made)[0] == pytest.approx(level(path)[0], abs=1.5)
