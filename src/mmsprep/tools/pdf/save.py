"""Write a document as small as its objects allow, the same bytes every time."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf.sweep import text_of

if TYPE_CHECKING:
    import pikepdf

SMALL = 60_000
"""Bytes up to which both ways of writing are tried: object streams cost more than they save with few objects."""

WORTH_MERGING = 512
"""Bytes of a stream that is looked for a second time."""

NESTING = 60
"""Direct containers inside one another that are looked into; no writer comes near."""

HARDEST = 3
"""FLEVEL in the second byte of a zlib stream that was packed as hard as zlib can (RFC 1950, 2.2)."""

_OF_THE_FILE = ("/ObjStm", "/XRef")
"""Streams of the file as it was, which are written anew in any case."""

_REFERENCE = re.compile(rb"(\d+) (\d+) R\b")
_ID = re.compile(rb" ?/ID ?\[ ?<[0-9a-f]{32}> ?<[0-9a-f]{32}> ?\]")


def save(pdf: pikepdf.Pdf, source_bytes: int) -> bytes:
    """Give the document's bytes, structures packed into object streams where that pays.

    Flate streams stay as they are: unpacked and packed again they would lose their PNG predictors, which
    qpdf does not write, and grow by a fifth. `repack` does it better. A file that comes out larger than its
    *source_bytes* goes without its identifier, which no reader needs in a document that is not encrypted.
    """
    import pikepdf

    pikepdf.settings.set_flate_compression_level(9)
    packed = _written(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    if SMALL < len(packed) <= source_bytes:
        return packed
    plain = _written(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = min(packed, plain, key=len)
    if len(data) <= source_bytes:
        return data
    bare = _written(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)
    return min((_without_id(each) for each in (packed, plain, bare)), key=len)


def repack(pdf: pikepdf.Pdf) -> None:
    """Pack harder what was packed lightly, and let equal streams be one."""
    for stream, data in _light(pdf):
        raw = stream.read_raw_bytes()
        harder = zlib.compress(data, 9)
        if len(harder) < len(raw):
            # The filters and their parameters stay: only the packing of the same bytes changes.
            stream.write(harder, filter=stream.Filter, decode_parms=stream.get("/DecodeParms"))
    _merge_equal_streams(pdf)


def _merge_equal_streams(pdf: pikepdf.Pdf) -> None:
    """Let streams with the same data and description be one object."""
    import pikepdf

    first: dict[bytes, Any] = {}
    twins: dict[tuple[int, int], Any] = {}
    for each in list(pdf.objects):
        if not isinstance(each, pikepdf.Stream) or each.get("/Type") in _OF_THE_FILE:
            continue
        raw = each.read_raw_bytes()
        if len(raw) >= WORTH_MERGING:
            same = first.setdefault(hashlib.sha256(each.stream_dict.unparse() + raw).digest(), each)
            if same is not each:
                twins[each.objgen] = same
    for each in list(pdf.objects) if twins else ():
        if any((int(number), int(age)) in twins for number, age in _REFERENCE.findall(text_of(each))):
            _refer(each, twins, 0)


def _refer(container: Any, twins: Mapping[tuple[int, int], Any], depth: int) -> None:
    """Let the direct contents of *container* refer to the first of equal streams."""
    import pikepdf

    is_array = isinstance(container, pikepdf.Array)
    for key in range(len(container)) if is_array else list(container.keys()):
        value = container[key]
        if not isinstance(value, pikepdf.Object):
            continue
        if value.is_indirect:
            if value.objgen in twins:
                container[key] = twins[value.objgen]
        elif isinstance(value, pikepdf.Array | pikepdf.Dictionary) and depth < NESTING:
            _refer(value, twins, depth + 1)


def _light(pdf: pikepdf.Pdf) -> Iterator[tuple[Any, bytes]]:
    """Give each stream that Flate alone has packed, and not hard, with its unpacked bytes."""
    import pikepdf

    for each in list(pdf.objects):
        if not isinstance(each, pikepdf.Stream) or each.get("/Filter") != "/FlateDecode":
            continue
        if each.get("/Type") in _OF_THE_FILE:
            continue
        raw = each.read_raw_bytes()
        if len(raw) < WORTH_MERGING or raw[1] >> 6 == HARDEST:
            continue
        # zlib's hardest takes seconds for the long runs of a picture and gains a hundredth.
        if each.get("/Subtype") == "/Image" and raw[1] >> 6 > 0:
            continue
        try:
            yield each, zlib.decompress(raw)
        except zlib.error:
            continue


def _without_id(data: bytes) -> bytes:
    # It stands behind all that has an offset: in the trailer, or in the last object, which is the table itself.
    at = max(data.rfind(b"/ID ["), 0)
    return data[: at - 1] + _ID.sub(b"", data[at - 1 :], count=1) if at else data


def _written(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    buffer = BytesIO()
    pdf.save(
        buffer,
        recompress_flate=False,
        deterministic_id=True,
        fix_metadata_version=False,
        preserve_pdfa=False,
        **options,
    )
    return buffer.getvalue()
