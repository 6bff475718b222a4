"""Films and recordings: named by what is inside, measured upright, and nothing but the file itself is opened."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.clips import ffmpeg, film, recording

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits

LIMITS = Limits()


@pytest.mark.parametrize(
    ("name", "coding", "mime", "codecs"),
    [
        ("a.mp4", [], "video/mp4", ("h264", "aac")),
        ("a.mov", ["-c:v", "mpeg4", "-c:a", "libmp3lame"], "video/quicktime", ("mpeg4", "mp3")),
        ("a.mkv", ["-c:v", "mjpeg", "-c:a", "flac"], "video/x-matroska", ("mjpeg", "flac")),
        ("a.webm", ["-c:v", "libvpx", "-c:a", "libopus"], "video/webm", ("vp8", "opus")),
        ("a.avi", [], "video/x-msvideo", ("mpeg4", "mp3")),
        ("a.flv", [], "video/x-flv", ("flv1", "mp3")),
        ("a.wmv", [], "video/x-ms-asf", ("msmpeg4v3", "wmav2")),
        ("a.mpg", [], "video/mpeg", ("mpeg1video", "mp2")),
        ("a.ts", [], "video/mp2t", ("mpeg2video", "mp2")),
        ("a.m2ts", [], "video/mp2t", ("mpeg2video", "mp2")),
        ("a.ogv", [], "video/ogg", ("theora", "vorbis")),
        ("a.3gp", ["-c:v", "h263", "-s", "176x144", "-ar", "8000", "-ac", "1"], "video/3gpp", ("h263", "amr_nb")),
    ],
)
def test_a_film_is_named_by_its_content(
    tmp_path: Path, name: str, coding: list[str], mime: str, codecs: tuple[str, ...]
) -> None:
    facts = detect(film(tmp_path / name, *coding, seconds=1).rename(tmp_path / "opaque"), LIMITS)
    assert (facts.type, facts.codecs) == (mime, codecs)
    assert facts.width
    assert facts.height
    assert facts.seconds == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    ("name", "coding", "mime", "codec"),
    [
        ("a.m4a", [], "audio/mp4", "aac"),
        ("a.mp4", [], "audio/mp4", "aac"),
        ("a.mp3", [], "audio/mpeg", "mp3"),
        ("a.wav", [], "audio/wav", "pcm_s16le"),
        ("a.flac", [], "audio/flac", "flac"),
        ("a.ogg", [], "audio/ogg", "vorbis"),
        ("a.opus", [], "audio/ogg", "opus"),
        ("a.aac", [], "audio/aac", "aac"),
        ("a.amr", ["-ar", "8000", "-ac", "1"], "audio/amr", "amr_nb"),
        ("a.aiff", [], "audio/aiff", "pcm_s16be"),
        ("a.caf", [], "audio/x-caf", "pcm_s16be"),
        ("a.wma", [], "audio/x-ms-wma", "wmav2"),
        ("a.mka", [], "audio/x-matroska", "vorbis"),
    ],
)
def test_a_recording_is_named_by_its_content(
    tmp_path: Path, name: str, coding: list[str], mime: str, codec: str
) -> None:
    facts = detect(recording(tmp_path / name, *coding).rename(tmp_path / "opaque"), LIMITS)
    assert (facts.type, facts.codecs, facts.width) == (mime, (codec,), None)
    assert facts.seconds == pytest.approx(2, abs=0.15)


def test_a_cover_makes_no_film_of_a_recording(tmp_path: Path) -> None:
    cover = tmp_path / "cover.jpg"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=900x900:d=1", "-frames:v", "1", "-q:v", "1", cover)
    tagged = tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-i", cover, "-map", "0", "-map", "1", "-metadata", "title=Secret", tagged)
    facts = detect(tagged, LIMITS)
    assert facts.type == "audio/mpeg"
    assert {"picture", "title"} <= set(facts.metadata)


@pytest.mark.parametrize(("turn", "size"), [(0, (320, 180)), (90, (180, 320)), (180, (320, 180)), (270, (180, 320))])
def test_a_turned_film_is_measured_upright(tmp_path: Path, turn: int, size: tuple[int, int]) -> None:
    ffmpeg("-display_rotation", str(turn), "-i", film(tmp_path / "a.mp4"), "-c", "copy", tmp_path / "turned.mp4")
    facts = detect(tmp_path / "turned.mp4", LIMITS)
    assert (facts.width, facts.height) == size


def test_wide_pixels_count_as_they_are_shown(tmp_path: Path) -> None:
    facts = detect(film(tmp_path / "a.mp4", "-vf", "setsar=4/3", size="360x288"), LIMITS)
    assert (facts.width, facts.height) == (480, 288)


def test_where_and_by_whom_a_film_was_made_is_noticed(tmp_path: Path) -> None:
    told = ["location=+37.77-122.42/", "title=Home", "artist=Ann", "comment=hi", "creation_time=2024-01-01T00:00:00Z"]
    keys = [word for each in told for word in ("-metadata", each)]
    facts = detect(film(tmp_path / "a.mp4", *keys), LIMITS)
    assert {"gps", "title", "author", "comment", "date", "encoder"} <= set(facts.metadata)


CLEAN = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]


def test_the_text_that_x264_leaves_in_the_stream_is_noticed(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", "-flags:a", "+bitexact")
    ffmpeg("-i", source, "-c", "copy", *CLEAN, tmp_path / "told.mp4")
    ffmpeg("-i", source, "-c", "copy", *CLEAN, "-bsf:v", "filter_units=remove_types=6", tmp_path / "clean.mp4")
    assert detect(tmp_path / "told.mp4", LIMITS).metadata == ("encoder",)
    assert detect(tmp_path / "clean.mp4", LIMITS).metadata == ()


HOSTILE = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{canary}\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" mimeType="video/mp4"><BaseURL>file:{canary}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "concat": "ffconcat version 1.0\nfile '{canary}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{canary}"/></svg>',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_script_that_is_named_like_a_film_is_no_film(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmsprep.detect import av

    canary = film(tmp_path / "canary.mp4")
    path = tmp_path / "clip.mp4"
    path.write_text(HOSTILE[kind].format(canary=canary))
    os.utime(canary, ns=(0, 0))
    facts_or_error: object
    try:
        facts_or_error = detect(path, LIMITS).type.partition("/")[0]
    except Rejected as error:
        facts_or_error = error.reason
    assert facts_or_error not in ("video", "audio")
    # And were libmagic to take it for a film, the reader itself would still refuse.
    with pytest.raises(Rejected, match="cannot be read"):
        av.parse(path, "video/mp4", path.stat().st_size, LIMITS)


def wav(channels: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, 44_100, 44_100 * channels * 2 & 0xFFFFFFFF, channels * 2 & 0xFFFF, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 262_140) + bytes(262_140)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_sound_of_65535_channels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(65_535))
    with pytest.raises(Rejected) as refused:
        detect(tmp_path / "a.wav", LIMITS)
    assert refused.value.reason in ("too-costly", "damaged")


def test_a_film_that_claims_a_day_is_too_long(tmp_path: Path) -> None:
    ffmpeg("-itsscale", "50000", "-i", film(tmp_path / "a.mp4", sound=""), "-c", "copy", tmp_path / "day.mkv")
    with pytest.raises(Rejected, match="hours; 4 is the most") as refused:
        detect(tmp_path / "day.mkv", LIMITS)
    assert refused.value.reason == "too-long"


def test_more_streams_or_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    for limits, reason in (
        (replace(LIMITS, streams=1), "too-costly"),
        (replace(LIMITS, media_bytes=9), "too-many-bytes"),
    ):
        with pytest.raises(Rejected) as refused:
            detect(path, limits)
        assert refused.value.reason == reason


def test_frames_beyond_8k_are_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", "-c:v", "rawvideo", "-pix_fmt", "gray", size="8192x8192", rate="1", seconds=1)
    with pytest.raises(Rejected, match="8192 × 8192") as refused:
        detect(path, LIMITS)
    assert refused.value.reason == "too-many-pixels"


def test_a_film_whose_index_is_missing_is_damaged(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Rejected, match="index") as refused:
        detect(tmp_path / "half.mp4", LIMITS)
    assert refused.value.reason == "damaged"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.mp3", "a.ogg"])
def test_a_broken_file_raises_nothing_but_rejected(tmp_path: Path, name: str) -> None:
    made = film(tmp_path / name) if name.endswith(("4", "v", "i", "s")) else recording(tmp_path / name)
    whole = made.read_bytes()
    for at in range(0, 4_000, 97):
        made.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) * 7 + whole[at + 7 :])
        with suppress(Rejected):
            detect(made, LIMITS)
