"""Listen to a recording: is it speech, and does stereo matter?"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from operator import mul

from mmsprep.tools.audio.track import Track
from mmsprep.tools.ffmpeg import Failed, Runner, source
from mmsprep.tools.window import Window

RATE = 16_000
FRAMES_A_SECOND = 50
FRAME = RATE // FRAMES_A_SECOND
PASSAGES, PASSAGE_SECONDS = 3, 10.0

SPEECH = 0.25
"""The share of 20 ms frames below half of their second's mean level, above which it is speech: syllables
leave gaps that music does not (Scheirer and Slaney 1997, "low-energy frames"; measured: music up to 0.18,
speech from 0.33)."""

SILENT = 30.0
"""A level, in steps of 16 bits, below which a second says nothing."""

WIDE = 0.03
"""The share of energy in the difference of left and right above which two channels are heard as two."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What listening gave."""

    speech: bool
    wide: bool


def listen(runner: Runner, track: Track, window: Window) -> Heard:
    """Measure three passages of ten seconds, or all of a shorter recording."""
    heard = _decode(runner, track, _passages(window, track.seconds))
    left, right = heard[0::2], heard[1::2]
    middle = array("l", map(int.__add__, left, right))
    sides = array("l", map(int.__sub__, left, right))
    both, difference = sum(map(mul, middle, middle)), sum(map(mul, sides, sides))
    gaps = list(_gaps(middle))
    return Heard(
        speech=bool(gaps) and sum(gaps) / len(gaps) > SPEECH,
        wide=track.channels > 1 and difference > WIDE * (both + difference),
    )


def _passages(window: Window, seconds: float | None) -> list[tuple[float, float]]:
    length = window.seconds if window.seconds is not None else seconds
    if length is None or length <= PASSAGES * PASSAGE_SECONDS:
        return [(window.start, length or PASSAGES * PASSAGE_SECONDS)]
    step = length / PASSAGES
    return [(window.start + (each + 0.5) * step - PASSAGE_SECONDS / 2, PASSAGE_SECONDS) for each in range(PASSAGES)]


def _decode(runner: Runner, track: Track, passages: list[tuple[float, float]]) -> array[int]:
    """Decode the passages, one after the other, in one process; nothing where that fails."""
    samples = array("h")
    paths = [runner.path(".s16") for _ in passages]
    outputs = [
        source(track.path, ss=round(start, 3), t=round(seconds, 3))[str(track.index)].output(
            str(path), f="s16le", ac=2, ar=RATE
        )
        for path, (start, seconds) in zip(paths, passages, strict=True)
    ]
    try:
        runner.run(*outputs)
    except Failed:
        return samples
    for path in paths:
        data = path.read_bytes() if path.exists() else b""
        samples.frombytes(data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _gaps(samples: array[int]) -> Iterator[float]:
    """Give, for each second that is not silent, the share of its frames that are quiet."""
    levels = [
        sqrt(sum(map(mul, frame, frame)) / FRAME) / 2
        for frame in (samples[at : at + FRAME] for at in range(0, len(samples) - FRAME + 1, FRAME))
    ]
    for at in range(0, len(levels) - FRAMES_A_SECOND + 1, FRAMES_A_SECOND):
        second = levels[at : at + FRAMES_A_SECOND]
        mean = sum(second) / FRAMES_A_SECOND
        if mean >= SILENT:
            yield sum(level < mean / 2 for level in second) / FRAMES_A_SECOND
