"""From degrees to pixels: Web Mercator as all web maps, and a round map where Mercator ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from mmsprep.tools.basemap import EARTH_KM

TILE_POINTS = 256
MOST_LATITUDE = math.degrees(math.atan(math.sinh(math.pi)))
"""85.0511°, where Web Mercator's square world ends."""
POLAR_LATITUDE = 82.0
"""From here on Mercator stretches more than sevenfold, and a round map shows better what lies around."""
FURTHEST = 89.99


def world_y(latitude: float) -> float:
    """Give the height on the unit square of Web Mercator (EPSG 3857), 0 at the top."""
    sine = math.sin(math.radians(min(max(latitude, -FURTHEST), FURTHEST)))
    return 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def latitude_of(y: float) -> float:
    """Invert `world_y`."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))


@lru_cache(maxsize=16)
def _world_pixel(latitude: float, longitude: float, side: float) -> tuple[int, int]:
    within = min(max(latitude, -MOST_LATITUDE), MOST_LATITUDE)
    return math.floor((longitude + 180) / 360 * side), math.floor(world_y(within) * side)


class Projection(Protocol):
    """What drawing needs to know about a map's geometry; pixels may lie outside of the picture."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def latitude(self) -> float: ...

    @property
    def pixels_per_km(self) -> float:
        """The scale at the pin."""

    def point(self, latitude: float, longitude: float) -> tuple[float, float] | None:
        """Give the pixel of a point, or None for one that this map cannot show."""

    def path(self, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[tuple[float, float]]:
        """Give the pixels of a line or ring whose longitudes may run past 180."""

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Give latitude and longitude of a pixel."""

    def window(self) -> tuple[float, float, float, float]:
        """Give south, west, north and east of a frame around the picture; east may be past 180."""


def equator_pixels_per_km(side: float) -> float:
    """Give the scale at the equator of a world *side* pixels wide (WGS 84's circumference)."""
    return side / 40_075.017


@dataclass(frozen=True, slots=True)
class Mercator:
    """A window onto Web Mercator whose middle pixel holds a point of the world's pixels, as tiles count them."""

    width: int
    height: int
    latitude: float
    longitude: float
    side: float
    """The whole world's width in pixels."""

    @property
    def pixels_per_km(self) -> float:
        return equator_pixels_per_km(self.side) / math.cos(math.radians(min(abs(self.latitude), MOST_LATITUDE)))

    @property
    def origin(self) -> tuple[int, int]:
        """The world's pixel at the picture's top left: the point's own pixel, floored, comes to the middle."""
        x, y = _world_pixel(self.latitude, self.longitude, self.side)
        return x - self.width // 2, y - self.height // 2

    def point(self, latitude: float, longitude: float) -> tuple[float, float] | None:
        left, top = self.origin
        # Of a world that comes again at every 360°, the copy nearest to the middle.
        turns = round((self.longitude - longitude) / 360)
        return (longitude + turns * 360 + 180) / 360 * self.side - left, world_y(latitude) * self.side - top

    def path(self, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[tuple[float, float]]:
        left, top = self.origin
        factor = self.side / 360
        offset = self.side / 2 - left
        heights = {latitude: world_y(latitude) * self.side - top for latitude in set(latitudes)}
        return [(x * factor + offset, heights[y]) for y, x in zip(latitudes, longitudes, strict=True)]

    def locate(self, x: float, y: float) -> tuple[float, float]:
        left, top = self.origin
        return latitude_of((y + top) / self.side), ((x + left) / self.side * 360) % 360 - 180

    def window(self) -> tuple[float, float, float, float]:
        left, top = self.origin
        west, east = (x / self.side * 360 - 180 for x in (left, left + self.width))
        north, south = (latitude_of(y / self.side) for y in (top, top + self.height))
        return south, west, north, east


@dataclass(frozen=True, slots=True)
class Round:
    """A stereographic map around a point, north up: true in shape, and at home at the poles.

    Snyder, Map Projections: A Working Manual (1987), equations 21-2 to 21-4, on the sphere.
    """

    width: int
    height: int
    latitude: float
    longitude: float
    side: float

    @property
    def pixels_per_km(self) -> float:
        # As large as Mercator draws where this map takes over, so that zooms mean the same.
        return equator_pixels_per_km(self.side) / math.cos(math.radians(POLAR_LATITUDE))

    def point(self, latitude: float, longitude: float) -> tuple[float, float] | None:
        found = self.path([latitude], [longitude])[0]
        return found if math.hypot(found[0] - self.width / 2, found[1] - self.height / 2) < 4 * self.width else None

    def path(self, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[tuple[float, float]]:
        sine, cosine = math.sin(math.radians(self.latitude)), math.cos(math.radians(self.latitude))
        radius = self.pixels_per_km * EARTH_KM * 2
        middle_x, middle_y = self.width // 2 + 0.5, self.height // 2 + 0.5
        out = []
        for latitude, longitude in zip(latitudes, longitudes, strict=True):
            a, across = math.radians(latitude), math.radians(longitude - self.longitude)
            sin_a, cos_a, cos_across = math.sin(a), math.cos(a), math.cos(across)
            # Near the antipode the plane has no end; what lies there is far outside of any picture.
            scale = radius / max(1 + sine * sin_a + cosine * cos_a * cos_across, 0.05)
            x, y = cos_a * math.sin(across), cosine * sin_a - sine * cos_a * cos_across
            out.append((middle_x + scale * x, middle_y - scale * y))
        return out

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Invert `path` (Snyder 1987, equations 20-14, 20-15 and 21-15)."""
        x, y = x - self.width / 2, self.height / 2 - y
        rho = math.hypot(x, y) or 1e-9
        c = 2 * math.atan2(rho, 2 * self.pixels_per_km * EARTH_KM)
        sine, cosine = math.sin(math.radians(self.latitude)), math.cos(math.radians(self.latitude))
        latitude = math.asin(max(-1.0, min(1.0, math.cos(c) * sine + y * math.sin(c) * cosine / rho)))
        across = math.atan2(x * math.sin(c), rho * cosine * math.cos(c) - y * sine * math.sin(c))
        return math.degrees(latitude), (math.degrees(across) + self.longitude + 180) % 360 - 180

    def window(self) -> tuple[float, float, float, float]:
        reach = math.degrees(math.hypot(self.width, self.height) / 2 / self.pixels_per_km / EARTH_KM) * 1.1
        if self.latitude > 0:
            return self.latitude - reach, -180.0, 90.0, 180.0
        return -90.0, -180.0, self.latitude + reach, 180.0


def projection_for(
    latitude: float, longitude: float, zoom: float, *, width: int, height: int, scale: int
) -> Mercator | Round:
    """Choose the map's geometry: *width* and *height* in pixels, *scale* pixels to a point."""
    side = TILE_POINTS * scale * 2.0**zoom
    if abs(latitude) >= POLAR_LATITUDE:
        return Round(width, height, latitude, longitude, side)
    return Mercator(width, height, latitude, longitude, side)
