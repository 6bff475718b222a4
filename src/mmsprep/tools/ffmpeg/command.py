"""Write ffmpeg's command with ffmpeg-python: what may be opened is part of it, so that no call can forget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmsprep.detect.av import PIXELS, WHITELIST

OWN = "nut,mov,wav,h264,h263,mp3,amr,aac,flac"
"""Readers of what we made ourselves."""

BIT_EXACT = {
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
    "flags:v": "+bitexact",
    "flags:a": "+bitexact",
}
"""Leave out whatever the source tells and whatever ffmpeg would tell about itself."""

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-v", "error", "-y", "-progress", "pipe:1")


def source(path: Path, **options: Any) -> Any:
    """Open a stranger's file: through the allow-list of readers, by the file protocol alone, at most 8K."""
    return _input(path, WHITELIST, max_pixels=PIXELS, **options)


def own(path: Path, **options: Any) -> Any:
    """Open a file that we made."""
    return _input(path, OWN, **options)


def _input(path: Path, whitelist: str, **options: Any) -> Any:
    import ffmpeg

    # "file:" in front, for a name may look like another protocol or hold a pattern.
    return ffmpeg.input(
        f"file:{path.absolute()}", protocol_whitelist="file,pipe", format_whitelist=whitelist, **options
    )


def written(*outputs: Any, binary: str, threads: int) -> list[str]:
    """Give the whole command that writes *outputs*; *threads* are those of the filters."""
    import ffmpeg

    merged = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    quiet = (*QUIET, "-filter_threads", str(threads), "-filter_complex_threads", str(threads))
    return [str(word) for word in merged.global_args(*quiet).compile(cmd=binary)]
