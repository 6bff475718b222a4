"""Describe the machine that figures come from, in words that mean something elsewhere."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def described() -> str:
    """Name processor, cores, memory, system, and the versions that do the work."""
    cores = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    codecs = ", ".join(f"{name} {version(name)}" for name in ("pillow", "pi-heif", "av", "imageio-ffmpeg"))
    python = f"Python {platform.python_version()}"
    return (
        f"{_processor()}, {cores} cores, {_memory_gb():.0f} GB of memory, {system}, {python}; "
        f"mmsprep {version('mmsprep')}, {codecs}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].replace("(R)", "").replace("(TM)", "").split())
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
