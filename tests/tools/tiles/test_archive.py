"""A PMTiles file as the source of tiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from mmsprep.errors import Misconfigured
from mmsprep.place import Place
from mmsprep.tools.tiles import TileId, TileSource, fetch, needed
from mmsprep.tools.tiles.paste import Fetched, draw

from .conftest import tile_png

PLACE = Place(50.8467, 4.3525)


def written(
    path: Path, tiles: list[TileId], kind: TileType = TileType.PNG, attribution: str = "<a href='x'>© Us</a>"
) -> str:
    with path.open("wb") as file:
        writer = Writer(file)
        for tile in sorted(tiles, key=lambda each: zxy_to_tileid(*each)):
            writer.write_tile(zxy_to_tileid(*tile), tile_png(tile))
        header = {
            "tile_type": kind,
            "tile_compression": Compression.NONE,
            "min_zoom": 0,
            "max_zoom": max(tile.zoom for tile in tiles),
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_000_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_000_000,
            "center_zoom": 0,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, {"attribution": attribution})
    return str(path)


def test_a_map_comes_out_of_a_file_at_the_closest_zoom_it_has(tmp_path: Path) -> None:
    source = TileSource(template=written(tmp_path / "a.pmtiles", needed(PLACE, 10)), attribution="")

    assert fetch(PLACE, source, tmp_path / "tiles") == len(needed(PLACE, 10))
    fetched = Fetched.read(tmp_path / "tiles")
    assert fetched is not None
    assert (fetched.zoom, fetched.attribution, fetched.why) == (10, "© Us", "")
    assert draw(PLACE, tmp_path / "tiles")[0] is not None


def test_a_place_that_the_file_does_not_cover_says_so(tmp_path: Path) -> None:
    source = TileSource(template=written(tmp_path / "a.pmtiles", needed(PLACE, 10)), attribution="")

    assert fetch(Place(-33, 18), source, tmp_path / "tiles") == 0
    picture, why = draw(Place(-33, 18), tmp_path / "tiles")
    assert picture is None
    assert "does not cover" in why


def test_vector_tiles_are_refused_by_name(tmp_path: Path) -> None:
    source = TileSource(template=written(tmp_path / "a.pmtiles", needed(PLACE, 3), TileType.MVT), attribution="")

    with pytest.raises(Misconfigured, match="MVT"):
        fetch(PLACE, source, tmp_path / "tiles")


@pytest.mark.parametrize("data", [b"", b"PMTiles", bytes(200), b"PMTiles\x03" + bytes(119)])
def test_a_broken_file_is_the_operators_to_mend(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "b.pmtiles"
    path.write_bytes(data)

    with pytest.raises(Misconfigured):
        fetch(PLACE, TileSource(template=str(path), attribution=""), tmp_path / "tiles")
