"""Tiles put together: the right ones, at the right pixel, whatever they are."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path

import mercantile
import pytest
from PIL import Image, ImageDraw

from mmsprep.place import Place
from mmsprep.tools import mapdraw
from mmsprep.tools.mapdraw.projection import Mercator
from mmsprep.tools.tiles import TileId, fetch, needed
from mmsprep.tools.tiles.paste import Fetched, TileMap, draw
from mmsprep.tools.tiles.source import window

from .conftest import Server, tile_png

CIRCUMFERENCE = 2 * math.pi * 6_378_137.0
POINTS = [(0, 0), (85, 10), (-85, 10), (0, 180), (0, -180), (51.5, -0.12), (-18.14, 178.44)]
MARK = (255, 0, 255)


def marked(tile: TileId, place: Place, side: int) -> bytes:
    """Draw a tile that is white, but for the one pixel where, says an independent library, the place is."""
    picture = Image.new("RGB", (side, side), "white")
    x, y = mercantile.xy(place.longitude, place.latitude)
    world = side * 2**tile.zoom
    across, down = (x / CIRCUMFERENCE + 0.5) * world % world, (0.5 - y / CIRCUMFERENCE) * world
    at = math.floor(across) - tile.x * side, math.floor(down) - tile.y * side
    if 0 <= at[0] < side and 0 <= at[1] < side:
        picture.putpixel(at, MARK)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def fill(folder: Path, place: Place, zoom: int, side: int) -> Fetched:
    folder.mkdir(exist_ok=True)
    for tile in needed(place, zoom, side // 256):
        (folder / tile.file).write_bytes(marked(tile, place, side))
    return Fetched(folder, zoom, "© Testers", "")


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("zoom", range(20))
@pytest.mark.parametrize(("latitude", "longitude"), [(85, 180), (-85, -180), (51.5, -0.12)])
def test_the_place_is_in_the_middle_pixel(
    latitude: float, longitude: float, zoom: int, scale: int, tmp_path: Path
) -> None:
    place = Place(latitude, longitude, zoom=zoom, size=(200, 150))
    map_ = window(place, zoom, scale)
    fetched = fill(tmp_path / "tiles", place, zoom, 256 * scale)
    picture = TileMap(map_, fetched, Image.new("RGB", (map_.width, map_.height))).paste()

    assert picture.getpixel((picture.width // 2, picture.height // 2)) == MARK


@pytest.mark.parametrize("zoom", [0, 1, 3, 12])
@pytest.mark.parametrize("point", POINTS)
def test_staticmap_asks_for_the_tiles_that_were_fetched_and_no_others(
    point: tuple[float, float], zoom: int, tmp_path: Path
) -> None:
    place = Place(*point, zoom=zoom)
    map_ = window(place, zoom)
    asked = set[str]()

    class Listening(TileMap):
        def get(self, url: str, **options: object) -> tuple[int, bytes]:
            asked.add(url)
            return super().get(url, **options)

    Listening(map_, Fetched(tmp_path, zoom, "", ""), Image.new("RGB", (map_.width, map_.height))).paste()
    wanted = {tile.file for tile in needed(place, zoom)}
    assert wanted <= asked
    # Beyond the edge of the world staticmap begins again at the other pole; what it pastes there is covered.
    beyond = map_.origin[1] < 0 or map_.origin[1] + map_.height > map_.side
    assert beyond or wanted == asked


def test_beyond_the_edge_of_the_world_there_is_ground_and_no_second_world(tmp_path: Path) -> None:
    place = Place(80, 0, zoom=1, size=(300, 400))
    fetched = fill(tmp_path / "tiles", place, 1, 512)
    map_ = window(place, 1)
    picture = TileMap(map_, fetched, Image.new("RGB", (map_.width, map_.height), "red")).paste()

    edge = -map_.origin[1]
    assert edge > 10
    assert picture.getpixel((100, edge - 2)) == (255, 0, 0)
    assert picture.getpixel((100, edge + 2)) == (255, 255, 255)


@pytest.mark.parametrize("side", [256, 512, 1_024])
def test_tiles_of_any_size_lie_where_they_should(side: int, server: Server, tmp_path: Path) -> None:
    server.answer = lambda tile: (200, {}, tile_png(tile, side))
    place = Place(50.8467, 4.3525, zoom=12)
    fetch(place, server.source(), tmp_path / "tiles")
    picture, why = draw(place, tmp_path / "tiles")

    assert picture is not None
    assert why == ""
    left, top = window(place, 12).origin
    for x, y in ((300, 200), (900, 300), (200, 500)):
        tile = TileId(12, (left + x) // 512, (top + y) // 512)
        wanted = Image.open(BytesIO(tile_png(tile))).getpixel((0, 0))
        found = picture.getpixel((x, y))
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 3  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_tiles_may_be_photographs(form: str, server: Server, tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.effect_noise((256, 256), 60).convert("RGB").save(buffer, form)
    server.answer = lambda tile: (200, {}, buffer.getvalue())
    place = Place(1, 2, zoom=9)

    assert fetch(place, server.source(), tmp_path / "tiles") == len(needed(place, 9))
    assert draw(place, tmp_path / "tiles")[0] is not None


def test_a_missing_corner_is_filled_with_the_embedded_ground(server: Server, tmp_path: Path) -> None:
    place = Place(50.8467, 4.3525, zoom=7)
    gone = needed(place, 7)[-1]
    server.answer = lambda tile: (404, {}, b"") if tile == gone else (200, {}, tile_png(tile))
    fetch(place, server.source(), tmp_path / "tiles")
    picture, why = draw(place, tmp_path / "tiles")

    assert picture is not None
    assert "404" in why
    # The corner holds what the embedded map has there.
    map_ = window(place, 7)
    left, top = gone.x * 512 - map_.origin[0], gone.y * 512 - map_.origin[1]
    ground, _ = mapdraw.bare_ground(place, map_, 7, 2)
    at = (min(max(left + 250, 5), 1_190), min(max(top + 250, 5), 600))
    assert isinstance(map_, Mercator)
    assert picture.getpixel(at) == ground.getpixel(at)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(50), b"\xff\xd8\xff" + bytes(50)])
def test_a_damaged_tile_under_the_pin_gives_way_to_the_embedded_map(data: bytes, tmp_path: Path) -> None:
    place = Place(1, 2, zoom=9)
    fill(tmp_path / "tiles", place, 9, 512)
    (tmp_path / "tiles" / needed(place, 9)[0].file).write_bytes(data)
    (tmp_path / "tiles" / "tiles.json").write_text('{"zoom":9,"attribution":"x","why":""}')

    assert draw(place, tmp_path / "tiles")[0] is None


@pytest.mark.parametrize("said", ["", "{}", "[]", '{"zoom":"x"}', "\xff"])
def test_a_folder_without_a_sound_manifest_is_no_source(said: str, tmp_path: Path) -> None:
    (tmp_path / "tiles.json").write_text(said)

    assert draw(Place(1, 2), tmp_path) == (None, "")


def test_the_attribution_is_burnt_in(server: Server, tmp_path: Path) -> None:
    place = Place(1, 2, zoom=9)
    server.answer = lambda tile: (200, {}, _white())
    fetch(place, server.source(attribution="© A quite long attribution"), tmp_path / "tiles")
    picture, _ = draw(place, tmp_path / "tiles")

    assert picture is not None
    corner = picture.crop((700, 700, 1190, 734)).convert("L")
    assert min(corner.tobytes()) < 140
    assert picture.crop((700, 640, 1190, 690)).convert("L").getextrema()[0] > 200  # type: ignore[operator]


def _white() -> bytes:
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("style", "ground"), [("light", (60, 80, 50)), ("light", (230, 40, 60)), ("dark", (200, 210, 190))]
)
def test_attribution_and_scale_can_be_read_on_any_ground(
    style: str, ground: tuple[int, int, int], tmp_path: Path
) -> None:
    place, folder = Place(50.8467, 4.3525, zoom=15, style=style), tmp_path / "tiles"
    fill(folder, place, 15, 512)
    (folder / "tiles.json").write_text('{"zoom": 15, "attribution": "© Testers of maps", "why": ""}')
    for tile in folder.glob("15-*"):
        Image.new("RGB", (512, 512), ground).save(tile, "PNG")
    picture, _ = draw(place, folder)

    assert picture is not None
    for box in ((1100, 695, 1180, 725), (30, 650, 110, 680)):
        tones = sorted(picture.crop(box).convert("L").tobytes())
        most = tones[len(tones) // 2]
        inks = tones[:20] if most > 128 else tones[-20:]
        assert abs(most - sum(inks) / 20) > 90
