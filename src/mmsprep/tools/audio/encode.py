"""Encode sound, whose bytes are counted afterwards: ffmpeg's AAC gives half to 1.1 times the rate it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmsprep.tools.audio.plan import Coding
from mmsprep.tools.audio.track import Track
from mmsprep.tools.ffmpeg import Runner, source
from mmsprep.tools.ffmpeg.command import BIT_EXACT
from mmsprep.tools.window import FADE_SECONDS, Window

CEILING, LOW_CEILING = 0.89, 0.79
"""-1 dB, which EBU R 128 asks for: what a coder adds to a peak then stays below full scale. A coder that is
short of bits adds more, so that gets -2 dB."""
AMPLE = 56_000
"""Bits per second and channel from which a coder is not short of them."""

PLAIN = {key: value for key, value in BIT_EXACT.items() if key != "flags:v"}
FORMATS: dict[str, dict[str, Any]] = {
    ".m4a": {"f": "ipod", "movflags": "+faststart"},
    ".mp3": {"f": "mp3", "write_xing": 0, "id3v2_version": 0, "write_id3v1": 0},
    ".amr": {"f": "amr"},
}
"""How each type is written, by its suffix. A Xing header is only of use where the rate varies."""


def encode(
    runner: Runner,
    track: Track,
    coding: Coding,
    window: Window,
    *,
    loudness: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Path:
    """Write the window of *track* as *coding* says; raises Failed."""
    path = runner.path(coding.suffix)
    sound = filtered(
        source(track.path, threads=1, **window.reading())[str(track.index)], track, coding, window, loudness
    )
    options = {"c:a": coding.encoder, "b:a": coding.bits_per_second, "threads": 1, **PLAIN, **FORMATS[coding.suffix]}
    runner.run(sound.output(str(path), **options), progress=progress)
    return path


def filtered(sound: Any, track: Track, coding: Coding, window: Window, loudness: float | None) -> Any:
    """Align, mix, resample, fade and hold below full scale."""
    # What begins before the picture is cut, what begins after it waits in silence.
    sound = sound.filter("aresample", **{"async": 1, "first_pts": 0, "min_hard_comp": 0.1})
    # In floating point ffmpeg mixes surround without turning everything down; the limiter takes the peaks.
    sound = sound.filter("aformat", sample_fmts="fltp", channel_layouts="stereo" if track.channels > 1 else "mono")
    if coding.channels == 1 and track.channels > 1:
        # Its own way from two to one is 3 dB louder where both are alike (each counts by the root of a half).
        sound = sound.filter("volume", 0.7071).filter("aformat", channel_layouts="mono")
    # A start from nothing to full is what a coder misses most: 30 ms that nobody hears spare 3 dB above full scale.
    sound = sound.filter("afade", t="in", d=0.03)
    if window.fade_start is not None:
        sound = sound.filter("afade", t="out", st=window.fade_start, d=FADE_SECONDS)
    if loudness is not None:
        sound = sound.filter("loudnorm", I=loudness, TP=-1.5, LRA=11)
    sound = sound.filter("aresample", coding.sample_rate)
    ceiling = CEILING if coding.bits_per_second >= AMPLE * coding.channels else LOW_CEILING
    return sound.filter("alimiter", limit=ceiling, level="false", latency="true", attack=5, release=50)


def at_rate(coding: Coding, bits_per_second: float) -> Coding:
    """Give the same coding at another rate."""
    return replace(coding, bits_per_second=round(bits_per_second))
