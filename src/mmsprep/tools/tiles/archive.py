"""Tiles out of a PMTiles file (specification version 3) that the operator has put there."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any, BinaryIO

from mmsprep.errors import Misconfigured
from mmsprep.tools.tiles.download import TILE_BYTES, is_picture
from mmsprep.tools.tiles.source import TileId

PICTURES = ("PNG", "JPEG", "WEBP")


def header(path: Path) -> dict[str, Any]:
    """Read what the file says about itself; raises Misconfigured where it holds no pictures."""
    try:
        with path.open("rb") as file:
            found: dict[str, Any] = _reader(file).header()
    except Exception as error:
        raise Misconfigured(f"tiles: {path} cannot be read as PMTiles: {error}") from error
    kind = found["tile_type"].name
    if kind not in PICTURES:
        raise Misconfigured(f"tiles: {path} holds {kind} tiles; give one with PNG, JPEG or WebP pictures")
    return found


def attribution(path: Path) -> str:
    """Read whose map it is, without the links that web maps put around it."""
    try:
        with path.open("rb") as file:
            text = str(_reader(file).metadata().get("attribution", ""))
    except Exception:
        return ""
    return " ".join(re.sub(r"<[^<>]*>", "", text).split())


def read_all(path: Path, tiles: list[TileId]) -> tuple[dict[TileId, bytes], str]:
    """Read those of *tiles* that the file has."""
    from pmtiles.tile import Compression

    packed = header(path)["tile_compression"] is Compression.GZIP
    found: dict[TileId, bytes] = {}
    with path.open("rb") as file:
        reader = _reader(file)
        for tile in tiles:
            data = reader.get(*tile) or b""
            if packed and data:
                data = gzip.decompress(data)
            if is_picture(data) and len(data) <= TILE_BYTES:
                found[tile] = bytes(data)
    return found, "" if len(found) == len(tiles) else "the PMTiles file does not cover all of the map"


def _reader(file: BinaryIO) -> Any:
    """Open the archive with the library, which has no types."""
    from pmtiles import reader

    untyped: Any = reader
    return untyped.Reader(untyped.MmapSource(file))
