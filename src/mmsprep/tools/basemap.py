"""The embedded world map: shapes, towns, countries and seas, read cell by cell from the package's own data.

``scripts/make_basemap.py`` writes it and tells its form; drawing it is `mmsprep.tools.mapdraw`'s.
"""

from __future__ import annotations

import json
import math
import struct
import tomllib
import zipfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
SIDES = {"coarse": 90, "middle": 30, "fine": 10}
"""The side of a cell of each level of detail, in degrees."""
STEPS = 4096
"""A cell's side in the units of its coordinates."""
PART = struct.Struct("<BHHHH")
TOWN = struct.Struct("<HHIHB")
TOWN_SIDE, TOWN_STEPS = 10, 65_535
EARTH_KM = 6_371.009
"""Mean radius (IUGG), for distances in words."""
DEGREE_KM = math.radians(1) * EARTH_KM
"""A degree of latitude: 111.2 km."""
LARGEST_RADIUS_KM = 60.0
"""More than `Town.radius_km` of the largest city."""
CLEAR, MOST_KM_TO_OCEAN = 0.8, 2_600
SHORE_KM = 150.0
"""How far outside of an enclosed sea's circles no ocean is named: its bays are not round."""
"""An ocean is named where its nearest point is clearly nearer than the next ocean's, and no further than this."""
TOWNS_CREDIT = "GeoNames CC BY 4.0"
CREDIT = f"Natural Earth · {TOWNS_CREDIT}"


class Kind(IntEnum):
    """What a shape is: the first two are areas, the others lines."""

    LAND = 0
    LAKE = 1
    BORDER = 2
    STATE = 3
    RIVER = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One shape inside one cell, in steps from the cell's south-west corner."""

    kind: Kind
    country: int
    xs: Sequence[int]
    ys: Sequence[int]


@dataclass(frozen=True, slots=True)
class Town:
    """A place with a name; *state* is the postal code where the country writes it so."""

    name: str
    latitude: float
    longitude: float
    population: int
    country: int
    capital: bool
    state: str = ""

    @property
    def full_name(self) -> str:
        """The name with what tells it from others: its state or its country."""
        country = countries()[self.country].name
        after = self.state or country
        return self.name if not after or after == self.name else f"{self.name}, {after}"

    @property
    def radius_km(self) -> float:
        """How far it reaches, at the 4 000 people to a square kilometre of a dense city."""
        return max(0.5, math.sqrt(self.population / 4_000 / math.pi))


@dataclass(frozen=True, slots=True)
class Country:
    """A country's name, and where a map writes it: the point, and the room around it in degrees."""

    name: str
    latitude: float
    longitude: float
    room: float
    area: float


@cache
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(DATA / "world.zip")


@cache
def _names() -> frozenset[str]:
    return frozenset(_archive().namelist())


def _entry(name: str) -> bytes:
    return _archive().read(name) if name in _names() else b""


def parts(level: str, column: int, row: int) -> Iterator[Part]:
    """Yield the shapes of one cell; columns count from 180° west, rows from the equator."""
    data = _entry(f"{level}/{column % (360 // SIDES[level])}.{row}")
    if not data:
        return
    count = struct.unpack_from("<H", data)[0]
    heads = [PART.unpack_from(data, 2 + at * PART.size) for at in range(count)]
    start = 2 + count * PART.size
    points = sum(head[4] - 1 for head in heads)
    steps = (array("b", data[start : start + points]), array("b", data[start + points :]))
    at = 0
    for kind, country, x, y, length in heads:
        xs, ys = (
            list(accumulate(axis[at : at + length - 1], initial=first))
            for axis, first in zip(steps, (x, y), strict=True)
        )
        yield Part(Kind(kind), country, xs, ys)
        at += length - 1


@cache
def countries() -> tuple[Country, ...]:
    """List the countries by the number under which shapes and towns name them; 0 is none."""
    listed: list[dict[str, Any]] = json.loads(_entry("countries.json"))
    return tuple(_country(**each) for each in listed)


def _country(
    name: str, at: tuple[float, float] = (0.0, 0.0), depth: float = 0.0, area: float = 0.0, code: str = ""
) -> Country:
    del code  # which the script needed to bring shapes and towns together
    return Country(name, at[0], at[1], depth, area)


@dataclass(frozen=True, slots=True)
class Sea:
    """A part of the sea with a name: for a sea a circle, for an ocean one point of many."""

    name: str
    latitude: float
    longitude: float
    radius_km: float | None
    """None for an ocean."""
    middle: bool
    """Whether this is where the name stands."""
    enclosed: bool = False
    """Whether land lies around it, so that no ocean begins where the circle ends."""


@cache
def seas() -> tuple[Sea, ...]:
    """List the circles of the seas and the points of the oceans."""
    tables = tomllib.loads((DATA / "seas.toml").read_text(encoding="utf-8"))
    enclosed = frozenset(tables["enclosed"])
    return tuple(
        Sea(name, lat, lon, radius[0] if radius else None, middle=at == 0 and bool(radius), enclosed=name in enclosed)
        for table in (tables["seas"], tables["oceans"])
        for name, points in table.items()
        for at, (lat, lon, *radius) in enumerate(points)
    )


