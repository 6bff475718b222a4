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

FINE, MEDIUM, QUICK = "slow", "medium", "veryfast"

PERFECT = 17
"""x264's constant rate factor at which nobody tells the film from its source."""
FAST_FACTOR, FAST_AIM = 20, 0.92
"""The fast way: a constant quality, held below the rate, which it misses by up to 8 % (facts)."""

Tell = Callable[[float], None]
Coder = Callable[[float], Path]


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
    runner: Runner, clip: Clip, part: Window, target: Target, bits: float, *, progress: Tell = nothing
) -> Copy:
    """Decode the window once: into pass 1 and a copy of the scaled frames."""
    copy = _copy(runner, clip, target)
    frames = _frames(runner, clip, part, target).filter_multi_output("split")
    first = frames[0].output("-", f="null", **x264(copy, bits, step=1))
    runner.run(first, _kept(frames[1], copy, part.seconds or clip.seconds), progress=progress)
    return copy


def keep(runner: Runner, clip: Clip, part: Window, target: Target, *, progress: Tell = nothing) -> Copy:
    """Decode the window into a copy of the scaled frames alone."""
    copy = _copy(runner, clip, target)
    runner.run(_kept(_frames(runner, clip, part, target), copy, part.seconds or clip.seconds), progress=progress)
    return copy


def first_pass(runner: Runner, copy: Copy, bits: float) -> None:
    """Gather the statistics of pass 1 from the copy."""
    runner.run(_again(runner, copy).output("-", f="null", **x264(copy, bits, step=1)))


def second_pass(runner: Runner, copy: Copy, bits: float, *, progress: Tell = nothing) -> Path:
    """Code the copy at *bits* per second, by the statistics of pass 1."""
    path = runner.path(".mp4")
    output = _again(runner, copy).output(str(path), f="mp4", **x264(copy, bits, step=2))
    runner.run(output, progress=progress)
    return path


def at_quality(runner: Runner, copy: Copy, factor: int, bits: float, *, progress: Tell = nothing) -> Path:
    """Code the copy at a constant quality; what grows far beyond *bits* per second is cut off."""
    path = runner.path(".mp4")
    options = x264(copy, bits, step=None) | {"crf": factor, "maxrate": MOST_BITS, "bufsize": MOST_BITS * 2}
    runner.run(_again(runner, copy).output(str(path), f="mp4", **options), progress=progress)
    return path


def one_pass(
    runner: Runner, clip: Clip, part: Window, target: Target, bits: float, *, progress: Tell = nothing
) -> Path:
    """Code the window in one pass from the source: good where *bits* allow it, held below them elsewhere."""
    path = runner.path(".mp4")
    held = {"crf": FAST_FACTOR, "maxrate": round(bits), "bufsize": round(bits * 2)}
    options = x264(_copy(runner, clip, target), bits, step=None, preset=MEDIUM) | held
    runner.run(_frames(runner, clip, part, target).output(str(path), f="mp4", **options), progress=progress)
    return path


def _copy(runner: Runner, clip: Clip, target: Target) -> Copy:
    return Copy(runner.path(".nut"), runner.path("-pass"), target, target.rate or clip.capped_rate)


def _frames(runner: Runner, clip: Clip, part: Window, target: Target) -> Any:
    opened = clip.opened(threads=runner.threads, **part.reading())
    return shown(opened, clip, target.size, rate=target.rate, seconds=part.seconds, fade_start=part.fade_start)


def _again(runner: Runner, copy: Copy) -> Any:
    return own(copy.path, threads=runner.threads)["v:0"]


def _kept(frames: Any, copy: Copy, seconds: float | None) -> Any:
    width, height = copy.target.size
    kept: dict[str, Any] = {"c:v": "rawvideo"}
    if width * height * 1.5 * copy.frames_a_second * (seconds or 3_600) > RAW_BYTES:
        kept = {"c:v": "libx264", "preset": "ultrafast", "qp": 0, "threads": THREADS}
    return frames.output(str(copy.path), f="nut", fps_mode="vfr", **kept)


def x264(copy: Copy, bits: float, *, step: int | None, preset: str = FINE) -> dict[str, Any]:
    """Give ffmpeg's options for one constrained pass of two, or for a single one."""
    bits = round(bits)
    most = min(MOST_BITS, round(bits * PEAK))
    passes: dict[str, Any] = {} if step is None else {"b:v": bits, "pass": step, "passlogfile": str(copy.log)}
    return {
        "c:v": "libx264",
        "preset": preset,
        "profile:v": copy.target.profile,
        "maxrate": max(most, bits),
        "bufsize": round(most * BUFFER_SECONDS / PEAK),
        "g": round(copy.frames_a_second * KEYFRAME_SECONDS),
        "threads": THREADS,
        "fps_mode": "vfr",
        **passes,
        **{key: value for key, value in BIT_EXACT.items() if key != "flags:a"},
    }
