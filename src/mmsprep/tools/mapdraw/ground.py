"""The ground of the map: water with its shallows, land, lakes, rivers and borders, without a word on it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmsprep.tools import basemap
from mmsprep.tools.basemap import Kind
from mmsprep.tools.mapdraw.palette import Palette
from mmsprep.tools.mapdraw.projection import Projection

if TYPE_CHECKING:
    from PIL import Image

Path = list[tuple[float, float]]

FINER = 2
"""Shapes are drawn at twice the size and shrunk: Pillow's own edges are stairs."""
WATER, LAND, HOME = 0, 128, 255
GRID_STEPS = (0.5, 1, 2, 5, 10, 20, 30)
GRID_POINTS = 110
"""About how far apart meridians and parallels are."""
BARE_LATITUDE = 75
"""From here on the land is ice, where only the meridians tell where one is."""
LINES = ((Kind.RIVER, 1.0), (Kind.STATE, 0.9), (Kind.BORDER, 1.1))
"""Each kind of line and its width in points, in the order in which they lie on one another."""


def level_for(zoom: float) -> str:
    """Choose the shapes whose detail a zoom can show."""
    return "coarse" if zoom < 2 else "middle" if zoom < 5.5 else "fine"


def paint(
    projection: Projection, level: str, palette: Palette, *, home: int, scale: float
) -> tuple[Image.Image, Image.Image]:
    """Paint the ground, and give with it the mask of its land, lakes left out; *scale* is pixels to a point."""
    from PIL import Image, ImageChops, ImageDraw, ImageFilter

    size = (projection.width, projection.height)
    fine = (size[0] * FINER, size[1] * FINER)
    kinds = Image.new("L", fine, WATER)
    areas = ImageDraw.Draw(kinds)
    lines: dict[Kind, list[Path]] = {kind: [] for kind, _ in LINES}
    lakes: list[Path] = []
    for kind, country, path in shapes(projection, level):
        if kind is Kind.LAND:
            areas.polygon(path, fill=HOME if country == home and home else LAND)
        elif kind is Kind.LAKE:
            lakes.append(path)
        else:
            lines[kind].append(path)
    sea_shore = kinds.point(lambda value: 255 if value else 0).reduce(FINER)
    for path in lakes:
        areas.polygon(path, fill=WATER)
    land = kinds.point(lambda value: 255 if value else 0).reduce(FINER)
    at_home = kinds.point(lambda value: 255 if value == HOME else 0).reduce(FINER)

    ground = Image.new("RGB", size, palette.water)
    ground.paste(palette.shallow, mask=_glow(sea_shore, 7 * scale))
    grid = _graticule(projection, scale)
    ground.paste(palette.grid, mask=grid)
    # Wider than the land by a pixel all round: what is left of it after the land is a fine coast line.
    ground.paste(palette.coast, mask=land.filter(ImageFilter.BoxBlur(1)).point(lambda value: min(255, value * 3)))
    ground.paste(palette.land, mask=land)
    ground.paste(palette.home, mask=at_home)
    if abs(projection.latitude) >= BARE_LATITUDE:
        ground.paste(palette.state, mask=ImageChops.multiply(grid, land))
    colours = {Kind.RIVER: palette.river, Kind.STATE: palette.state, Kind.BORDER: palette.border}
    for kind, points in LINES:
        if lines[kind]:
            ground.paste(
                colours[kind], mask=_stroked(lines[kind], fine, points * scale * FINER, dashed=kind is Kind.STATE)
            )
    return ground, land


def shapes(projection: Projection, level: str) -> Iterator[tuple[Kind, int, Path]]:
    """Yield what may show in the window, in pixels of the finer picture."""
    window = projection.window()
    side = basemap.SIDES[level]
    step = side / basemap.STEPS
    for column, row in _cells(window, side):
        left, bottom = column * side - 180.0, row * side
        for part in basemap.parts(level, column, row):
            if _outside(part, left, bottom, step, window):
                continue
            path = projection.path([bottom + y * step for y in part.ys], [left + x * step for x in part.xs])
            yield part.kind, part.country, [(x * FINER, y * FINER) for x, y in path]


