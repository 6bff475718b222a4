"""One film in a source: what its headers and its first frame say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.detect.av import WHITELIST, film_streams, open_media
from mmsprep.errors import Rejected
from mmsprep.tools.audio.track import DEFAULT, Track, track_of
from mmsprep.tools.ffmpeg import own, source
from mmsprep.tools.ffmpeg.command import OWN

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PQ, HLG, BT2020 = 16, 18, 9
"""Codes of ITU-T H.273: transfers of HDR, and primaries wider than a phone's plain decoder shows."""
BT709_HEIGHT = 720
"""Films that do not say are taken for BT.709 from here on, for BT.601 below, as players do."""

MOST_RATE = 30.5
"""Frames per second: 30, and 29.97 as badly measured."""
PACKETS = 600
"""In which a film that can be decoded shows its first frame."""

ENTRY_SECONDS = 0.2
"""Behind a keyframe, where it is surely reached: ffmpeg seeks up to 0.13 s before what it is asked for, and an index
tells when a frame is decoded, which is before it is shown."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A film as it is shown: upright, in square pixels."""

    path: Path
    ours: bool
    index: int
    codec: str
    profile: str
    level: int
    pixel_format: str
    width: int
    height: int
    rate: float
    seconds: float | None
    transfer: int
    primaries: int
    matrix: int
    full_range: bool
    interlaced: bool
    plain: bool
    """Whether the frames are stored upright, in square pixels, with even sides."""
    track: Track | None
    woven: bool = False
    """Whether it is interlaced though its frames do not say so."""

    @property
    def hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @property
    def wide(self) -> bool:
        """Whether its colours have to be brought into BT.709."""
        return self.hdr or self.primaries == BT2020 or self.matrix in (9, 10)

    @property
    def capped_rate(self) -> float:
        """Give its frames per second, or the largest whole part of them that is no more than 30."""
        return self.rate / ceil(self.rate / MOST_RATE)

    def opened(self, **options: Any) -> Any:
        """Open the film's stream in ffmpeg."""
        return (own if self.ours else source)(self.path, **options)[str(self.index)]


def describe(path: Path, *, ours: bool = False) -> Clip:
    """Read the film in *path* up to its first frame; raises Rejected ``damaged`` when there is none."""
    with open_media(path, OWN if ours else WHITELIST) as container:
        films = list(film_streams(container))
        if not films:
            raise Rejected("damaged", "has no moving picture that can be read; send it again")
        film = max(films, key=lambda each: (each.disposition & DEFAULT, each.codec_context.width, -each.index))
        film.codec_context.thread_count = 1
        track = track_of(container, path)
        return _described(path, ours, film, _first_frame(container, film), track, container.duration)


def entries_near(clip: Clip, seconds: Sequence[float], *, before: float, after: float) -> list[float]:
    """Move each of *seconds* to the keyframe next to it, if one is so near by the film's index; else leave it."""
    with open_media(clip.path, OWN if clip.ours else WHITELIST) as container:
        film = container.streams[clip.index]
        index, tick = film.index_entries, float(film.time_base or 1)
        origin = (container.start_time or 0) / 1e6 - ENTRY_SECONDS
        moved = []
        for each in seconds:
            places = [index.search_timestamp(int((each + origin) / tick), backward=way) for way in (True, False)]
            near = [index[place].timestamp * tick - origin for place in places if place >= 0]
            near = [entry for entry in near if each - before <= entry <= each + after]
            moved.append(min(near, key=lambda entry: abs(entry - each), default=each))
        return moved


def _first_frame(container: InputContainer, film: VideoStream) -> VideoFrame:
    import av

    try:
        for packet in islice(container.demux(film), PACKETS):
            try:
                for frame in packet.decode():
                    return frame
            except av.error.InvalidDataError:
                # A film that was cut out of another begins with frames that cannot be decoded.
                continue
    except (MemoryError, av.error.MemoryError) as error:
        raise MemoryError from error
    except (av.error.FFmpegError, ValueError) as error:
        raise _undecodable() from error
    raise _undecodable()


def _undecodable() -> Rejected:
    return Rejected("damaged", "its picture cannot be decoded; send it again from where it was made")


def _described(
    path: Path, ours: bool, film: VideoStream, frame: VideoFrame, track: Track | None, duration: int | None
) -> Clip:
    context = film.codec_context
    aspect = film.sample_aspect_ratio or context.sample_aspect_ratio
    # Within a percent it is a rounding of the size, not a shape of pixels.
    square = aspect is None or aspect <= 0 or abs(aspect - 1) <= 0.01
    width = frame.width if square or aspect is None else max(1, round(frame.width * aspect))
    height = frame.height
    turn = round(frame.rotation / 90) * 90 % 360
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    if turn in (90, 270):
        width, height = height, width
    rate = float(film.average_rate or film.guessed_rate or 25)
    return Clip(
        path=path,
        ours=ours,
        index=film.index,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        level=context.level,
        pixel_format=frame.format.name,
        width=width,
        height=height,
        rate=rate if 0.05 < rate < 1_000 else 25.0,
        seconds=duration / 1e6 if duration and duration > 0 else None,
        transfer=int(frame.color_trc or 2),
        primaries=int(frame.color_primaries or 2),
        matrix=int(frame.colorspace),
        full_range=int(frame.color_range) == 2 or frame.format.name.startswith("yuvj"),
        interlaced=bool(frame.interlaced_frame),
        plain=square and turn == 0 and even,
        track=track,
    )
