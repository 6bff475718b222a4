"""The embedded world: what lies where."""

from __future__ import annotations

import pytest

from mmsprep.tools import basemap

TOWNS = [
    (-18.14, 178.44, "Suva", "Fiji"),
    (50.8467, 4.3525, "Brussels", "Belgium"),
    (40.758, -73.985, "New York City", "NY"),  # Times Square, whose own name GeoNames has too
    (40.728, -74.077, "Jersey City", "NJ"),  # nearer to New York's middle than most of New York
    (-25.066, -130.1, "Adamstown", "Pitcairn"),
    (-42.88, 147.33, "Hobart", "Australia"),
    (1.29, 103.85, "Singapore", ""),
]


@pytest.mark.parametrize(("latitude", "longitude", "name", "after"), TOWNS)
def test_the_nearest_town_is_the_one_that_people_would_name(
    latitude: float, longitude: float, name: str, after: str
) -> None:
    town, away_km = basemap.nearest_town(latitude, longitude)

    assert town.full_name == (f"{name}, {after}" if after else name)
    assert away_km < 12


def test_a_town_across_the_date_line_is_near() -> None:
    town, away_km = basemap.nearest_town(-16.8, -179.99)

    assert town.full_name.endswith("Fiji")
    assert away_km < 100


@pytest.mark.parametrize("point", [(90, 0), (-90, 0), (90, 180), (0, 180), (0, -180), (-48.9, -123.4)])
def test_there_is_a_nearest_town_from_anywhere(point: tuple[float, float]) -> None:
    town, away_km = basemap.nearest_town(*point)

    assert town.name
    assert away_km < 5_000


@pytest.mark.parametrize(
    ("latitude", "longitude", "country"),
    [
        (-17.8, 178.0, "Fiji"),
        (52.5, 13.4, "Germany"),
        (-90, 0, "Antarctica"),
        (-29.6, 28.2, "Lesotho"),  # a hole in South Africa
        (-28.5, 24.7, "South Africa"),
        (66.0, -171.0, "Russia"),  # beyond 180
        (0, -140, ""),
        (42.0, 51.0, ""),  # the Caspian Sea
    ],
)
def test_a_point_is_in_its_country(latitude: float, longitude: float, country: str) -> None:
    assert basemap.countries()[basemap.country_at(latitude, longitude)].name == country


@pytest.mark.parametrize(
    ("latitude", "longitude", "sea"),
    [
        (54.2, 7.0, "North Sea"),
        (1.8, 104.9, "South China Sea"),
        (0.4, 104.6, "South China Sea"),
        (25.0, -91.0, "Gulf of Mexico"),
        (30.0, -45.0, "North Atlantic Ocean"),
        (5.0, -150.0, "North Pacific Ocean"),
        (-5.0, -150.0, "South Pacific Ocean"),
        (88.0, 0.0, "Arctic Ocean"),
        (-16.0, 179.9, "South Pacific Ocean"),
        (52.4, -80.3, "James Bay"),
        (17.4, -87.3, "Caribbean Sea"),
        (47.3, 140.0, "Sea of Japan"),
        (-7.7, 114.8, "Bali Sea"),
        (-9.6, 115.0, "Indian Ocean"),
        # Between the circles of enclosed seas there is no ocean.
        (42.0, 9.7, None),
        (38.5, 0.7, None),
        (55.0, 11.0, None),
        (34.5, 10.7, None),
    ],
)
def test_a_point_at_sea_has_the_name_of_its_sea(latitude: float, longitude: float, sea: str | None) -> None:
    assert basemap.sea_at(latitude, longitude) == sea


def test_every_country_of_a_shape_is_listed() -> None:
    for level, side in basemap.SIDES.items():
        found = {
            part.country
            for column in range(360 // side)
            for row in range(-90 // side, 90 // side)
            for part in basemap.parts(level, column, row)
        }
        assert max(found) < len(basemap.countries())
        assert len(found) > (150 if level == "coarse" else 230)


def test_distance_and_bearing_are_those_of_the_sphere() -> None:
    # San Francisco to Sydney, 11 950 km by the haversine formula on 6 371 km.
    assert basemap.distance_km(37.7749, -122.4194, -33.8688, 151.2093) == pytest.approx(11_950, rel=0.003)
    assert basemap.bearing(0, 0, 0, 1) == pytest.approx(90)
    assert basemap.bearing(0, 179, 0, -179) == pytest.approx(90)
    assert basemap.bearing(0, 0, -1, 0) == pytest.approx(180)
