"""Run batches as a person or a script does, and look at what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

MMSPREP = [sys.executable, "-m", "mmsprep", "batch"]


def picture(path: Path, colour: int = 0, size: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((size, size)).point(lambda value: (value + colour) % 256).save(path)
    return path


def batch(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a batch in *folder*."""
    return subprocess.run(
        [*MMSPREP, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def results(folder: Path, store: str = "out") -> dict[str, dict[str, Any]]:
    lines = (folder / store / "results.jsonl").read_text().splitlines()
    return {each["source"]: each for each in map(json.loads, lines)}


def files(folder: Path) -> list[str]:
    """List what a person sees in a folder."""
    seen = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in seen if not path.name.startswith((".", "results.", "requests.")))


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a batch by itself, and wait until it has told one result."""
    running = subprocess.Popen(
        [*MMSPREP, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline()
    return running


def many(folder: Path, count: int) -> None:
    for number in range(count):
        picture(folder / f"in/{number % 3}/{number:03}.png", number, size=200)
