"""The ways that are compared, each with the settings that its own documentation gives for a size in bytes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@dataclass(frozen=True)
class Peer:
    """One way to make a film fit: whether it is here, and what does it."""

    installed: Callable[[], bool]
    make: Callable[[Path, Path, int, float], None]
    """Write the film *source* to *target*, below *budget* bytes, for so many seconds."""


def run(*arguments: str | Path | float) -> None:
    subprocess.run([*map(str, arguments)], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=1_800)


def ours(source: Path, target: Path, budget: int, _seconds: float) -> None:
    _ours(source, target, budget)


def ours_fast(source: Path, target: Path, budget: int, _seconds: float) -> None:
    _ours(source, target, budget, "fast")


def _ours(source: Path, target: Path, budget: int, *options: str) -> None:
    run(sys.executable, "-m", "bench.video.ours", source, target, str(budget), *options)


def plain(source: Path, target: Path, budget: int, seconds: float) -> None:
    """Two passes at the source's size with 128 kbit/s of sound: what most answers on the web advise."""
    bits = max(10_000, int(budget * 8 / seconds) - 128_000)
    coding = ["-c:v", "libx264", "-preset", "medium", "-b:v", str(bits), "-pix_fmt", "yuv420p"]
    coding += ["-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-passlogfile", str(target.with_suffix(""))]
    run(FFMPEG, "-y", "-v", "error", "-i", source, *coding, "-pass", "1", "-an", "-f", "null", "-")
    run(FFMPEG, "-y", "-v", "error", "-i", source, *coding, "-pass", "2", "-c:a", "aac", "-b:a", "128k", target)


def handbrake(source: Path, target: Path, budget: int, seconds: float) -> None:
    """HandBrake's two passes at no more than 480 lines and 30 frames, 64 kbit/s of sound, 4 % kept in reserve."""
    kilobits = max(20, int(0.96 * budget * 8 / seconds / 1000) - 64)
    # It cuts off what it takes for black bars, which no measure of likeness forgives.
    size = ["--maxHeight", "480", "--maxWidth", "854", "--crop", "0:0:0:0"]
    coding = ["-e", "x264", "--encoder-preset", "medium", "-b", str(kilobits), "--two-pass", "--pfr", "-r", "30"]
    run("HandBrakeCLI", "-i", source, "-o", target, "-f", "av_mp4", "-O", *coding, *size, "-E", "av_aac", "-B", "64")


def ecompress(source: Path, target: Path, budget: int, _seconds: float) -> None:
    """ecompress at its own settings for a size; a program on the PATH, for its package hides ffmpeg-python's."""
    run("ecompress", "--quiet", "--overwrite", "--output", target.absolute(), source.absolute(), budget / 1_000_000)


PEERS = {
    "ours": Peer(lambda: True, ours),
    "ours-fast": Peer(lambda: True, ours_fast),
    "handbrake": Peer(lambda: shutil.which("HandBrakeCLI") is not None, handbrake),
    "plain": Peer(lambda: True, plain),
    "ecompress": Peer(lambda: shutil.which("ecompress") is not None, ecompress),
}
