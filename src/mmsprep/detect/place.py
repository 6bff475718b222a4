"""Places: one GeoJSON Feature with a Point, the form in which a `Place` travels into the isolation."""

from __future__ import annotations

import re
from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts
from mmsprep.place import Place

TYPE = "application/geo+json"
MOST_BYTES = 64_000
"""A Feature with a Point and a label has a few hundred."""
_START = re.compile(rb"""\s*\{\s*"type"\s*:\s*"Feature"\s*,""")


def sniff(head: bytes) -> str | None:
    """Name what begins as a GeoJSON Feature does, which libmagic calls JSON like any other."""
    return TYPE if _START.match(head) else None


def parse(path: Path, mime: str, size: int, _: Limits) -> Facts:
    """Read the place; raises Rejected ``too-many-bytes``, or what speaks against its being one."""
    if size > MOST_BYTES:
        raise Rejected("too-many-bytes", f"{size:,} bytes; a place may have {MOST_BYTES:,}: send its coordinates")
    Place.from_geojson(path.read_bytes())
    return Facts(type=mime, bytes=size)