def sea_at(latitude: float, longitude: float) -> str | None:
    """Name the sea or ocean at a point that is on water; None where that is a matter of opinion."""
    away = partial(distance_km, latitude, longitude)
    reach = ((sea, sea.radius_km + SHORE_KM) for sea in seas() if sea.radius_km)
    around = [
        (away(sea.latitude, sea.longitude), sea) for sea, far in reach if abs(latitude - sea.latitude) * DEGREE_KM < far
    ]
    within = [(far / (sea.radius_km or 1), sea.name) for far, sea in around if far < (sea.radius_km or 0)]
    if within:
        return min(within)[1]
    if any(sea.enclosed and far < (sea.radius_km or 0) + SHORE_KM for far, sea in around):
        return None
    other = "South" if latitude > 0 else "North"
    oceans: dict[str, float] = {}
    for sea in seas():
        if sea.radius_km is None and not sea.name.startswith(f"{other} "):
            oceans[sea.name] = min(away(sea.latitude, sea.longitude), oceans.get(sea.name, math.inf))
    (name, near), (_, next_one) = sorted(oceans.items(), key=lambda each: each[1])[:2]
    return name if near < CLEAR * next_one and near < MOST_KM_TO_OCEAN else None


@cache
def towns(column: int, row: int) -> tuple[Town, ...]:
    """Read the towns of one cell, the largest first; columns count from 180° west, rows from the south pole."""
    data = _entry(f"towns/{column % 36}.{row}")
    if not data:
        return ()
    count = struct.unpack_from("<H", data)[0]
    names = data[2 + count * TOWN.size :].decode().split("\n")
    return tuple(
        _town(column % 36, row, record, name)
        for record, name in zip(TOWN.iter_unpack(data[2 : 2 + count * TOWN.size]), names, strict=True)
    )


def _town(column: int, row: int, record: tuple[int, ...], name: str) -> Town:
    x, y, population, country, capital = record
    plain, _, state = name.partition("|")
    return Town(
        plain,
        (row + y / TOWN_STEPS) * TOWN_SIDE - 90,
        (column + x / TOWN_STEPS) * TOWN_SIDE - 180,
        population,
        country,
        bool(capital),
        state,
    )


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Measure a great circle on the sphere (haversine formula)."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.radians(other_longitude - longitude) / 2
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def bearing(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Give the direction in which the other point lies, in degrees from north, clockwise."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    return math.degrees(
        math.atan2(
            math.sin(across) * math.cos(b), math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(across)
        )
    )


@lru_cache(maxsize=16)
def nearest_town(latitude: float, longitude: float) -> tuple[Town, float]:
    """Find the town that says best where a point is, and how far it is in kilometres.

    Inside a city that is the city, not the quarter whose middle is nearer: what counts is the distance in
    radii, and a little how large it is; outside of all towns it is the nearest.
    """
    around = sorted(
        (_at_least_km(latitude, longitude, column, row), column, row) for column in range(36) for row in range(18)
    )
    best: tuple[float, float, Town] | None = None
    for bound, column, row in around:
        if best is not None and bound > max(best[1], LARGEST_RADIUS_KM):
            break
        for town in towns(column, row):
            away = distance_km(latitude, longitude, town.latitude, town.longitude)
            inside = away < town.radius_km
            # Ten times the people weigh as much as a tenth of the radius, which tells New York from Times Square
            # and Jersey City from New York.
            score = away / town.radius_km - math.log10(town.population + 1) / 10 if inside else 1.0 + away
            if best is None or score < best[0]:
                best = (score, away, town)
    assert best is not None
    return best[2], best[1]


def _at_least_km(latitude: float, longitude: float, column: int, row: int) -> float:
    """Give a bound below the distance to anything in a cell of towns."""
    south, west = row * TOWN_SIDE - 90, column * TOWN_SIDE - 180
    middle = distance_km(latitude, longitude, south + TOWN_SIDE / 2, west + TOWN_SIDE / 2)
    # Half of a cell's diagonal, which is longest at the equator.
    return max(0.0, middle - math.radians(TOWN_SIDE) * EARTH_KM * math.sqrt(0.5))


@lru_cache(maxsize=16)
def country_at(latitude: float, longitude: float) -> int:
    """Find the country whose land a point is on, or 0 at sea."""
    side = SIDES["fine"]
    x, y = (longitude + 180) / side, latitude / side
    column, row = math.floor(x), math.floor(y)
    at_x, at_y = (x - column) * STEPS, (y - row) * STEPS
    land = [part for part in parts("fine", column, row) if part.kind is Kind.LAND]
    inside = [part.country for part in land if _encloses(part, at_x, at_y)]
    # A hole is a ring too: what lies in an even number of a country's rings lies outside of it.
    return next((country for country in inside if inside.count(country) % 2), 0)


def _encloses(part: Part, x: float, y: float) -> bool:
    """Tell whether a ring goes round a point, by the edges that a ray to the east crosses."""
    odd = False
    ax, ay = part.xs[-1], part.ys[-1]
    for bx, by in zip(part.xs, part.ys, strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
        ax, ay = bx, by
    return odd
