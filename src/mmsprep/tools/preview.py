"""Draw what a person recognises a file by: a thumbnail, or the words of a card. Runs inside the isolation."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.contact import Contact
from mmsprep.detect import calendar, document, picture
from mmsprep.detect.av import film_streams, open_media
from mmsprep.detect.card import CARD
from mmsprep.limits import PREVIEW_BYTES, Limits
from mmsprep.media import Media
from mmsprep.stage import Job
from mmsprep.tools.pdf import draw
from mmsprep.tools.raster import colour, decode, jpeg
from mmsprep.tools.raster.view import View

if TYPE_CHECKING:
    from PIL import Image

SIDE = 360
"""Pixels of a thumbnail's longer side: what a message bubble is wide."""
QUALITY = 55
SUFFIX = ".webp"
DIRECT = ("L", "RGB", "RGBA", "CMYK")
"""Modes that Pillow scales well as they are; palettes and deep grey are spelt out first."""
SPENT = 0.6
"""A file that has taken this part of its CPU goes without thumbnails: they must never be what it fails by."""

PACKETS, FRAMES = 400, 48
"""How far a film is read to find a frame that is not black."""
WORD_CHARS = 200
SINGULAR = {"phones": "phone", "emails": "email", "addresses": "address", "urls": "link", "geo": "where"}
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")


def previews(source: Media, outputs: tuple[Media, ...], job: Job, *, cpu_seconds: float) -> list[dict[str, Any]]:
    """Draw the source (part 0) and each output (from 1), as far as they can be drawn and there is time.

    Nothing that goes wrong here is worth a word: the item is ready all the same.
    """
    drawn = []
    for part, media in enumerate((source, *outputs)):
        if _spent() > SPENT * cpu_seconds:
            break
        # Any: the errors of four libraries have no common base, and an item without a thumbnail is no worse.
        with suppress(Exception):
            if shown := _shown(media, job):
                drawn.append({"part": part, **shown})
    return drawn


def _shown(media: Media, job: Job) -> dict[str, Any]:
    if media.facts.type == CARD:
        return {"words": dict(_of_card(media.path, job.limits))}
    if media.facts.type == calendar.TYPE:
        return {"words": dict(_of_calendar(media, job.limits))}
    pixels = _pixels(media)
    if pixels is None:
        return {}
    buffer = BytesIO()
    jpeg.at_side(pixels, SIDE).save(buffer, "WEBP", quality=QUALITY, method=2)
    if buffer.tell() > PREVIEW_BYTES:
        return {}
    path = job.new_path(SUFFIX)
    path.write_bytes(buffer.getvalue())
    return {"file": path.name}


def _pixels(media: Media) -> Image.Image | None:
    if media.facts.type in picture.FORMATS:
        return _of_picture(media)
    if media.facts.type == document.TYPE:
        with draw.opened(media.path) as opened:
            return draw.render(opened, 0, SIDE)
    if media.facts.kind == "video":
        return _of_film(media.path)
    return None


def _of_picture(media: Media) -> Image.Image:
    with picture.open_picture(media.path, media.facts.type) as opened:
        opened.draft(None, (SIDE, SIDE))
        decode.poster(opened)
        decode.decode(opened)
        view = View.of(media.path, media.facts.type, opened)
        pixels = colour.as_meant(opened)
        return view.show(jpeg.at_side(pixels, SIDE) if pixels.mode in DIRECT else pixels)


def _of_film(path: Path) -> Image.Image | None:
    """Draw the frame at a tenth of a film, at most a second into it, or the next that shows something."""
    with open_media(path) as container:
        film = next(film_streams(container), None)
        if film is None:
            return None
        film.codec_context.thread_count = 1
        wanted = min(1_000_000, (container.duration or 0) // 10)
        container.seek(wanted)
        start = (container.start_time or 0) / 1e6
        frame = None
        frames = (frame for packet in islice(container.demux(film), PACKETS) for frame in packet.decode())
        for frame in islice(frames, FRAMES):
            late_enough = frame.time is None or frame.time - start >= wanted / 1e6
            if late_enough and _stands_out(_frame(frame, 1.0, 64)):
                break
        return None if frame is None else _frame(frame, float(film.sample_aspect_ratio or 1) or 1.0, SIDE)


def _frame(frame: Any, aspect: float, side: int) -> Image.Image:
    """Scale a frame to square pixels, its longer side at *side*, and turn it as its display matrix says."""
    scale = side / max(frame.width * aspect, frame.height)
    width, height = (max(2, round(length * scale)) for length in (frame.width * aspect, frame.height))
    pixels: Image.Image = frame.to_image(width=width, height=height)
    # The matrix turns counterclockwise, as Pillow does.
    return pixels.rotate(frame.rotation, expand=True) if frame.rotation else pixels


def _stands_out(pixels: Image.Image) -> bool:
    from PIL import ImageStat

    return ImageStat.Stat(pixels.convert("L")).stddev[0] > decode.BLANK


def _of_card(path: Path, limits: Limits) -> Iterator[tuple[str, str]]:
    contact = Contact.from_vcf(path.read_bytes(), cards=limits.cards, nesting=limits.nesting)[0]
    for key, value in contact.summary().items():
        if key not in ("photo_bytes", "note_chars"):
            yield (
                SINGULAR.get(key, key),
                ", ".join(map(str, value if isinstance(value, list) else [value]))[:WORD_CHARS],
            )


def _of_calendar(media: Media, limits: Limits) -> Iterator[tuple[str, str]]:
    """Read what our own calendar's first event is, when and where, from its lines."""
    told = {"SUMMARY": "event", "DTSTART": "starts", "LOCATION": "where"}
    events = 0
    for name, value in calendar.lines(calendar.read_text(media.path, media.facts.bytes, limits)):
        events += name == "BEGIN" and value.strip().upper() == "VEVENT"
        if events > 1:
            return
        if events and name in told:
            plain = value.strip().replace("\\,", ",").replace("\\;", ";")[:WORD_CHARS]
            yield told[name], _moment(plain) if name == "DTSTART" else plain


def _moment(value: str) -> str:
    """Write a time of a calendar as people read it (RFC 5545, 3.3.4 and 3.3.5)."""
    found = MOMENT.fullmatch(value)
    if found is None:
        return value
    year, month, day, hour, minute, universal = found.groups()
    clock = f" {hour}:{minute}{' UTC' if universal else ''}" if hour else ""
    return f"{year}-{month}-{day}{clock}"


def _spent() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
