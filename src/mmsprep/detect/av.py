"""Sound and moving pictures: opened by ffmpeg's libraries through an allow-list, measured from their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect import isobmff
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

ISO, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
"""ffmpeg's names for its readers of MP4 and its kin, and of Matroska and WebM."""

DEMUXERS = {
    "video/mp4": ISO,
    "video/x-m4v": ISO,
    "video/quicktime": ISO,
    "video/3gpp": ISO,
    "video/3gpp2": ISO,
    "audio/mp4": ISO,
    "audio/x-m4a": ISO,
    "audio/3gpp": ISO,
    "video/x-matroska": MATROSKA,
    "audio/x-matroska": MATROSKA,
    "video/webm": MATROSKA,
    "audio/webm": MATROSKA,
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/x-ms-asf": "asf",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "application/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/aiff": "aiff",
    "audio/x-caf": "caf",
}
"""The types that are read, and the one reader that may open each."""

# A reader is allowed by any of its names. HLS, DASH, ffconcat, SDP and SVG are not here, so a playlist that is
# named .mp4 opens nothing.
WHITELIST = "mov,matroska,avi,flv,asf,mpeg,mpegts,ogg,mp3,aac,amr,flac,wav,aiff,caf"

SPELLINGS = {
    "video/MP2T": "video/mp2t",
    "video/mp2p": "video/mpeg",
    "video/x-ms-wmv": "video/x-ms-asf",
    "audio/x-ms-wma": "video/x-ms-asf",
    "application/vnd.ms-asf": "video/x-ms-asf",
    "video/avi": "video/x-msvideo",
    "video/vnd.avi": "video/x-msvideo",
    "audio/x-hx-aac-adts": "audio/aac",
    "audio/x-aac": "audio/aac",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-aiff": "audio/aiff",
    "audio/AMR": "audio/amr",
}

PIXELS = 8_192 * 4_320
"""8K in its widest form: above this no decoder of H.264 or HEVC promises anything (level 6.2)."""

MOST_AMR_BYTES = 32 * 50 * 4 * 3_600
"""Four hours at the highest rate."""

PROBE_BYTES = 5_000_000
"""What ffmpeg reads at most to find out what is inside: its default, said so that no version changes it."""

ATTACHED_PICTURE = 0x0400
"""AV_DISPOSITION_ATTACHED_PIC: a cover, not a film (libavformat/avformat.h)."""

AUDIO_TYPES = {
    "video/mp4": "audio/mp4",
    "video/x-m4v": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/3gpp": "audio/3gpp",
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/x-matroska",
    "video/ogg": "audio/ogg",
    "video/x-ms-asf": "audio/x-ms-wma",
}
"""What a file is called that has no picture, where that differs."""

UNTOLD = re.compile(r"(major|compatible)_brands?|minor_version|language|duration|handler_name|vendor_id", re.IGNORECASE)
"""Keys that the format itself wants: they say nothing about the sender."""

KINDS = (
    (re.compile(r"location|xyz|gps|geo", re.IGNORECASE), "gps"),
    (re.compile(r"title|album|track", re.IGNORECASE), "title"),
    (re.compile(r"artist|author|composer|copyright|performer", re.IGNORECASE), "author"),
    (re.compile(r"creation|date|year", re.IGNORECASE), "date"),
    (re.compile(r"encoder|encoded|software|tool", re.IGNORECASE), "encoder"),
    (re.compile(r"make|model|device", re.IGNORECASE), "device"),
    (re.compile(r"comment|description|lyrics", re.IGNORECASE), "comment"),
)

ENCODER_TEXT = re.compile(rb"x264 - core|x265 \(build|Lavc\d+\.\d+\.\d+|libfaac \d")
"""What encoders write about themselves into the first packet of a stream."""


def codecs() -> None:
    """Load ffmpeg's libraries, and decode nothing."""
    import av

    av.logging.set_level(None)


def sniff(head: bytes) -> str | None:
    """Name a type by its signature where libmagic does not: it wants a whole tag, or knows no transport streams."""
    if head[:3] == b"ID3":
        return "audio/mpeg"
    if head[:4] == b"caff":
        return "audio/x-caf"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    # 188 bytes a packet; 192 with a time in front of each (ISO/IEC 13818-1, 2.4.3.2; Blu-ray and AVCHD).
    for start, packet in ((0, 188), (4, 192)):
        if len(head) > 5 * packet and all(head[start + each * packet] == 0x47 for each in range(5)):
            return "video/mp2t"
    return None


def open_media(path: Path, whitelist: str = WHITELIST) -> InputContainer:
    """Open the file at *path* and nothing that it names; raises Rejected ``damaged``."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": whitelist, "probesize": str(PROBE_BYTES)}
    try:
        # "file:" in front, for a name may look like another protocol.
        return av.open(f"file:{path}", options=options)
    except (MemoryError, av.error.MemoryError) as error:
        raise MemoryError from error
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise Rejected("damaged", "cannot be read: its index is missing or broken; send it again") from error


def parse(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Measure the facts of a film or recording from its headers and hold them against *limits*."""
    if size > limits.media_bytes:
        said = f"{size:,} bytes; video and audio may have {limits.media_bytes:,}: send a shorter part"
        raise Rejected("too-many-bytes", said)
    with open_media(path) as container:
        if container.format.name != DEMUXERS[mime]:
            raise Rejected("damaged", f"starts like {mime} but is read as {container.format.name}; send it again")
        boxes = isobmff.layout(path) if container.format.name == ISO else None
        pictures, sounds = list(film_streams(container)), list(sound_streams(container))
        _hold(container, pictures, sounds, limits)
        named = _type(mime, boxes, film=bool(pictures))
        width, height = _upright(pictures[0], boxes.rotation if boxes else 0) if pictures else (None, None)
        carried = set(_carried(container))
        duration = (_amr_duration(path) if mime == "audio/amr" else None) or container.duration
        return Facts(
            type=named,
            bytes=size,
            width=width,
            height=height,
            seconds=round(duration / 1e6, 3) if duration is not None and duration > 0 else None,
            codecs=tuple(each.codec_context.codec.canonical_name for each in (*pictures[:1], *sounds[:1])),
            metadata=tuple(sorted({*carried, *(boxes.carries if boxes else ())})),
        )


