"""Read a picture's coding-independent code points where its format keeps them."""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect.isobmff import walk
from mmsprep.tools.raster.boxes import associations, boxes, primary, references
from mmsprep.tools.raster.hdr import HLG, PQ, CodePoints

HEAD_BYTES = 65_536
"""How far into a PNG is looked."""
META_BYTES = 4_000_000
"""How much of a HEIC's description is read: one of 200 megapixels has 30 kB."""
PROFILES = (b"prof", b"rICC")


def code_points(path: Path, mime: str) -> CodePoints | None:
    """Give the code points by which a picture has to be shown; None where viewers show its numbers or its profile."""
    found = None
    if mime == "image/png":
        found = _of_png(path)
    elif mime in {"image/heic", "image/avif"}:
        found = _of_heif(path)
    return None if found is None or found.plain else found


def _of_png(path: Path) -> CodePoints | None:
    """Read the chunk cICP (PNG 3rd edition, 11.3.2.6), which has to stand before the pixels.

    It comes before a profile (13.13).
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    at = 8
    while at + 12 <= len(head) and head[at + 4 : at + 8] != b"IDAT":
        if head[at + 4 : at + 8] == b"cICP":
            return CodePoints(head[at + 8], head[at + 9])
        at += 12 + int.from_bytes(head[at : at + 4], "big")
    return None


def _of_heif(path: Path) -> CodePoints | None:
    """Read the box ``colr`` of the primary picture (ISO/IEC 14496-12, 12.1.5), or of the first of its tiles.

    A profile beside it tells the colours better (ISO/IEC 23000-22, 7.3.6.4), but none tells what to do with more
    light than paper has.
    """
    with path.open("rb") as file:
        top = walk(file, 0, path.stat().st_size)
        place = next((box for box in top if box.type == b"meta" and not box.path), None)
        if place is None:
            return None
        file.seek(place.start)
        described = file.read(min(place.end - place.start, META_BYTES))
    try:
        colours = _colours(described)
    except (KeyError, IndexError):
        return None
    nclx = next((content for content in colours if content[:4] == b"nclx"), None)
    if nclx is None:
        return None
    points = CodePoints(int.from_bytes(nclx[4:6], "big"), int.from_bytes(nclx[6:8], "big"))
    profiled = any(content[:4] in PROFILES for content in colours)
    return None if profiled and points.transfer not in {PQ, HLG} else points


def _colours(described: bytes) -> list[bytes]:
    meta = dict(boxes(described[4:]))
    own = dict(boxes(meta[b"iprp"]))
    known, linked = list(boxes(own[b"ipco"])), associations(own[b"ipma"])
    shown = primary(meta[b"pitm"])
    tiles = references(meta[b"iref"]).get(shown, []) if b"iref" in meta else []
    for item in (shown, *tiles[:1]):
        # Number 0 means no property (ISO/IEC 14496-12, 8.11.14).
        own_boxes = [known[number - 1] for number in linked.get(item, ()) if number]
        if found := [content for kind, content in own_boxes if kind == b"colr"]:
            return found
    return []
