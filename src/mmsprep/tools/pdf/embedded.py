"""Take out of the pictures inside a document what their cameras and editors wrote beside the pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mmsprep.detect import jpeg

if TYPE_CHECKING:
    import pikepdf

_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
_JP2_PRIVATE = frozenset({b"xml ", b"uuid", b"uinf"})


def strip(pdf: pikepdf.Pdf) -> None:
    """Rewrite each JPEG and JPEG 2000 stream that carries more than its picture, pixels untouched."""
    import pikepdf

    without = {"/DCTDecode": without_jpeg_segments, "/JPXDecode": without_jp2_boxes}
    for each in pdf.objects:
        if not isinstance(each, pikepdf.Stream) or each.get("/Subtype") != "/Image":
            continue
        coder = _last(each.get("/Filter"))
        if str(coder) in without:
            _rewrite(each, coder, without[str(coder)])


def _last(entry: Any) -> Any:
    """Give the last of an entry that may be one value or an array: the one that applies to the picture itself."""
    import pikepdf

    if not isinstance(entry, pikepdf.Array):
        return entry
    return entry[len(entry) - 1] if len(entry) else None


def _rewrite(image: Any, coder: Any, without: Callable[[bytes], bytes]) -> None:
    import pikepdf

    named = image.get("/Filter")
    plain = not isinstance(named, pikepdf.Array) or len(named) == 1
    try:
        data = image.read_raw_bytes() if plain else image.read_bytes(pikepdf.StreamDecodeLevel.generalized)
    except (pikepdf.PdfError, UnicodeDecodeError):
        # What cannot be unpacked is nothing that a reader could find; the error's own text may quote it.
        return
    kept = without(data)
    if kept != data:
        parameters = _last(image.get("/DecodeParms"))
        own = parameters if isinstance(parameters, pikepdf.Dictionary) else None
        image.write(kept, filter=coder, decode_parms=own)


def without_jpeg_segments(data: bytes) -> bytes:
    """Drop a JPEG's comments and application segments, but for JFIF and Adobe, which say how to decode it.

    The colour space of a picture in a PDF is what its dictionary says, so a profile inside goes too.
    """
    dropped = [(start, end) for marker, start, end in jpeg.segments(data) if _is_private(marker)]
    if not dropped:
        return data
    kept, at = [], 0
    for start, end in dropped:
        kept.append(data[at:start])
        at = end
    return b"".join([*kept, data[at:]])


def without_jp2_boxes(data: bytes) -> bytes:
    """Drop a JPEG 2000 file's XML and UUID boxes (ISO 15444-1, annex I)."""
    if not data.startswith(_JP2):
        return data
    return b"".join(data[start:end] for kind, start, end in _boxes(data) if kind not in _JP2_PRIVATE)


def _is_private(marker: int) -> bool:
    return marker == jpeg.COM or (jpeg.APP0 < marker <= jpeg.APP15 and marker != jpeg.APP14)


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1 and at + 16 <= len(data):
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        end = len(data) if length < 8 else min(at + length, len(data))
        yield kind, at, end
        at = end
    if at < len(data):
        yield b"", at, len(data)
