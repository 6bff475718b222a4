"""Look at processes from outside, and the limits that most tests use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from mmsprep.limits import Limits

QUICK = Limits(memory_bytes=200_000_000, cpu_seconds=20, wall_seconds=20, file_bytes=5_000_000)


def alive(pid: int) -> bool:
    """Say whether the process is there and not merely waiting to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def processes_of(temporary: Path) -> list[int]:
    """List all that was started with this directory as TMPDIR: a caller, its helper, and whatever came of it."""
    wanted = f"TMPDIR={temporary}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in environment and alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def patience(seconds: float) -> float:
    """Stretch a bound on a machine where others wait for the processor too."""
    return seconds * max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def soon(fact: Callable[[], bool], seconds: float = 0.5) -> bool:
    """Wait until *fact* holds, at most so long."""
    until = time.monotonic() + patience(seconds)
    while time.monotonic() < until:
        if fact():
            return True
        time.sleep(0.01)
    return fact()
