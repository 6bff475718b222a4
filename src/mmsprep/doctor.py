"""What this machine grants: checked once, told in plain words, so that nobody learns it from a failed message."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmsprep import defaults
from mmsprep.errors import Misconfigured, PrepError
from mmsprep.isolate import Sandbox
from mmsprep.settings import Settings
from mmsprep.tools import ffmpeg
from mmsprep.tools.animation import gifsicle

PACKAGES = ("pillow", "pi-heif", "pyvips-binary", "python-magic", "pylibmagic", "pyoxipng")
"""What brings the codecs and the rules by which types are told."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is well, what was found, whether mmsprep cannot do without it."""

    name: str
    ok: bool
    found: str
    needed: bool = True


def examine(settings: Settings) -> list[Check]:
    """Look at everything that preparing relies on; never raises for what it finds."""
    return [*_versions(), *_isolation(settings), *_settings(settings), *_ffmpeg(settings), *_codecs()]


def _versions() -> Iterator[Check]:
    yield Check("mmsprep", True, f"{version('mmsprep')} on Python {platform.python_version()}, {platform.platform()}")
    yield Check("python", sys.version_info >= (3, 11), sys.executable or "unknown: set MMSPREP_PYTHON")


def _isolation(settings: Settings) -> Iterator[Check]:
    try:
        with Sandbox(python=settings.python) as sandbox:
            for layer in sandbox.level.layers:
                found = "holds" if layer.granted else f"not granted: {layer.why}"
                yield Check(f"isolation: {layer.name}", layer.granted, found, needed=settings.require_sandbox)
    except PrepError as error:
        yield Check("isolation", False, error.message)


def _settings(settings: Settings) -> Iterator[Check]:
    try:
        yield Check("profile", True, settings.resolve_profile().name)
        yield Check("stages", True, ", ".join(defaults.stage_names()))
        if settings.store:
            defaults.open_store(settings.store, settings)
            yield Check("store", True, settings.store)
    except (Misconfigured, PrepError) as error:
        yield Check("settings", False, str(error))
    scratch = Path(tempfile.gettempdir())
    free = os.statvfs(scratch)
    yield Check(
        "scratch", os.access(scratch, os.W_OK), f"{scratch}, {free.f_bavail * free.f_frsize / 1e9:,.1f} GB free"
    )


def _ffmpeg(settings: Settings) -> Iterator[Check]:
    try:
        yield Check("ffmpeg", True, ffmpeg.find(settings.ffmpeg))
    except (PrepError, Misconfigured) as error:
        yield Check("ffmpeg", False, str(error))


def _codecs() -> Iterator[Check]:
    try:
        yield Check("gifsicle", True, gifsicle.find())
    except PrepError as error:
        yield Check("gifsicle", False, str(error))
    for package in PACKAGES:
        try:
            yield Check(package, True, version(package))
        except PackageNotFoundError:
            yield Check(package, False, "not installed; install mmsprep again, with its dependencies")
