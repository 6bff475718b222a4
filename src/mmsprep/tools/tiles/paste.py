"""Put fetched tiles together, inside the isolation: the only place that decodes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from staticmap import StaticMap

from mmsprep.place import Place
from mmsprep.tools import basemap, mapdraw
from mmsprep.tools.mapdraw.projection import Mercator
from mmsprep.tools.tiles.source import MANIFEST, needed, window

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_TILE_SIDE = 1_024
ENOUGH = 0.6
"""Share of the tiles below which the embedded map, at a zoom that it can fill, shows more."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A folder of tiles and what it says about itself."""

    folder: Path
    zoom: int
    attribution: str
    why: str
    """Why tiles are missing, for a warning; empty when none are."""

    @classmethod
    def read(cls, folder: Path) -> Fetched | None:
        """Read the manifest, or None where there are no tiles."""
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return cls(folder, int(said["zoom"]), str(said["attribution"]), str(said["why"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


class TileMap(StaticMap):  # type: ignore[misc]  # the library has no types
    """A staticmap whose tiles lie in a folder already, over a ground that shows where one is missing.

    staticmap by itself asks each tile three times even after a 404 or 429, prints, and gives up the whole map
    for one bad tile; here each has an answer at once.
    """

    def __init__(self, map_: Mercator, fetched: Fetched, ground: Image.Image) -> None:
        side = round(map_.side) >> fetched.zoom
        super().__init__(map_.width, map_.height, url_template="{z}-{x}-{y}", tile_size=side)
        left, top = map_.origin
        self.zoom = fetched.zoom
        # Of these staticmap rounds nothing away: the place's own world pixel comes to the middle one.
        self.x_center = (left + map_.width / 2) / side
        self.y_center = (top + map_.height / 2) / side
        self.ground = ground
        self.fetched = fetched
        self.missing: set[str] = set()

    def paste(self) -> Image.Image:
        """Give the ground with all tiles on it."""
        picture = self.ground.copy()
        self._draw_base_layer(picture)
        self._beyond(picture)
        return picture

    def get(self, url: str, **_: Any) -> tuple[int, bytes]:
        """Give the tile as a PNG of exactly the size that it has on the map, clear where there is none."""
        from PIL import Image

        tile = _decoded(self.fetched.folder / url)
        if tile is None:
            self.missing.add(url)
            tile = Image.new("RGBA", (1, 1))
        buffer = BytesIO()
        size = (self.tile_size, self.tile_size)
        scaled = tile if tile.size == size else tile.resize(size, Image.Resampling.LANCZOS)
        scaled.save(buffer, "PNG", compress_level=0)
        return 200, buffer.getvalue()

    def _beyond(self, picture: Image.Image) -> None:
        """Restore the ground beyond the edges of Mercator, where staticmap begins again at the other pole."""
        top, bottom = self._y_to_px(0), self._y_to_px(1 << self.zoom)
        for box in ((0, 0, self.width, top), (0, bottom, self.width, self.height)):
            if box[1] < box[3]:
                picture.paste(self.ground.crop(box), box[:2])


def _decoded(path: Path) -> Image.Image | None:
    from PIL import Image

    try:
        with Image.open(path, formats=FORMATS) as tile:
            if max(tile.size) > MOST_TILE_SIDE or tile.width != tile.height or getattr(tile, "n_frames", 1) > 1:
                return None
            return tile.convert("RGBA")
    except MemoryError:
        raise
    except Exception:
        return None


def draw(place: Place, folder: Path, *, scale: int = 2) -> tuple[Image.Image | None, str]:
    """Draw the map of *place* from the tiles in *folder*, with what to tell the sender about missing ones.

    None in place of a picture says that too few are there, and the embedded map is better.
    """
    fetched = Fetched.read(folder)
    if fetched is None:
        return None, ""
    tiles = needed(place, fetched.zoom, scale)
    there = [(folder / tile.file).is_file() for tile in tiles]
    if not tiles or not there[0] or sum(there) < ENOUGH * len(there):
        return None, fetched.why
    map_ = window(place, fetched.zoom, scale)
    ground, land = mapdraw.bare_ground(place, map_, fetched.zoom, scale)
    tiled = TileMap(map_, fetched, ground)
    picture = tiled.paste()
    if tiles[0].file in tiled.missing or len(tiled.missing) > (1 - ENOUGH) * len(tiles):
        return None, fetched.why or "the tile server sent no pictures"
    # The caption's town is GeoNames' whoever drew the map.
    credit = " · ".join(filter(None, [fetched.attribution, basemap.TOWNS_CREDIT]))
    return mapdraw.furnished(place, picture, land, map_, credit, fetched.zoom, scale), fetched.why
