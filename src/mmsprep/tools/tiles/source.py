"""Where tiles come from, and which of them a map needs."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from mmsprep.errors import Misconfigured
from mmsprep.place import Place

if TYPE_CHECKING:
    from mmsprep.tools.mapdraw.projection import Mercator

USUAL_ZOOM = 15
"""A street and its neighbours."""
SCALE = 2
MANIFEST = "tiles.json"
"""The file beside the tiles that says which zoom they are, whose, and why some are missing."""
PLACEHOLDERS = {"z", "x", "y", "r", "key", "style"}


def usual_cache() -> Path:
    """Name the folder where a user's programs keep what they can fetch again."""
    try:
        return Path.home() / ".cache" / "mmsprep" / "tiles"
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"mmsprep-tiles-{os.getuid()}"


class TileId(NamedTuple):
    """One tile of Web Mercator's square world, counted from the north-west as in all URL templates."""

    zoom: int
    x: int
    y: int

    @property
    def file(self) -> str:
        return f"{self.zoom}-{self.x}-{self.y}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSource:
    """A tile server's URL template, or the path of a PMTiles file, with what its owner asks for.

    ``{z}``, ``{x}``, ``{y}`` are the tile; ``{r}`` becomes ``@2x``, ``{style}`` the map's style, ``{key}`` the
    key. *attribution* is burnt into the picture. Raises Misconfigured for a template that cannot work.
    """

    template: str
    attribution: str
    key: str = field(default="", repr=False)
    user_agent: str = ""
    """Who asks: servers refuse the default names of libraries, and want to know whom to write to."""
    max_zoom: int = 19
    cache: Path | None = field(default_factory=usual_cache)
    """The folder that keeps tiles; None keeps none."""
    tile_seconds: float = 3.0
    map_seconds: float = 10.0
    """All tiles of one map together: what is missing then, the embedded map fills in."""

    def __post_init__(self) -> None:
        wrong = _file_faults(self) if self.is_file else _template_faults(self)
        if wrong:
            raise Misconfigured(f"tiles: {wrong}")

    @property
    def is_file(self) -> bool:
        return "://" not in self.template

    def url(self, tile: TileId, style: str) -> str:
        """Fill in the template."""
        values = {"z": str(tile.zoom), "x": str(tile.x), "y": str(tile.y), "r": "@2x", "style": style}
        values["key"] = quote(self.key, safe="")
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], self.template)

    def name(self, tile: TileId, style: str) -> str:
        """Name a tile for the cache and the log: its URL without the key."""
        return self.url(tile, style) if not self.key else self.url(tile, style).replace(quote(self.key, safe=""), "")


def _template_faults(source: TileSource) -> str | None:
    """Say what is wrong with a template, the first thing only."""
    found = set(re.findall(r"\{(\w*)\}", source.template))
    missing, unknown = {"z", "x", "y"} - found, found - PLACEHOLDERS
    url = urlsplit(source.template)
    faults = (
        (url.scheme not in ("http", "https"), "the template is no http or https URL"),
        (missing, f"the template lacks {_braced(missing)}"),
        (unknown, f"the template has {_braced(unknown)}, which we do not know"),
        ("{" in url.netloc, "the template's host is not fixed; name one host"),
        ("key" in found and not source.key, "the template asks for a key, and none is set"),
        (not source.attribution.strip(), "whose map is it? set the attribution that the server's terms ask for"),
    )
    return next((fault for wrong, fault in faults if wrong), None)


def _braced(names: set[str]) -> str:
    return ", ".join(f"{{{each}}}" for each in sorted(names))


def _file_faults(source: TileSource) -> str | None:
    if not source.template.endswith(".pmtiles"):
        return "neither a URL template nor a .pmtiles file"
    return None if Path(source.template).is_file() else f"there is no file {source.template}"


def tile_zoom(place: Place, source_max: int) -> int:
    """Choose the zoom of a map made of tiles."""
    return min(USUAL_ZOOM if place.zoom is None else place.zoom, source_max)


def window(place: Place, zoom: int, scale: int = SCALE) -> Mercator:
    """Give the geometry of a map made of tiles."""
    from mmsprep.tools.mapdraw.projection import TILE_POINTS, Mercator

    side = TILE_POINTS * scale * 2.0**zoom
    return Mercator(place.size[0] * scale, place.size[1] * scale, place.latitude, place.longitude, side)


def needed(place: Place, zoom: int, scale: int = SCALE) -> list[TileId]:
    """List the tiles under a map of *place*, nearest to the pin first; none beyond the edge of Mercator."""
    from mmsprep.tools.mapdraw.projection import MOST_LATITUDE, TILE_POINTS

    if abs(place.latitude) > MOST_LATITUDE:
        return []
    map_ = window(place, zoom, scale)
    left, top = map_.origin
    side, count = TILE_POINTS * scale, 1 << zoom
    columns = range(int(left // side), int(-(-(left + map_.width) // side)))
    rows = range(max(0, int(top // side)), min(count, int(-(-(top + map_.height) // side))))
    middle = ((left + map_.width / 2) / side - 0.5, (top + map_.height / 2) / side - 0.5)
    ordered = sorted(((x - middle[0]) ** 2 + (y - middle[1]) ** 2, x, y) for x in columns for y in rows)
    # A world that is narrower than the picture comes again.
    return list(dict.fromkeys(TileId(zoom, x % count, y) for _, x, y in ordered))