def _cells(window: tuple[float, float, float, float], side: int) -> Iterator[tuple[int, int]]:
    """Yield column and row of the cells in a window, whose columns run on past 180° east; three times round at most."""
    south, west, north, east = window
    columns = range(math.floor((west + 180) / side), math.floor((min(east, west + 1080) + 180) / side) + 1)
    if east - west == 360:
        # A round map shows the earth once.
        columns = range(columns.start, min(columns.stop, 360 // side))
    for row in range(math.floor(max(south, -90) / side), math.floor(min(north, 89.999) / side) + 1):
        yield from ((column, row) for column in columns)


def _outside(
    part: basemap.Part, left: float, bottom: float, step: float, window: tuple[float, float, float, float]
) -> bool:
    south, west, north, east = window
    return (
        left + max(part.xs) * step < west
        or left + min(part.xs) * step > east
        or bottom + max(part.ys) * step < south
        or bottom + min(part.ys) * step > north
    )


def _glow(shore: Image.Image, radius: float) -> Image.Image:
    """Spread the land softly over the water: what shallows look like."""
    from PIL import ImageFilter

    small = shore.reduce(4).filter(ImageFilter.GaussianBlur(radius / 4))
    return small.point(lambda value: min(255, value * 2)).resize(shore.size)


def _stroked(paths: list[Path], size: tuple[int, int], width: float, *, dashed: bool) -> Image.Image:
    from PIL import Image, ImageDraw

    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for path in paths:
        for piece in _dashes(path, width * 3.2, width * 2.6) if dashed else (path,):
            draw.line(piece, fill=255, width=max(1, round(width)))
    return mask.reduce(FINER)


def _dashes(path: Path, dash: float, gap: float) -> Iterator[Path]:
    """Cut a path into dashes that go round its corners."""
    on, left = True, dash
    piece = [path[0]]
    for (ax, ay), (bx, by) in itertools.pairwise(path):
        length = math.hypot(bx - ax, by - ay)
        done = 0.0
        while length - done > left:
            done += left
            point = (ax + (bx - ax) * done / length, ay + (by - ay) * done / length)
            if on:
                yield [*piece, point]
            on, left, piece = not on, gap if on else dash, [point]
        left -= length - done
        piece.append((bx, by))
    if on and len(piece) > 1:
        yield piece


def _graticule(projection: Projection, scale: float) -> Image.Image:
    """Draw the mask of meridians and parallels, about as far apart as a thumb is wide."""
    from PIL import Image, ImageDraw

    south, west, north, east = projection.window()
    step = _grid_step(GRID_POINTS * scale / projection.pixels_per_km / basemap.DEGREE_KM)
    whole_turn = east - west == 360 and south * north > 0
    step_across = 30.0 if whole_turn else _grid_step((east - west) * GRID_POINTS * scale / projection.width)
    mask = Image.new("L", (projection.width * FINER, projection.height * FINER), 0)
    draw = ImageDraw.Draw(mask)

    def line(latitudes: list[float], longitudes: list[float]) -> None:
        path = [(x * FINER, y * FINER) for x, y in projection.path(latitudes, longitudes)]
        draw.line(path, fill=255, width=max(1, round(0.8 * scale * FINER)))

    across, along = _steps(west, east, step_across), _steps(max(south, -89), min(north, 89), step)
    many = [south + (north - south) * at / 48 for at in range(49)]
    for longitude in across:
        line([min(max(each, -89.0), 89.0) for each in many], [longitude] * len(many))
    wide = [west + (east - west) * at / 96 for at in range(97)]
    for latitude in along:
        line([latitude] * len(wide), wide)
    return mask.reduce(FINER)


def _grid_step(degrees: float) -> float:
    return next((each for each in GRID_STEPS if each >= degrees), GRID_STEPS[-1])


def _steps(low: float, high: float, step: float) -> list[float]:
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
