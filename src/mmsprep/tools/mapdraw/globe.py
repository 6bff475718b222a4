"""The globe in the corner of a map: where on the earth it is."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from mmsprep.tools import basemap
from mmsprep.tools.basemap import Kind, Part
from mmsprep.tools.mapdraw.furniture import FINER, MARGIN, disc
from mmsprep.tools.mapdraw.labels import Sheet

if TYPE_CHECKING:
    from PIL import Image

POINTS = 92


def draw(sheet: Sheet, latitude: float, longitude: float) -> None:
    """Draw the globe in the upper right corner, turned to the place, with a dot on it."""
    from PIL import Image, ImageDraw, ImageFilter

    unit = sheet.scale
    size = round(POINTS * unit)
    tilt = min(max(latitude, -60.0), 60.0) * 0.75
    land = _land(size * 2, round(tilt, 1), round(longitude, 1))
    colours = Image.new("RGB", land.size, sheet.palette.water)
    colours.paste(sheet.palette.home, mask=land)
    colours = colours.reduce(2)
    left, top = sheet.picture.width - size - round(MARGIN * unit), round(MARGIN * unit)
    pad = round(8 * unit)
    rim = Image.new("L", ((size + 2 * pad) * FINER, (size + 2 * pad) * FINER), 0)
    edge = round(2.5 * unit)
    ImageDraw.Draw(rim).ellipse(
        [(pad - edge) * FINER, (pad - edge) * FINER, (pad + size + edge) * FINER, (pad + size + edge) * FINER], fill=255
    )
    rim = rim.reduce(FINER)
    shadow = rim.filter(ImageFilter.GaussianBlur(2.5 * unit)).point(lambda value: value // 3)
    sheet.picture.paste("#10202c", (left - pad, top - pad + round(unit)), shadow)
    sheet.picture.paste(sheet.palette.rim, (left - pad, top - pad), rim)
    sheet.picture.paste(colours, (left, top), disc((size, size), (size / 2, size / 2), size / 2))
    x, y, _ = _seen(latitude, longitude, tilt, longitude)
    centre = (size / 2 * (1 + x), size / 2 * (1 - y))
    for radius, colour in ((6.0, "#ffffff"), (4.2, sheet.palette.pin)):
        sheet.picture.paste(colour, (left, top), disc((size, size), centre, radius * unit))
    sheet.taken.append((left - pad, top - pad, left + size + pad, top + size + pad))


def _seen(latitude: float, longitude: float, tilt: float, turn: float) -> tuple[float, float, float]:
    """Project a point onto the unit disc as seen from above *tilt*, *turn*; the third is below zero behind the edge.

    Snyder, Map Projections: A Working Manual (1987), equations 20-3, 20-4 and 5-3.
    """
    a, t, across = math.radians(latitude), math.radians(tilt), math.radians(longitude - turn)
    sin_a, cos_a, sin_t, cos_t, cos_across = math.sin(a), math.cos(a), math.sin(t), math.cos(t), math.cos(across)
    x, y = cos_a * math.sin(across), cos_t * sin_a - sin_t * cos_a * cos_across
    return x, y, sin_t * sin_a + cos_t * cos_a * cos_across


@cache
def _land(size: int, tilt: float, turn: float) -> Image.Image:
    """Draw the mask of the land on a globe of *size* pixels."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(mask)
    cells = [(column, row) for column in range(4) for row in (-1, 0)]
    shapes = ((part, column, row) for column, row in cells for part in basemap.parts("coarse", column, row))
    half = size / 2
    for part, column, row in shapes:
        outline = _outline(part, column, row, tilt, turn) if part.kind is Kind.LAND else []
        if outline:
            pen.polygon([(half + half * x, half - half * y) for x, y in outline], fill=255)
    return mask


def _outline(part: Part, column: int, row: int, tilt: float, turn: float) -> list[tuple[float, float]]:
    """Give a shape's outline on the unit disc, what lies behind the edge put onto it; nothing when all of it does."""
    side = basemap.SIDES["coarse"]
    step = side / basemap.STEPS
    outline, is_seen = [], False
    for px, py in zip(part.xs, part.ys, strict=True):
        x, y, front = _seen(row * side + py * step, column * side - 180 + px * step, tilt, turn)
        if front < 0:
            length = math.hypot(x, y) or 1.0
            x, y = x / length, y / length
        else:
            is_seen = True
        outline.append((x, y))
    return outline if is_seen else []
