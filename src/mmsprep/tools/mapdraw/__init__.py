"""Draw the map of a place: the embedded world map, or tiles, with a pin, names, a scale, a globe and a caption."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mmsprep.place import Place
from mmsprep.tools import basemap
from mmsprep.tools.mapdraw import furniture, globe, ground, labels
from mmsprep.tools.mapdraw.caption import caption
from mmsprep.tools.mapdraw.palette import PALETTES
from mmsprep.tools.mapdraw.projection import POLAR_LATITUDE, TILE_POINTS, Projection, Round, projection_for

if TYPE_CHECKING:
    from PIL import Image

CLOSEST = 8
"""The embedded map has nothing more to show above this zoom."""
USUAL, WIDEST = 7, 3
"""The zooms between which one is chosen where none is asked for: the closest that shows enough towns."""
POLAR_ZOOM = 2
ENOUGH_TOWNS = 4
DESIGN = (600, 450)
"""The size in points for which the type sizes were chosen; smaller maps get smaller letters, within reason."""
GLOBE_FROM = 3
SCALE_BAR_FROM = 2
"""Below, Mercator's scale changes too much from top to bottom for one bar to be true."""
OFFSHORE_KM = 100.0
"""A point at sea belongs to the country of a town no further away."""
SMALLEST_WITH_PANEL, SMALLEST_WITH_GLOBE = 200, 240
"""Points: smaller maps have no room for these."""


def draw(place: Place, *, scale: int = 2) -> Image.Image:
    """Draw the embedded map of *place*, *scale* pixels to a point, the pin's tip in the middle pixel."""
    width, height = place.size[0] * scale, place.size[1] * scale
    zoom = embedded_zoom(place)
    projection = projection_for(place.latitude, place.longitude, zoom, width=width, height=height, scale=scale)
    picture, land = bare_ground(place, projection, zoom, scale)
    return furnished(place, picture, land, projection, basemap.CREDIT, zoom, scale, names=True)


def bare_ground(place: Place, projection: Projection, zoom: int, scale: int) -> tuple[Image.Image, Image.Image]:
    """Paint the ground under any map of *place*, and give the mask of its land."""
    town, away_km = basemap.nearest_town(place.latitude, place.longitude)
    home = basemap.country_at(place.latitude, place.longitude) or (town.country if away_km < OFFSHORE_KM else 0)
    return ground.paint(projection, ground.level_for(zoom), PALETTES[place.style], home=home, scale=scale)


def furnished(
    place: Place,
    picture: Image.Image,
    land: Image.Image,
    projection: Projection,
    credit: str,
    zoom: int,
    scale: int,
    *,
    names: bool = False,
) -> Image.Image:
    """Put caption, scale bar, credit, globe and pin on a map, and the names where it has none of its own."""
    town, away_km = basemap.nearest_town(place.latitude, place.longitude)
    palette = PALETTES[place.style]
    sheet = labels.Sheet(picture, land, palette, scale * type_scale(place.size))
    sheet.taken.append(furniture.pin_box(sheet))
    bottom = float(picture.height)
    if place.size[1] >= SMALLEST_WITH_PANEL:
        bottom = furniture.panel(sheet, *caption(place, town, away_km))
    if zoom >= SCALE_BAR_FROM and place.size[0] >= SMALLEST_WITH_GLOBE:
        furniture.scale_bar(sheet, projection, bottom)
    furniture.credit(sheet, credit, bottom)
    # A round map has no edge to tell where it is.
    is_local = zoom >= GLOBE_FROM or isinstance(projection, Round)
    if is_local and min(place.size) >= SMALLEST_WITH_GLOBE:
        globe.draw(sheet, place.latitude, place.longitude)
    if names:
        labels.write(sheet, projection, zoom, nearest=town)
    furniture.draw_pin(picture, palette, sheet.scale)
    return picture


def type_scale(size: tuple[int, int]) -> float:
    """Shrink or grow letters with the map, but never so that they cannot be read."""
    return min(1.4, max(0.62, min(size[0] / DESIGN[0], size[1] / DESIGN[1])))


def embedded_zoom(place: Place) -> int:
    """Choose the zoom: the one asked for as far as the map goes, else the closest that shows some towns."""
    if place.zoom is not None:
        # Not so far that the world is lower than the picture.
        least = math.ceil(math.log2(place.size[1] / TILE_POINTS))
        return min(max(place.zoom, least), CLOSEST)
    if abs(place.latitude) >= POLAR_LATITUDE:
        return POLAR_ZOOM
    for zoom in range(USUAL, WIDEST, -1):
        projection = projection_for(
            place.latitude, place.longitude, zoom, width=place.size[0], height=place.size[1] - 100, scale=1
        )
        if (
            sum(1 for _ in zip(range(ENOUGH_TOWNS), labels.visible_towns(projection, zoom), strict=False))
            >= ENOUGH_TOWNS
        ):
            return zoom
    return WIDEST
