"""Code the picture: the source decoded once, pass 1 and a small copy from that, pass 2 as often as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsprep.tools.ffmpeg import Runner, own
from mmsprep.tools.ffmpeg.command import BIT_EXACT
from mmsprep.tools.ffmpeg.run import nothing
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.filters import Size, shown
from mmsprep.tools.window import Window

THREADS = 1
"""x264's threads. With two and a limit on the peak, the same source gives other bytes each time (measured): its
threads predict one another's sizes. What decodes, scales and is tried on samples runs beside it."""

RAW_BYTES = 300_000_000
"""A copy above this is coded without loss: it costs time, but not the disk."""

PEAK, BUFFER_SECONDS = 2.5, 5.0
"""The most that a moment may take, against the average, and for how long: the constrained second pass
hits its size in 4 of 4 clips where the free one missed 1 (facts)."""

MOST_BITS = 14_000_000
"""Level 3.1 (ITU-T H.264, table A-1), above which handsets need not follow."""

KEYFRAME_SECONDS = 8

FINE, QUICK = "slow", "veryfast"


@dataclass(frozen=True, slots=True)
class Target:
    """What the picture becomes."""

    size: Size
    rate: float | None
    """Frames per second, where frames are left out."""
    encoder: str = "libx264"
    profile: str = "high"


@dataclass(frozen=True, slots=True)
class Copy:
    """The scaled frames, kept for pass 2, beside the statistics of pass 1."""

    path: Path
    log: Path
    target: Target
    frames_a_second: float


def decode_once(
    runner: Runner,
    clip: Clip,
    part: Window,
    target: Target,
    bits: float,
    *,
    preset: str = FINE,
    progress: Callable[[float], None] = nothing,
) -> Copy:
    """Decode the window once: into pass 1 and a copy of the scaled frames."""
    rate = target.rate or clip.capped_rate
    copy = Copy(runner.path(".nut"), runner.path("-pass"), target, rate)
    frames = shown(
        clip.opened(threads=runner.threads, **part.reading()),
        clip,
        target.size,
        rate=target.rate,
        fade_start=part.fade_start,
    ).filter_multi_output("split")
    bytes_raw = target.size[0] * target.size[1] * 1.5 * rate * (part.seconds or clip.seconds or 3_600)
    kept: dict[str, Any] = {"c:v": "rawvideo"}
    if bytes_raw > RAW_BYTES:
        kept = {"c:v": "libx264", "preset": "ultrafast", "qp": 0, "threads": THREADS}
    first = frames[0].output("-", f="null", **x264(copy, bits, preset=preset, step=1))
    second = frames[1].output(str(copy.path), f="nut", fps_mode="vfr", **kept)
    runner.run(first, second, progress=progress)
    return copy


def second_pass(
    runner: Runner, copy: Copy, bits: float, *, preset: str = FINE, progress: Callable[[float], None] = nothing
) -> Path:
    """Code the copy at *bits* per second, by the statistics of pass 1."""
    path = runner.path(".mp4")
    frames = own(copy.path, threads=runner.threads)["v:0"]
    runner.run(frames.output(str(path), f="mp4", **x264(copy, bits, preset=preset, step=2)), progress=progress)
    return path


def x264(copy: Copy, bits: float, *, preset: str, step: int) -> dict[str, Any]:
    """Give ffmpeg's options for one constrained pass."""
    bits = round(bits)
    most = min(MOST_BITS, round(bits * PEAK))
    return {
        "c:v": "libx264",
        "preset": preset,
        "profile:v": copy.target.profile,
        "b:v": bits,
        "maxrate": max(most, bits),
        "bufsize": round(most * BUFFER_SECONDS / PEAK),
        "g": round(copy.frames_a_second * KEYFRAME_SECONDS),
        "pass": step,
        "passlogfile": str(copy.log),
        "threads": THREADS,
        "fps_mode": "vfr",
        **{key: value for key, value in BIT_EXACT.items() if key != "flags:a"},
    }
