"""What stands on the map: the pin, the scale bar, the caption, the credit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mmsprep.tools.mapdraw.labels import Sheet
from mmsprep.tools.mapdraw.palette import Palette
from mmsprep.tools.mapdraw.projection import Projection
from mmsprep.tools.mapdraw.type import Box

if TYPE_CHECKING:
    from PIL import Image

FINER = 4
"""Shapes are drawn at so many times their size and shrunk: Pillow's own edges are stairs."""
PIN_POINTS = 44
MARGIN = 14
PANEL_POINTS = 82
LEGIBLE, PALED = 3.0, 0.8
"""The least contrast of small words and their ground (WCAG 2.2, 1.4.11), and how much of it is covered below that."""
KM_PER_MILE = 1.609_344
# Units of length and their kilometres, the larger first.
METRIC = (("km", 1.0), ("m", 0.001))
IMPERIAL = (("mi", KM_PER_MILE), ("ft", 0.000_304_8))


def pin_box(sheet: Sheet) -> Box:
    """Give what the pin covers, its tip in the middle of the picture."""
    x, y = sheet.picture.width / 2, sheet.picture.height / 2
    height = PIN_POINTS * sheet.scale
    return x - height * 0.40, y - height * 1.04, x + height * 0.40, y + height * 0.1


