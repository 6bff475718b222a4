"""Where on the picture a place is, against an independent library."""

from __future__ import annotations

import math

import mercantile
import pytest

from mmsprep.tools.mapdraw.projection import Mercator, Round, projection_for

CIRCUMFERENCE = 2 * math.pi * 6_378_137.0
POINTS = [
    (0, 0),
    (85, 10),
    (-85, 10),
    (0, 180),
    (0, -180),
    (-18.14, 178.44),
    (51.5, -0.12),
    (-33.87, 151.21),
    (85, 180),
]


def world_pixel(latitude: float, longitude: float, side: float) -> tuple[float, float]:
    x, y = mercantile.xy(longitude, latitude)
    return (x / CIRCUMFERENCE + 0.5) * side, (0.5 - y / CIRCUMFERENCE) * side


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("zoom", range(20))
@pytest.mark.parametrize(("latitude", "longitude"), POINTS)
def test_the_middle_pixel_is_the_world_pixel_of_the_place(
    latitude: float, longitude: float, zoom: int, scale: int
) -> None:
    side = 256 * scale * 2**zoom
    map_ = Mercator(600 * scale, 450 * scale, latitude, longitude, side)

    left, top = map_.origin
    expected = world_pixel(latitude, longitude, side)
    # At 180 the pixel is the first of the world's next turn; a last digit may round either way there.
    assert abs(left + map_.width // 2 - math.floor(expected[0] + 1e-6)) <= (
        1 if abs(expected[0] - round(expected[0])) < 1e-5 else 0
    )
    assert abs(top + map_.height // 2 - math.floor(expected[1])) <= (
        1 if abs(expected[1] - round(expected[1])) < 1e-5 else 0
    )
    tile = mercantile.tile(longitude - 1e-9 if longitude == 180 else longitude, latitude, zoom)
    assert (left + map_.width // 2) // (256 * scale) % 2**zoom == (0 if longitude == 180 else tile.x)
    assert (top + map_.height // 2) // (256 * scale) == tile.y


@pytest.mark.parametrize("map_", [Mercator(1200, 900, -18.14, 178.44, 2**17), Round(1200, 900, 88.0, -120.0, 2**11)])
def test_a_pixel_leads_back_to_its_point(map_: Mercator | Round) -> None:
    for x, y in ((10, 10), (600, 450), (1190, 890), (300, 700)):
        latitude, longitude = map_.locate(x, y)
        at = map_.point(latitude, longitude)
        assert at is not None
        assert at == pytest.approx((x, y), abs=1.1)


@pytest.mark.parametrize("latitude", [90.0, -90.0, 83.0, -89.5])
def test_a_place_near_a_pole_is_in_the_middle_of_a_round_map(latitude: float) -> None:
    map_ = projection_for(latitude, 45.0, 2, width=1200, height=900, scale=2)

    assert isinstance(map_, Round)
    assert map_.point(latitude, 45.0) == pytest.approx((600.5, 450.5))
    # A degree of latitude is as long as it should be.
    other = map_.point(latitude - math.copysign(1, latitude), 45.0)
    assert other is not None
    assert math.dist(other, (600.5, 450.5)) == pytest.approx(111.2 * map_.pixels_per_km, rel=0.01)


def test_a_point_beyond_the_date_line_is_drawn_where_it_is_near() -> None:
    map_ = Mercator(1200, 900, -17.0, 179.5, 2**15)

    at = map_.point(-17.0, -179.5)
    assert at is not None
    assert at[0] - 600 == pytest.approx(2**15 / 360, abs=1)
