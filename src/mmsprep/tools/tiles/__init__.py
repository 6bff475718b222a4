"""Map tiles: which a place needs, fetched by the caller, decoded inside the isolation.

caller   source = TileSource(template=…, attribution=…)      fetch(place, source, folder)
inside   picture, why = paste.draw(place, folder); without enough tiles the embedded map it is
"""

from __future__ import annotations

import json
from pathlib import Path

from mmsprep.place import Place
from mmsprep.tools.tiles.source import MANIFEST, TileId, TileSource, needed, tile_zoom

__all__ = ["FOLDER", "TileId", "TileSource", "fetch", "needed"]

FOLDER = "tiles"
"""Where in an item's directory its tiles are."""


def fetch(place: Place, source: TileSource, folder: Path) -> int:
    """Put the tiles of a map of *place* into *folder*, and give how many are there.

    Takes no longer than ``source.map_seconds`` and raises nothing for a server's faults, for the embedded map
    stands in; raises Misconfigured for a PMTiles file that cannot be used.
    """
    from mmsprep.tools.tiles import archive
    from mmsprep.tools.tiles.download import fetch_all

    attribution, most = source.attribution, source.max_zoom
    if source.is_file:
        path = Path(source.template)
        most = int(archive.header(path)["max_zoom"])
        attribution = attribution or archive.attribution(path)
    zoom = tile_zoom(place, most)
    tiles = needed(place, zoom)
    found, why = archive.read_all(path, tiles) if source.is_file else fetch_all(source, tiles, place.style)
    folder.mkdir(parents=True, exist_ok=True)
    for tile, data in found.items():
        (folder / tile.file).write_bytes(data)
    said = {"zoom": zoom, "attribution": attribution, "why": why if len(found) < len(tiles) else ""}
    (folder / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    return len(found)
