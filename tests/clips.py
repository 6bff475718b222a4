"""Small films and recordings for tests, made with ffmpeg's own test sources when they are wanted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: str | Path) -> bytes:
    """Run the bundled ffmpeg and give what it wrote to standard output."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def film(
    path: Path,
    *coding: str | Path,
    seconds: float = 2,
    size: str = "320x180",
    rate: str = "25",
    sound: str = "sine=440:sample_rate=44100",
    picture: str = "testsrc2",
) -> Path:
    """Make a film of a moving test picture and a tone; *coding* are more of ffmpeg's arguments."""
    inputs = ["-f", "lavfi", "-i", f"{picture}=s={size}:r={rate}:d={seconds}"]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"{sound}:d={seconds}"]
    ffmpeg(*inputs, *coding, path)
    return path


def recording(path: Path, *coding: str | Path, sound: str = "sine=440:sample_rate=44100", seconds: float = 2) -> Path:
    """Make a recording of a tone."""
    ffmpeg("-f", "lavfi", "-i", f"{sound}:d={seconds}", *coding, path)
    return path
