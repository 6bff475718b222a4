"""Decode one opened picture as far as it can be decoded, upright, and tell what is missing."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected

if TYPE_CHECKING:
    from PIL import Image

DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, LookupError, TypeError, ArithmeticError)
"""What Pillow's decoders raise on damaged data; MemoryError is not among them, for it is a limit that was reached."""

ORIENTATION_TAG = 0x0112
BLANK = 8.0
"""Standard deviation of grey below which a frame shows nothing."""
POSTER_FRAMES = 60


def decode(picture: Image.Image) -> bool:
    """Decode all pixels of *picture* and tell whether all were there; what is missing stays grey or blank.

    Raises `Rejected` with ``damaged`` when nothing can be decoded.
    """
    with _quietly():
        try:
            picture.load()
            return True
        except DECODING_ERRORS:
            pass
        try:
            with _forgiving():
                picture.load()
            if _shows_something(picture):
                return False
            problem: Exception | None = None
        except DECODING_ERRORS as error:
            problem = error
        raise Rejected("damaged", "its pixels cannot be decoded; export or save it again and send that") from problem


def _shows_something(picture: Image.Image) -> bool:
    """Tell a picture of which a part was decoded from one that stayed blank, as each crashed decoder's does."""
    extrema: Any = picture.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return any(low != high for low, high in bands)


def poster(picture: Image.Image) -> None:
    """Seek the first frame of an animation that shows something, or the one of the first that shows most."""
    from PIL import Image, ImageStat

    shown: list[float] = []
    try:
        frames = getattr(picture, "n_frames", 1)
        if frames < 2 or picture.format == "MPO":
            return
        for frame in range(min(frames, POSTER_FRAMES)):
            picture.seek(frame)
            shown.append(ImageStat.Stat(picture.convert("L").reduce(4)).stddev[0])
            if shown[-1] > BLANK:
                return
    except Image.DecompressionBombError as error:
        raise Rejected("too-many-pixels", "a frame is far larger than the picture; save the animation anew") from error
    except DECODING_ERRORS:
        pass
    if shown:
        picture.seek(shown.index(max(shown)))


def turning(picture: Image.Image) -> Image.Transpose | None:
    """Tell how to turn a picture upright, as its EXIF orientation says (CIPA DC-008, 4.6.4)."""
    from PIL import Image

    turn = Image.Transpose
    turns = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    try:
        with _quietly():
            return turns.get(picture.getexif().get(ORIENTATION_TAG, 1))
    except DECODING_ERRORS:
        return None


WEBP_CHUNKS = 16
"""How many chunks are looked at: before the pixels stand at most a header, a profile, and transparency."""
SEGMENT = re.compile(rb"\xff+([\xc0-\xcf\xda-\xfe])(..)", re.DOTALL)
NOTES = frozenset({*range(0xE0, 0xF0), 0xFE})
"""The markers of applications, profiles and comments (ITU T.81, table B.1)."""
IN_SCAN = re.compile(rb"\xff([^\x00\xff])")


def coded_bytes(path: Path) -> int | None:
    """Count a JPEG's bytes to its end, without notes and profiles; None where a scan holds what cannot be there.

    libjpeg passes over such damage in silence. Within a scan 0xFF is stuffed, and restart markers count from 0 to 7
    (ITU T.81, B.1.1.3 and E.1.4).
    """
    data = path.read_bytes()
    at, noted = 2, 0
    while segment := SEGMENT.match(data, at):
        marker, start = segment[1][0], at
        at = segment.end() + int.from_bytes(segment[2], "big") - 2
        if marker in NOTES:
            noted += at - start
        if marker != 0xDA:
            continue
        for expected in cycle(range(0xD0, 0xD8)):
            found = IN_SCAN.search(data, at)
            if found is None:
                return None
            at = found.start()
            if found[1][0] != expected:
                break
            at += 2
        if data[at + 1] == 0xD9:
            return at + 2 - noted
    return None


def is_lossy_webp(path: Path) -> bool:
    """Tell whether a still WebP is coded as a film's frames are, by its first chunk of pixels (RFC 9649, 2.5)."""
    with path.open("rb") as file:
        if file.read(12)[8:] != b"WEBP":
            return False
        for _ in range(WEBP_CHUNKS):
            head = file.read(8)
            if head[:4] in {b"VP8 ", b"VP8L"}:
                return head[:4] == b"VP8 "
            # Chunks of an odd length are padded.
            file.seek(int.from_bytes(head[4:], "little") + 1 & ~1, 1)
    return False


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _forgiving() -> Iterator[None]:
    """Let Pillow keep what a truncated file has."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
