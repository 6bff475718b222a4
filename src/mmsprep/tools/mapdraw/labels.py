"""The names on the map: which to write, and where, so that none covers another, the pin or the edge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmsprep.tools import basemap
from mmsprep.tools.basemap import Town
from mmsprep.tools.mapdraw.palette import Palette
from mmsprep.tools.mapdraw.projection import Projection
from mmsprep.tools.mapdraw.type import Box, Face, writable

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageDraw import ImageDraw

LEAST_POPULATION = ((3, 1_500_000), (4, 700_000), (5, 250_000), (6, 60_000), (7, 4_000))
"""Below each zoom, how many people a town must have to be named; above the last, any."""
MOST_TOWNS = 22
MOST_SEAS = 3
CROWDED_POINTS = 24
"""A town as near as this to one that is named gets no name."""
QUARTER = 4
"""A town so many times smaller than a city within whose reach it lies is taken for a part of it."""


@dataclass
class Sheet:
    """The picture while names are put on it: what is taken already, and how large a point is."""

    picture: Image.Image
    land: Image.Image
    palette: Palette
    scale: float
    """Pixels to a point of this picture's type: smaller pictures have smaller letters."""
    taken: list[Box] = field(default_factory=list)
    seas: list[Box] = field(default_factory=list)
    """The names of seas, which stand further apart than others."""

    def face(self, cut: str, points: float, tracking: float = 0.0) -> Face:
        return Face(cut, max(8, round(points * self.scale)), tracking * self.scale)

    def is_free(self, box: Box, margin: float = 0.0) -> bool:
        """Tell whether a box lies in the picture and on nothing that is taken."""
        edge = 8 * self.scale
        if box[0] < edge or box[1] < edge or box[2] > self.picture.width - edge or box[3] > self.picture.height - edge:
            return False
        return not any(_overlap(box, other, margin * self.scale) for other in self.taken)

    def is_water(self, box: Box) -> bool:
        left, top, right, bottom = (round(each) for each in box)
        return self.land.crop((left, top, right, bottom)).getbbox() is None

    def halo(self, box: Box) -> str:
        """Give the ground's own colour under a box, so that a halo is felt and not seen."""
        left, top, right, bottom = (round(each) for each in box)
        crop = self.picture.crop((max(left, 0), max(top, 0), max(right, 1), max(bottom, 1)))
        red, green, blue = crop.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        return f"#{red:02x}{green:02x}{blue:02x}"


def _overlap(a: Box, b: Box, margin: float) -> bool:
    return a[0] - margin < b[2] and a[2] + margin > b[0] and a[1] - margin < b[3] and a[3] + margin > b[1]


def visible_towns(projection: Projection, zoom: float) -> Iterator[tuple[Town, float, float]]:
    """Yield the towns in the window that are large enough for the zoom, and their pixels, the largest first."""
    south, _, north, _ = projection.window()
    least = next((people for below, people in LEAST_POPULATION if zoom < below), 0)
    found = []
    for column, row in _town_cells(projection.window()):
        for town in basemap.towns(column, row):
            if town.population * (4 if town.capital else 1) < least:
                break  # those that follow are smaller
            at = projection.point(town.latitude, town.longitude) if south <= town.latitude <= north else None
            if at and 0 <= at[0] < projection.width and 0 <= at[1] < projection.height:
                found.append((town, *at))
    yield from sorted(found, key=lambda each: (-_weight(each[0]), each[0].name))


def _town_cells(window: tuple[float, float, float, float]) -> Iterator[tuple[int, int]]:
    """Yield column and row of the cells of towns in a window, each once."""
    south, west, north, east = window
    side = basemap.TOWN_SIDE
    columns = {column % 36 for column in range(math.floor((west + 180) / side), math.floor((east + 180) / side) + 1)}
    for row in range(max(0, math.floor((south + 90) / side)), min(17, math.floor((north + 90) / side)) + 1):
        yield from ((column, row) for column in sorted(columns))


def _weight(town: Town) -> int:
    return town.population * (6 if town.capital else 1) + (500_000 if town.capital else 0)


