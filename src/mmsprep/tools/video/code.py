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

RAW_BYTES, LIGHT_BYTES = 300_000_000, 1_500_000_000
"""A copy above the one is coded by Ut Video, which halves it at the cost of a fifth of a pass; above the other by
x264 without loss, which costs twice that and leaves a tenth."""

PEAK, BUFFER_SECONDS = 2.5, 5.0
"""The most that a moment may take, against the average, and for how long: the constrained second pass
hits its size in 4 of 4 clips where the free one missed 1 (docs/adr/0004)."""

MOST_BITS = 14_000_000
"""Level 3.1 (ITU-T H.264, table A-1), above which handsets need not follow."""

KEYFRAME_SECONDS = 8

FINE, MEDIUM, QUICK = "slow", "medium", "veryfast"
FINE_SECONDS = 20
"""Up to here the finer preset is used: it gives 1.4 points of VMAF for a quarter more work in pass 2."""

PERFECT = 17
"""x264's constant rate factor at which nobody tells the film from its source."""
FAST_FACTOR, FAST_AIM = 20, 0.92
"""The fast way: a constant quality, held below the rate, which it misses by up to 8 % (measured)."""

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
    preset: str = FINE


def decode_once(
    runner: Runner, clip: Clip, part: Window, target: Target, bits: float, *, progress: Tell = nothing
) -> Copy:
    """Decode the window once: into pass 1 and a copy of the scaled frames."""
    seconds = part.seconds or clip.seconds
    copy = _copy(runner, clip, target, seconds)
    runner.run(*first_outputs(_frames(runner, clip, part, target), copy, bits, seconds), progress=progress)
    return copy


def first_outputs(frames: Any, copy: Copy, bits: float, seconds: float | None) -> tuple[Any, Any]:
    """Give ffmpeg's outputs that gather pass 1's statistics from scaled *frames*, and keep these for pass 2."""
    branches = frames.filter_multi_output("split")
    first = branches[0].output("-", f="null", **x264(copy, bits, step=1))
    return first, _kept(branches[1], copy, seconds)


def keep(runner: Runner, clip: Clip, part: Window, target: Target, *, progress: Tell = nothing) -> Copy:
    """Decode the window into a copy of the scaled frames alone."""
    copy = _copy(runner, clip, target, part.seconds or clip.seconds)
    runner.run(_kept(_frames(runner, clip, part, target), copy, part.seconds or clip.seconds), progress=progress)
    return copy


def first_pass(runner: Runner, copy: Copy, bits: float) -> None:
    """Gather the statistics of pass 1 from the copy."""
    runner.run(_again(runner, copy).output("-", f="null", **x264(copy, bits, step=1)))


def second_pass(runner: Runner, copy: Copy, bits: float, *, progress: Tell = nothing) -> Path:
    """Code the copy at *bits* per second, by the statistics of pass 1."""
    path = runner.path(".mp4")
    runner.run(second_output(runner, copy, bits, path), progress=progress)
    return path


def second_output(runner: Runner, copy: Copy, bits: float, path: Path) -> Any:
    """Give ffmpeg's output that codes the copy into *path*, by the statistics of pass 1."""
    return _again(runner, copy).output(str(path), f="mp4", **x264(copy, bits, step=2))


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
    options = x264(_copy(runner, clip, target, None), bits, step=None) | held
    runner.run(_frames(runner, clip, part, target).output(str(path), f="mp4", **options), progress=progress)
    return path


def _copy(runner: Runner, clip: Clip, target: Target, seconds: float | None) -> Copy:
    preset = FINE if seconds is not None and seconds <= FINE_SECONDS else MEDIUM
    return Copy(runner.path(".nut"), runner.path("-pass"), target, target.rate or clip.capped_rate, preset)


def _frames(runner: Runner, clip: Clip, part: Window, target: Target) -> Any:
    opened = clip.opened(threads=runner.threads, **part.reading())
    return shown(opened, clip, target.size, rate=target.rate, seconds=part.seconds, fade_start=part.fade_start)


def _again(runner: Runner, copy: Copy) -> Any:
    return own(copy.path, threads=runner.threads)["v:0"]


def _kept(frames: Any, copy: Copy, seconds: float | None) -> Any:
    width, height = copy.target.size
    raw = width * height * 1.5 * copy.frames_a_second * (seconds or 3_600)
    kept: dict[str, Any] = {"c:v": "rawvideo"}
    if raw > RAW_BYTES:
        kept = {"c:v": "utvideo", "pred": "left", "threads": THREADS}
    if raw > LIGHT_BYTES:
        kept = {"c:v": "libx264", "preset": "ultrafast", "qp": 0, "threads": THREADS}
    return frames.output(str(copy.path), f="nut", fps_mode="vfr", **kept)


def x264(copy: Copy, bits: float, *, step: int | None) -> dict[str, Any]:
    """Give ffmpeg's options for one constrained pass of two, or for a single one."""
    bits = round(bits)
    most = min(MOST_BITS, round(bits * PEAK))
    passes: dict[str, Any] = {} if step is None else {"b:v": bits, "pass": step, "passlogfile": str(copy.log)}
    return {
        "c:v": "libx264",
        "preset": copy.preset,
        "profile:v": copy.target.profile,
        "maxrate": max(most, bits),
        "bufsize": round(most * BUFFER_SECONDS / PEAK),
        "g": round(copy.frames_a_second * KEYFRAME_SECONDS),
        "threads": THREADS,
        "fps_mode": "vfr",
        **passes,
        **{key: value for key, value in BIT_EXACT.items() if key != "flags:a"},
    }