def draw_pin(picture: Image.Image, palette: Palette, scale: float) -> None:
    """Draw the pin, whose tip is the middle pixel: column width // 2, row height // 2.

    A circle, whose radius is 0.34 of the height, and the two tangents to it from the tip.
    """
    from PIL import Image, ImageFilter

    height = round(PIN_POINTS * scale)
    radius = round(height * 0.34)
    pad = radius
    side = (2 * (radius + pad) + 1, height + 2 * pad)
    tip = (side[0] // 2, height + pad - 1)  # the pixel, in the pin's own picture

    shape = _drop(side, tip, height, radius)
    shadow = shape.filter(ImageFilter.GaussianBlur(height * 0.07)).point(lambda value: value * 2 // 5)
    origin = (picture.width // 2 - tip[0], picture.height // 2 - tip[1])
    # The shadow falls to the lower right and ends where the tip does.
    picture.paste(
        "#10202c",
        (origin[0] + round(scale), origin[1] + round(scale)),
        Image.composite(shadow, Image.new("L", side, 0), Image.new("L", side, 255)),
    )
    picture.paste(palette.pin_edge, origin, shape)
    inner = _drop(side, tip, height, radius, inset=max(1.0, 1.0 * scale))
    picture.paste(palette.pin, origin, inner)
    picture.paste("#ffffff", origin, disc(side, (tip[0] + 0.5, tip[1] + 1 - height + radius), radius * 0.40))


def _drop(side: tuple[int, int], tip: tuple[int, int], height: int, radius: float, inset: float = 0.0) -> Image.Image:
    """Give the mask of a drop that ends in the pixel *tip*, or of a smaller one inside of it."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (side[0] * FINER, side[1] * FINER), 0)
    draw = ImageDraw.Draw(mask)
    x, bottom = (tip[0] + 0.5) * FINER, (tip[1] + 1) * FINER - inset * FINER * 2.2
    centre = (tip[1] + 1 - height + radius) * FINER
    inner = (radius - inset) * FINER
    away = bottom - centre
    # The tangent from the tip touches the circle at this angle from the line down to it.
    angle = math.acos(inner / away)
    touch = [(x + side_ * inner * math.sin(angle), centre + inner * math.cos(angle)) for side_ in (-1, 1)]
    draw.ellipse((x - inner, centre - inner, x + inner, centre + inner), fill=255)
    # The end is as wide as a pixel, so that the tip is one and not a breath of one.
    blunt = FINER / 2 if not inset else 0
    draw.polygon([touch[0], (x - blunt, bottom - 1), (x + blunt - 1, bottom - 1), touch[1]], fill=255)
    return mask.reduce(FINER)


def disc(side: tuple[int, int], centre: tuple[float, float], radius: float) -> Image.Image:
    """Give the mask of a disc in a picture of *side*."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (side[0] * FINER, side[1] * FINER), 0)
    x, y, r = centre[0] * FINER, centre[1] * FINER, radius * FINER
    ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=255)
    return mask.reduce(FINER)


def round_length(most: float) -> float:
    """Give the largest 1, 2, 3 or 5 times a power of ten that is not more than *most*."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1, 2, 3, 5) if step * power <= most)


def length_in_words(most_km: float, units: tuple[tuple[str, float], ...]) -> tuple[float, str]:
    """Choose a round length up to *most_km*, in the first of *units* (name, kilometres) of which it is one or more."""
    name, km = next((each for each in units if most_km >= each[1]), units[-1])
    number = round_length(most_km / km)
    return number * km, f"{number:,.0f} {name}" if number >= 1 else f"{number:g} {name}"


def scale_bar(sheet: Sheet, projection: Projection, bottom: float) -> None:
    """Draw a bar of round kilometres over one of round miles, in the lower left corner."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet.picture)
    face = sheet.face("medium", 11.5)
    unit = sheet.scale
    longest = 120 * unit / projection.pixels_per_km
    (km, metric), (miles, imperial) = length_in_words(longest, METRIC), length_in_words(longest, IMPERIAL)
    widths = (km * projection.pixels_per_km, miles * projection.pixels_per_km)
    left, middle = MARGIN * unit, bottom - (MARGIN + 15) * unit
    thick, tick = max(1, round(1.4 * unit)), round(5 * unit)
    words = max(face.width(metric), face.width(imperial)) + 6 * unit
    box = (left, middle - 19 * unit, left + max(*widths, words) + 4 * unit, middle + 19 * unit)
    _pale(sheet, box, sheet.palette.town)
    halo = sheet.halo(box)
    for colour, grow in ((halo, round(1.2 * unit)), (sheet.palette.town, 0)):
        draw.rectangle(_grown(left, middle, left + max(widths), middle + thick - 1, grow), fill=colour)
        for width, up in zip(widths, (True, False), strict=True):
            for x in (left, left + width - thick):
                top, end = (middle - tick, middle) if up else (middle + thick, middle + thick + tick - 1)
                draw.rectangle(_grown(x, top, x + thick - 1, end, grow), fill=colour)
    inset = 5 * unit
    face.draw(draw, (left + inset, middle - 4 * unit), metric, sheet.palette.town, halo=halo)
    face.draw(
        draw,
        (left + inset, middle + thick + 3.5 * unit + face.capital_height),
        imperial,
        sheet.palette.town,
        halo=halo,
    )
    sheet.taken.append(box)


def _grown(left: float, top: float, right: float, bottom: float, by: float) -> list[int]:
    return [round(left - by), round(top - by), round(right + by), round(bottom + by)]


def credit(sheet: Sheet, text: str, bottom: float) -> None:
    """Write whose map it is, small, in the lower right corner: the licences ask for it."""
    from PIL import ImageDraw

    face = sheet.face("medium", 10)
    text = face.shortened(text, sheet.picture.width - 2 * MARGIN * sheet.scale)
    left = sheet.picture.width - (MARGIN - 4) * sheet.scale - face.width(text)
    base = bottom - 9 * sheet.scale
    box = (left, base - face.size, left + face.width(text), base + face.size * 0.3)
    _pale(sheet, box, sheet.palette.village)
    face.draw(ImageDraw.Draw(sheet.picture), (left, base), text, sheet.palette.village, halo=sheet.halo(box))
    sheet.taken.append(box)


def _pale(sheet: Sheet, box: Box, ink: str) -> None:
    """Bring the ground nearer to the panel's colour where *ink* could not be read on it: tiles may be photographs."""
    from PIL import Image

    if _contrast(sheet.halo(box), ink) >= LEGIBLE:
        return
    pad = 4 * sheet.scale
    left, top = (max(0, round(edge - pad)) for edge in box[:2])
    crop = sheet.picture.crop((left, top, round(box[2] + pad), round(box[3] + pad)))
    sheet.picture.paste(Image.blend(crop, Image.new("RGB", crop.size, sheet.palette.panel), PALED), (left, top))


def _contrast(one: str, other: str) -> float:
    """Give the contrast of two colours (WCAG 2.2, relative luminance and contrast ratio)."""
    from PIL import ImageColor

    light = []
    for colour in (one, other):
        parts = (each / 255 for each in ImageColor.getrgb(colour)[:3])
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        light.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(light) / min(light)


def panel(sheet: Sheet, title: str, text: str) -> float:
    """Lay the caption along the lower edge and give the height where it begins."""
    from PIL import ImageDraw

    draw, unit = ImageDraw.Draw(sheet.picture), sheet.scale
    width, height = sheet.picture.size
    top = height - round(PANEL_POINTS * unit)
    draw.rectangle((0, top, width, height), fill=sheet.palette.panel)
    draw.rectangle((0, top, width, top + max(0, round(unit * 0.7) - 1)), fill=sheet.palette.rule)
    room = width - 2 * 20 * unit
    for cut, points, words, ink, base in (
        ("semibold", 24, title, sheet.palette.title, 37),
        ("medium", 15, text, sheet.palette.text, 62),
    ):
        faces = (sheet.face(cut, points * shrink) for shrink in (1.0, 0.92, 0.84, 0.76))
        face = next((each for each in faces if each.width(words) <= room), sheet.face(cut, points * 0.76))
        face.draw(draw, (20 * unit, top + base * unit), face.shortened(words, room), ink)
    sheet.taken.append((0, top, width, height))
    return float(top)