def write(sheet: Sheet, projection: Projection, zoom: float, *, nearest: Town) -> None:
    """Write the names of towns, countries and seas, the most telling first."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet.picture)
    towns = _chosen(projection, zoom, nearest, sheet.scale)
    large, small = towns[:5], towns[5:]
    for town, x, y in large:
        _write_town(sheet, draw, town, x, y, zoom)
    if zoom < 7:
        _write_countries(sheet, draw, projection)
    _write_seas(sheet, draw, projection, zoom)
    for town, x, y in small:
        _write_town(sheet, draw, town, x, y, zoom)


def _chosen(projection: Projection, zoom: float, nearest: Town, scale: float) -> list[tuple[Town, float, float]]:
    """Choose the towns to name: the one of the caption, then the largest, without the quarters of a named city."""
    chosen: list[tuple[Town, float, float]] = []
    at = projection.point(nearest.latitude, nearest.longitude)
    if at and 0 <= at[0] < projection.width and 0 <= at[1] < projection.height:
        chosen.append((nearest, *at))
    for town, x, y in visible_towns(projection, zoom):
        if len(chosen) >= MOST_TOWNS:
            break
        if town == nearest or any(_is_quarter(town, city) for city, _, _ in chosen):
            continue
        if any(math.hypot(x - other_x, y - other_y) < CROWDED_POINTS * scale for _, other_x, other_y in chosen):
            continue
        chosen.append((town, x, y))
    return chosen


def _is_quarter(town: Town, city: Town) -> bool:
    away = basemap.distance_km(town.latitude, town.longitude, city.latitude, city.longitude)
    return town.population * QUARTER < city.population and away < city.radius_km * 1.5


def _write_town(sheet: Sheet, draw: ImageDraw, town: Town, x: float, y: float, zoom: float) -> None:
    if not writable(town.name):
        return
    big = town.population >= (1_000_000 if zoom < 6 else 400_000) or town.capital
    middling = town.population >= (300_000 if zoom < 6 else 50_000)
    face = sheet.face("semibold" if big else "medium", 17 if big else 15 if middling else 13.5)
    radius = (3.6 if big else 3.0 if middling else 2.4) * sheet.scale
    dot = (x - radius, y - radius, x + radius, y + radius)
    tip = sheet.picture.width / 2, sheet.picture.height / 2
    away = math.hypot(x - tip[0], y - tip[1])
    # The pin covers what is a little above its tip: there the name stands alone, below it.
    under_pin = away < 9 * sheet.scale or (away < 24 * sheet.scale and not sheet.is_free(dot))
    if under_pin:
        x, y = tip
    elif not sheet.is_free(dot):
        return
    ink = sheet.palette.town if big or middling else sheet.palette.village
    for left, base in _positions(
        face, town.name, x, y, radius + 4 * sheet.scale, under_pin=under_pin, scale=sheet.scale
    ):
        box = _box(face, town.name, left, base)
        if sheet.is_free(box, 3):
            face.draw(draw, (left, base), town.name, ink, halo=sheet.halo(box))
            if not under_pin:
                _dot(sheet, dot, ink, capital=town.capital)
                sheet.taken.append(dot)
            sheet.taken.append(box)
            return


def _positions(
    face: Face, text: str, x: float, y: float, gap: float, *, under_pin: bool, scale: float
) -> Iterator[tuple[float, float]]:
    """Yield where a name may stand beside its dot, the usual place first (Imhof 1962); under the pin only below it."""
    width, height = face.width(text), face.capital_height
    if under_pin:
        yield x - width / 2, y + 12 * scale + height
        return
    middle = y + height / 2
    yield x + gap, middle
    yield x - gap - width, middle
    yield x - width / 2, y - gap - scale
    yield x - width / 2, y + gap + height
    yield x + gap * 0.8, y - gap * 0.7
    yield x + gap * 0.8, y + gap * 0.7 + height


def _box(face: Face, text: str, left: float, base: float) -> Box:
    return left, base - face.capital_height * 1.15, left + face.width(text), base + face.size * 0.24


def _dot(sheet: Sheet, dot: Box, ink: str, *, capital: bool) -> None:
    """Draw a town's dot, and a ring for a capital; drawn large and shrunk, for Pillow's circles have corners."""
    from PIL import Image
    from PIL import ImageDraw as Drawing

    left, top = (math.floor(edge) - 3 for edge in dot[:2])
    right, bottom = (math.ceil(edge) + 3 for edge in dot[2:])
    mask = Image.new("L", ((right - left) * 4, (bottom - top) * 4), 0)
    inner = Drawing.Draw(mask)
    box = [(edge - origin) * 4 for edge, origin in zip(dot, (left, top, left, top), strict=True)]
    rim = Image.new("L", mask.size, 0)
    Drawing.Draw(rim).ellipse([box[0] - 6, box[1] - 6, box[2] + 6, box[3] + 6], fill=255)
    sheet.picture.paste(sheet.palette.home, (left, top), rim.reduce(4))
    inner.ellipse(box, fill=255)
    if capital:
        ring = (box[2] - box[0]) * 0.2
        inner.ellipse([box[0] + ring, box[1] + ring, box[2] - ring, box[3] - ring], fill=0)
        core = (box[2] - box[0]) * 0.34
        inner.ellipse([box[0] + core, box[1] + core, box[2] - core, box[3] - core], fill=255)
    sheet.picture.paste(ink, (left, top), mask.reduce(4))


def _write_countries(sheet: Sheet, draw: ImageDraw, projection: Projection) -> None:
    """Write countries in spaced capitals where they have room, the largest first."""
    for country in sorted(basemap.countries(), key=lambda each: (-each.area, each.name)):
        if not country.room or not (at := projection.point(country.latitude, country.longitude)):
            continue
        room = country.room * basemap.DEGREE_KM * projection.pixels_per_km * 2.2
        points = min(17.0, max(11.0, room / sheet.scale / 11))
        face = sheet.face("semibold", points, tracking=points * 0.14)
        text = country.name.upper()
        lines = _broken(text, face, room)
        if lines is None:
            continue
        box, starts = _centred(face, lines, at, 1.25)
        if not sheet.is_free(box, 4):
            continue
        halo = sheet.halo(box)
        for start, line in zip(starts, lines, strict=True):
            face.draw(draw, start, line, sheet.palette.country, halo=halo)
        sheet.taken.append(box)


def _centred(
    face: Face, lines: list[str], at: tuple[float, float], leading: float
) -> tuple[Box, list[tuple[float, float]]]:
    """Lay lines one below the other around a point, and give the box that they take and where each begins."""
    height = face.size * leading
    wide = max(map(face.width, lines))
    top = at[1] - height * len(lines) / 2
    starts = [
        (at[0] - face.width(line) / 2, top + height * (number + 0.5) + face.capital_height / 2)
        for number, line in enumerate(lines)
    ]
    return (at[0] - wide / 2, top, at[0] + wide / 2, top + height * len(lines)), starts


def _broken(text: str, face: Face, room: float) -> list[str] | None:
    """Put a name on one line, or on two where it has a space, or give it up."""
    if face.width(text) <= room:
        return [text]
    words = text.split()
    for at in sorted(range(1, len(words)), key=lambda at: abs(len(" ".join(words[:at])) * 2 - len(text))):
        halves = [" ".join(words[:at]), " ".join(words[at:])]
        if max(map(face.width, halves)) <= room:
            return halves
    return None


def _write_seas(sheet: Sheet, draw: ImageDraw, projection: Projection, zoom: float) -> None:
    """Write the seas whose middle is in the window, then what else of sea or ocean there is room for."""
    points = 15 if zoom < 5 else 17
    face = sheet.face("italic", points, tracking=points * 0.08)
    written = set[str]()
    for sea in basemap.seas():
        at = projection.point(sea.latitude, sea.longitude)
        if not sea.middle or at is None or not (0 <= at[0] < projection.width and 0 <= at[1] < projection.height):
            continue
        if _write_sea(sheet, draw, face, sea.name, at):
            written.add(sea.name)
    for x, y in _spots(projection):
        if len(written) >= MOST_SEAS:
            return
        if not sheet.is_water((x - 2, y - 2, x + 2, y + 2)):
            continue
        point = projection.locate(x, y)
        # A lake is water within a country, and no ocean.
        name = None if basemap.country_at(*point) else basemap.sea_at(*point)
        if name and name not in written and _write_sea(sheet, draw, face, name, (x, y)):
            written.add(name)


def _spots(projection: Projection) -> Iterator[tuple[float, float]]:
    """Yield places for an ocean's name, from the upper left of the middle outwards."""
    width, height = projection.width, projection.height
    grid = [(width * x / 12, height * y / 12) for x in range(2, 11) for y in range(2, 10, 2)]
    yield from sorted(grid, key=lambda at: math.hypot(at[0] - width * 0.3, (at[1] - height * 0.3) * 1.3))


def _write_sea(sheet: Sheet, draw: ImageDraw, face: Face, name: str, at: tuple[float, float]) -> bool:
    """Write a sea's name in one line or two, if all of it stands on water."""
    words = name.split()
    broken = [[" ".join(words[:-1]), words[-1]]] if len(words) > 1 else []
    for lines in ([name], *broken):
        box, starts = _centred(face, lines, at, 1.3)
        crowded = any(_overlap(box, other, 44 * sheet.scale) for other in sheet.seas)
        if not crowded and sheet.is_free(box, 6) and sheet.is_water(box):
            for start, line in zip(starts, lines, strict=True):
                face.draw(draw, start, line, sheet.palette.sea)
            sheet.taken.append(box)
            sheet.seas.append(box)
            return True
    return False