def _amr_duration(path: Path) -> int | None:
    """Count AMR's frames of 20 ms, in microseconds: it has no index, and ffmpeg guesses from the first frame."""
    # The bytes of each mode's frame, the header byte included (RFC 4867, 5.3; 3GPP TS 26.101).
    sizes = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
    with path.open("rb") as file:
        if file.read(6) != b"#!AMR\n":
            return None
        data = file.read(MOST_AMR_BYTES)
    at = frames = 0
    while at < len(data):
        at += sizes[data[at] >> 3 & 15]
        frames += 1
    return frames * 20_000


def film_streams(container: InputContainer) -> Iterator[VideoStream]:
    """Yield the streams of moving pictures, without the covers."""
    for stream in container.streams.video:
        if not stream.disposition & ATTACHED_PICTURE and stream.codec_context is not None:
            yield stream


def sound_streams(container: InputContainer) -> Iterator[AudioStream]:
    """Yield the streams that can be heard: one with no channel, or with more than ffmpeg can count, cannot."""
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.channels > 0:
            yield stream


def _hold(container: InputContainer, pictures: list[VideoStream], sounds: list[AudioStream], limits: Limits) -> None:
    """Raise Rejected for what is beyond a limit, locked, or has nothing to see or hear."""
    if len(container.streams) > limits.streams:
        raise Rejected("too-costly", f"{len(container.streams)} streams; {limits.streams} is the most: export it anew")
    if container.duration and container.duration / 1e6 > limits.media_seconds:
        hours = container.duration / 3.6e9
        raise Rejected("too-long", f"{hours:,.1f} hours; {limits.media_seconds / 3600:g} is the most: cut it shorter")
    if any(_locked(each) for each in container.streams):
        raise Rejected("encrypted", "is copy-protected; send a recording of your own")
    if not pictures and not sounds:
        raise Rejected("damaged", "has neither moving picture nor sound that can be read; send it again")
    for each in sounds:
        if each.codec_context.channels > limits.channels:
            channels = each.codec_context.channels
            raise Rejected("too-costly", f"{channels:,} channels of sound; {limits.channels} is the most: mix it down")
    for film in pictures:
        if film.codec_context.width * film.codec_context.height > PIXELS:
            size = f"{film.codec_context.width} × {film.codec_context.height}"
            raise Rejected(
                "too-many-pixels", f"frames of {size}; {PIXELS / 1e6:.0f} megapixels is the most: scale down"
            )


def _locked(stream: Stream) -> bool:
    context = getattr(stream, "codec_context", None)
    # Sample entries of protected tracks (ISO/IEC 14496-12, 8.12; FairPlay).
    return context is not None and context.codec_tag in {"encv", "enca", "drms", "drmi", "drmt"}


def _type(mime: str, boxes: isobmff.Layout | None, *, film: bool) -> str:
    """Name the type by what is inside, not by what the file begins with."""
    if boxes is not None:
        mime = "video/quicktime" if boxes.brand in ("qt  ", "") else "video/mp4"
        if boxes.brand.startswith("3g2"):
            mime = "video/3gpp2"
        elif boxes.brand.startswith(("3g", "3r", "3s")):
            mime = "video/3gpp"
    if mime.startswith("audio/") and film:
        return {audio: video for video, audio in reversed(AUDIO_TYPES.items())}.get(mime, mime)
    if mime == "application/ogg":
        mime = "video/ogg"
    return mime if film else AUDIO_TYPES.get(mime, mime)


def _upright(film: VideoStream, rotation: int) -> tuple[int, int]:
    """Give a film's size as it is shown: in square pixels and turned."""
    context = film.codec_context
    width, height = context.width, context.height
    aspect = film.sample_aspect_ratio or context.sample_aspect_ratio
    # Within a percent it is a rounding of the size, not a shape of pixels.
    if aspect and abs(aspect - 1) > 0.01:
        width = max(1, round(width * aspect))
    return (height, width) if rotation in (90, 270) else (width, height)


def _carried(container: InputContainer) -> Iterator[str]:
    """Name what the container carries besides one film and its sound."""
    yield from _kinds(container.metadata)
    if container.chapters():
        yield "chapters"
    for stream in container.streams:
        yield from _kinds(stream.metadata)
        if stream.type in ("data", "subtitle", "attachment"):
            yield stream.type
        elif stream.disposition & ATTACHED_PICTURE:
            yield "picture"
    if _encoder_text(container):
        yield "encoder"


def _kinds(metadata: dict[str, str]) -> Iterator[str]:
    for key, value in metadata.items():
        if value and not UNTOLD.fullmatch(key):
            yield next((kind for pattern, kind in KINDS if pattern.search(key)), "tags")


def _encoder_text(container: InputContainer) -> bool:
    """Tell whether the first packet of a stream names its encoder."""
    import av

    wanted = {each.index for each in (*container.streams.video, *container.streams.audio)}
    try:
        for count, packet in enumerate(container.demux()):
            if packet.stream.index in wanted and packet.size:
                wanted.discard(packet.stream.index)
                if ENCODER_TEXT.search(bytes(packet)[:4_096]):
                    return True
            if not wanted or count > 200:
                break
    except (av.error.FFmpegError, ValueError):
        return False
    return False
