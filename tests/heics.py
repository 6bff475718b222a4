"""HEICs as large as phones make them, put together from one small tile: what the tests have no encoder for."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mmsprep.tools.ffmpeg import find
from mmsprep.tools.raster.boxes import box
from mmsprep.tools.raster.heic import container

EDGE = 512


def tile(folder: Path, card: str) -> tuple[bytes, bytes]:
    """Encode one test card of ffmpeg's as HEVC; give its configuration and its bytes."""
    film = folder / "tile.mp4"
    words = ["-f", "lavfi", "-i", f"{card}s={EDGE}x{EDGE}", "-frames:v", "1", "-pix_fmt", "yuv420p"]
    coder = ["-c:v", "libx265", "-x265-params", "log-level=none:keyint=1:no-info=1", "-tag:v", "hvc1"]
    subprocess.run([find(), "-v", "error", "-y", *words, *coder, film], check=True)
    data = film.read_bytes()
    hvcc = data.index(b"hvcC") - 4
    mdat = data.index(b"mdat") - 4
    sizes = [int.from_bytes(data[at : at + 4], "big") for at in (hvcc, mdat)]
    return data[hvcc : hvcc + sizes[0]], data[mdat + 8 : mdat + sizes[1]]


def heic(folder: Path, columns: int, rows: int, *, cut: int = 0, turn: bytes = b"", card: str = "testsrc2=") -> Path:
    """Write a HEIC of equal tiles, *cut* pixels off its right and lower edge, with a box that turns it."""
    configuration, data = tile(folder, card)
    edge = EDGE.to_bytes(4, "big")
    properties = (configuration, box(b"ispe", b"\0\0\0\0", edge, edge))
    size = (columns * EDGE - cut, rows * EDGE - cut)
    path = folder / "grid.heic"
    path.write_bytes(container((data,) * (columns * rows), columns, size, properties, (turn,) if turn else ()))
    return path
