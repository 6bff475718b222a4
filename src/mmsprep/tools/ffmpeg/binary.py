"""Which ffmpeg: the one that was configured, else the one that imageio-ffmpeg brings."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

from mmsprep.errors import Misconfigured, Unavailable


def find(configured: str | None = None) -> str:
    """Give the path of ffmpeg; raises Misconfigured for a wrong one, Unavailable ``tool`` when there is none."""
    if configured:
        found = shutil.which(configured)
        if found is None:
            raise Misconfigured(f"there is no ffmpeg at {configured}; correct the setting or leave it out")
        return found
    import imageio_ffmpeg

    # Its get_ffmpeg_exe() starts ffmpeg once to see whether it runs, and obeys an environment that is not ours.
    bundled = sorted((Path(imageio_ffmpeg.__file__).parent / "binaries").glob("ffmpeg-*"))
    found = str(bundled[0]) if bundled else shutil.which("ffmpeg")
    if found is None:
        raise Unavailable("tool", "imageio-ffmpeg has no ffmpeg for this machine; install one and name it as `ffmpeg`")
    return found


@cache
def has_encoder(binary: str, name: str) -> bool:
    """Tell whether this ffmpeg can write *name*, such as ``libopencore_amrnb``, which Debian's cannot."""
    listed = subprocess.run(  # noqa: S603  our own binary, our own words
        [binary, "-hide_banner", "-encoders"], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
    )
    return any(line.split()[1:2] == [name.encode()] for line in listed.stdout.splitlines())
