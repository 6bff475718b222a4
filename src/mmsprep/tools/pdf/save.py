"""Write a document as small as its objects allow, the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf

SMALL = 60_000
"""Bytes up to which both ways of writing are tried: object streams cost more than they save in a tiny file."""

WORTH_MERGING = 512
"""Bytes of a stream that is looked for a second time."""

NESTING = 60

_REFERENCE = re.compile(rb"(\d+) (\d+) R\b")


def save(pdf: pikepdf.Pdf) -> bytes:
    """Give the document's bytes, every stream packed with the hardest Flate, structures in object streams."""
    import pikepdf

    pikepdf.settings.set_flate_compression_level(9)
    packed = _written(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    if len(packed) > SMALL:
        return packed
    plain = _written(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return min(packed, plain, key=len)


def merge_equal_streams(pdf: pikepdf.Pdf) -> int:
    """Let streams with the same data and description be one object, and count those that are gone."""
    import hashlib

    import pikepdf

    first: dict[bytes, Any] = {}
    twins: dict[tuple[int, int], Any] = {}
    containers: list[tuple[Any, bytes]] = []
    for each in list(pdf.objects):
        if isinstance(each, pikepdf.Dictionary | pikepdf.Array):
            containers.append((each, each.unparse(resolved=True)))
        if not isinstance(each, pikepdf.Stream):
            continue
        described, raw = each.stream_dict.unparse(), each.read_raw_bytes()
        containers.append((each, described))
        if len(raw) >= WORTH_MERGING:
            same = first.setdefault(hashlib.sha256(described + raw).digest(), each)
            if same is not each:
                twins[each.objgen] = same
    for container, text in containers:
        if twins and any((int(number), int(age)) in twins for number, age in _REFERENCE.findall(text)):
            _refer(container, twins, 0)
    return len(twins)


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


def _written(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    buffer = BytesIO()
    pdf.save(
        buffer, recompress_flate=True, deterministic_id=True, fix_metadata_version=False, preserve_pdfa=False, **options
    )
    return buffer.getvalue()
