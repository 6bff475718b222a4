"""Speech and music are told apart by what is heard, and so is whether two channels are two."""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import pytest
from tests.clips import recording

from mmsprep.tools.audio.measure import Heard, listen
from mmsprep.tools.audio.track import find_track
from mmsprep.tools.ffmpeg import Runner
from mmsprep.tools.window import Window

CHORD = "0.3*sin(2*PI*262*t)+0.2*sin(2*PI*330*t)"


def heard(path: Path, tmp_path: Path) -> Heard:
    track = find_track(path)
    assert track is not None
    return listen(Runner(imageio_ffmpeg.get_ffmpeg_exe(), tmp_path), track, Window(0, None, False))


def test_a_chord_is_music_and_syllables_are_speech(tmp_path: Path) -> None:
    chord = recording(tmp_path / "a.flac", sound=f"aevalsrc='{CHORD}':s=44100", seconds=5)
    words = recording(tmp_path / "b.flac", sound="aevalsrc='0.4*sin(2*PI*150*t)*gt(sin(2*PI*3*t),0.2)'", seconds=5)
    assert not heard(chord, tmp_path).speech
    assert heard(words, tmp_path).speech


def test_only_channels_that_differ_are_wide(tmp_path: Path) -> None:
    same = recording(tmp_path / "a.wav", "-ac", "2", seconds=3)
    wide = recording(tmp_path / "b.wav", sound=f"aevalsrc='{CHORD}|0.3*sin(2*PI*500*t)':s=44100", seconds=3)
    assert not heard(same, tmp_path).wide
    assert heard(wide, tmp_path).wide


def test_silence_is_neither(tmp_path: Path) -> None:
    assert heard(recording(tmp_path / "a.wav", sound="anullsrc=cl=stereo", seconds=2), tmp_path) == Heard(False, False)


@pytest.mark.parametrize(
    ("name", "speech"),
    [
        ("a04_speech_libri_hq.ogg", True),
        ("a06_speech_44k_stereo.wav", True),
        ("a09_sample_nb.amr", True),
        ("a02_music_jazz_hq.ogg", False),
        ("a07_music_outfoxing.mp3", False),
    ],
)
def test_real_speech_and_music_are_told_apart(tmp_path: Path, corpus: Path, name: str, speech: bool) -> None:
    assert heard(corpus / "audio" / name, tmp_path).speech == speech
