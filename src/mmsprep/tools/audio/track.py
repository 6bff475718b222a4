"""One stream of sound in a source: which, and of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.av import open_media, sound_streams

if TYPE_CHECKING:
    from av.container import InputContainer

LOSSLESS = frozenset({"flac", "alac", "ape", "tta", "wavpack", "truehd", "mlp"})

DEFAULT = 0x0001
"""AV_DISPOSITION_DEFAULT (libavformat/avformat.h)."""


@dataclass(frozen=True, slots=True)
class Track:
    """A stream of sound as its headers describe it."""

    path: Path
    index: int
    """Among all streams of the file."""
    codec: str
    profile: str
    channels: int
    sample_rate: int
    bits_per_second: int | None
    seconds: float | None

    @property
    def lossless(self) -> bool:
        return self.codec in LOSSLESS or self.codec.startswith("pcm_")


def find_track(path: Path) -> Track | None:
    """Choose the one stream of sound that is sent: the first that is marked as the default, else the first."""
    with open_media(path) as container:
        return track_of(container, path)


def track_of(container: InputContainer, path: Path) -> Track | None:
    """Do as `find_track` in a file that is open."""
    sounds = list(sound_streams(container))
    if not sounds:
        return None
    chosen = next((each for each in sounds if each.disposition & DEFAULT), sounds[0])
    context = chosen.codec_context
    seconds = container.duration / 1e6 if container.duration else None
    return Track(
        path=path,
        index=chosen.index,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        channels=context.channels,
        sample_rate=context.sample_rate,
        bits_per_second=context.bit_rate or None,
        seconds=seconds,
    )
