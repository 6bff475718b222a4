"""What the caption says: the label or the nearest town, how far it is, and the coordinates."""

from __future__ import annotations

from mmsprep.place import Place
from mmsprep.tools import basemap
from mmsprep.tools.basemap import Town
from mmsprep.tools.mapdraw.furniture import KM_PER_MILE
from mmsprep.tools.mapdraw.type import readable

DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
FAR_KM = 120.0
"""Further than this from any town, the sea or the country says more."""


def caption(place: Place, town: Town, away_km: float) -> tuple[str, str]:
    """Give the title and the line below it."""
    region = _region(place) if away_km > FAR_KM else ""
    where = (
        town.full_name
        if away_km < town.radius_km
        else f"{_distance(away_km)} {_direction(place, town)} of {town.full_name}"
    )
    label = readable(place.label, "semibold")
    point = coordinates(place)
    if label:
        return label, f"{where} · {point}"
    if region:
        return region, f"{where} · {point}"
    if away_km < town.radius_km:
        return where, point
    return f"{_distance(away_km, miles=False)} {_direction(place, town)} of {town.full_name}", point


def coordinates(place: Place) -> str:
    """Write the point as maps for people do: four decimals, which is 11 m, and the compass."""
    north, east = "N" if place.latitude >= 0 else "S", "E" if place.longitude >= 0 else "W"
    latitude, longitude = (f"{abs(each):.4f}".rstrip("0").rstrip(".") for each in (place.latitude, place.longitude))
    return f"{latitude}° {north}, {longitude}° {east}" if abs(place.latitude) < 90 else f"{latitude}° {north}"


def _distance(km: float, *, miles: bool = True) -> str:
    def plain(value: float) -> str:
        return f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}".removesuffix(".0")

    return f"{plain(km)} km ({plain(km / KM_PER_MILE)} mi)" if miles else f"{plain(km)} km"


def _direction(place: Place, town: Town) -> str:
    angle = basemap.bearing(town.latitude, town.longitude, place.latitude, place.longitude)
    return DIRECTIONS[round(angle / 45) % 8]


def _region(place: Place) -> str:
    """Name the pole, the country or else the sea that a far-off place is in."""
    if abs(place.latitude) > 89.9:
        return "North Pole" if place.latitude > 0 else "South Pole"
    if country := basemap.country_at(place.latitude, place.longitude):
        return basemap.countries()[country].name
    return basemap.sea_at(place.latitude, place.longitude) or ""
