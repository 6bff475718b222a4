"""What a file is, by its content: libmagic names the type, and that format's own parser must agree.

Names and extensions never decide. A type for which no parser is known keeps the name that libmagic gave it,
so that a plug-in stage can accept it; its own parser is then the second opinion.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect import av, calendar, card, document, picture, place
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    import magic

__all__ = ["detect", "knows", "warm"]

# What libmagic says, where that is not the type's registered or usual name.
SPELLINGS = {
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/heif": "image/heic",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heic",
    "image/avif-sequence": "image/avif",
    "image/vnd.mozilla.apng": "image/png",
    "image/apng": "image/png",
    "image/jpx": "image/jp2",
    **av.SPELLINGS,
    "text/vcard": card.CARD,
}

UNNAMED = "application/octet-stream"

# Enough for libmagic's deepest rule about a type that we tell apart (a Word document by a ZIP's first entries).
HEAD_BYTES = 65_536


def detect(path: Path, limits: Limits) -> Facts:
    """Measure what the file at *path* is, reading headers only.

    Raises Rejected: ``damaged`` (empty, or the format's parser cannot open it), or the limit that its header
    already breaks (``too-many-bytes``, ``too-many-pixels``, …).
    """
    size = path.stat().st_size
    if size == 0:
        raise Rejected("damaged", "the file is empty; send it again from where it was made")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    named = _magic().from_buffer(head)
    if named == UNNAMED:
        named = av.sniff(head) or named
    named = card.sniff(head) or place.sniff(head) or named
    named = calendar.sniff(head) or named
    mime = SPELLINGS.get(named, named)
    parser = _parsers().get(mime)
    return parser(path, mime, size, limits) if parser else Facts(type=mime, bytes=size)


def knows(mime: str) -> bool:
    """Tell whether this type has a parser here, which must agree with libmagic about it."""
    return mime in _parsers()


def warm() -> None:
    """Load libmagic's rules and the picture codecs, and decode nothing: done once, before the items fork."""
    _magic()
    picture.codecs()
    av.codecs()
    document.codecs()


def _parsers() -> dict[str, Callable[[Path, str, int, Limits], Facts]]:
    return {
        **dict.fromkeys(picture.FORMATS, picture.parse),
        **dict.fromkeys(av.DEMUXERS, av.parse),
        document.TYPE: document.parse,
        calendar.TYPE: calendar.parse,
        card.CARD: card.parse,
        card.CONTACT: card.parse_contact,
        place.TYPE: place.parse,
    }


@cache
def _magic() -> magic.Magic:
    import pylibmagic  # noqa: F401  its import points python-magic at the bundled library

    # isort: split
    import magic

    return magic.Magic(mime=True)
