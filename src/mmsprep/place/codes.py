"""Places as codes: plus codes (Open Location Code) and grid references (MGRS)."""

from __future__ import annotations

import math
import re

from mmsprep.errors import Rejected

PLUS_CODE = re.compile(r"[23456789CFGHJMPQRVWX0]{2,8}\+[23456789CFGHJMPQRVWX]{0,7}(?:[ ,].*)?", re.IGNORECASE)
GRID_REFERENCE = re.compile(r"(\d{1,2})? ?([A-HJ-NP-Z]) ?([A-HJ-NP-Z]{2}) ?(\d{1,5} \d{1,5}|\d{2,10})", re.IGNORECASE)

# WGS 84, and the scale of UTM on its central meridian (NGA.SIG.0012, 2014).
SEMI_MAJOR_METRES, FLATTENING, SCALE = 6_378_137.0, 1 / 298.257_223_563, 0.9996
BANDS = "CDEFGHJKLMNPQRSTUVWX"
COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
ROWS = "ABCDEFGHJKLMNPQRSTUV"


def read(text: str) -> tuple[float, float] | None:
    """Read latitude and longitude of a code, or None for what is not written as one."""
    if PLUS_CODE.fullmatch(text):
        return _plus_code(text)
    if found := GRID_REFERENCE.fullmatch(text):
        zone, band, square, digits = found[1], found[2].upper(), found[3].upper(), found[4]
        return _grid_reference(zone, band, square, digits)
    return None


def _plus_code(text: str) -> tuple[float, float]:
    """Give the centre of a full code's cell; a short one needs a town that we would have to look up."""
    from openlocationcode import openlocationcode

    code = re.split(r"[ ,]", text, maxsplit=1)[0].upper()
    if not openlocationcode.isFull(code):
        raise Rejected("unreadable", f"{code} is a short plus code; give the full one, such as 8FVC9G8F+6X")
    area = openlocationcode.decode(code)
    return area.latitudeCenter, area.longitudeCenter


def _grid_reference(zone: str | None, band: str, square: str, digits: str) -> tuple[float, float]:
    """Give the middle of an MGRS square (NGA.STND.0037), as plus codes are read too."""
    easting, northing = _within_square(digits)
    if zone is None or band not in BANDS:
        raise Rejected("unreadable", "a grid reference near a pole; give latitude and longitude")
    number = int(zone)
    columns = COLUMNS[(number - 1) % 3]
    if not 1 <= number <= 60 or square[0] not in columns or square[1] not in ROWS:
        raise Rejected("unreadable", f"{zone}{band} has no square {square}; check the grid reference")
    easting += (columns.index(square[0]) + 1) * 100_000
    # Row letters start at F in even zones and come again every 2 000 km: the band tells which time.
    northing += (ROWS.index(square[1]) - (0 if number % 2 else 5)) % 20 * 100_000
    bottom = -80.0 + 8 * BANDS.index(band)
    top = bottom + (12 if band == "X" else 8)
    for cycle in range(5):
        latitude, longitude = _from_utm(number, easting, northing + cycle * 2_000_000, south=band < "N")
        # A square that the band's edge cuts has corners a little outside of it.
        if bottom - 1 <= latitude <= top + 1:
            return latitude, longitude
    raise Rejected("unreadable", f"square {square} does not lie in {zone}{band}; check the grid reference")


def _within_square(digits: str) -> tuple[float, float]:
    parts = digits.split() if " " in digits else [digits[: len(digits) // 2], digits[len(digits) // 2 :]]
    if len(parts[0]) != len(parts[1]):
        raise Rejected("unreadable", "a grid reference has as many digits east as north; check it")
    metres = 10.0 ** (5 - len(parts[0]))
    return (int(parts[0]) + 0.5) * metres, (int(parts[1]) + 0.5) * metres


def _from_utm(zone: int, easting: float, northing: float, *, south: bool) -> tuple[float, float]:
    """Invert the transverse Mercator projection by Krüger's series to n⁴ (Karney 2011, equations 36 and 11-20)."""
    n = FLATTENING / (2 - FLATTENING)
    radius = SEMI_MAJOR_METRES / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    betas = (
        n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96 - n**4 / 360,
        n**2 / 48 + n**3 / 15 - 437 * n**4 / 1440,
        17 * n**3 / 480 - 37 * n**4 / 840,
        4397 * n**4 / 161_280,
    )
    xi = (northing - (10_000_000 if south else 0)) / (SCALE * radius)
    eta = (easting - 500_000) / (SCALE * radius)
    terms = [(beta, 2 * at * xi, 2 * at * eta) for at, beta in enumerate(betas, 1)]
    xi -= sum(beta * math.sin(angle) * math.cosh(stretch) for beta, angle, stretch in terms)
    eta -= sum(beta * math.cos(angle) * math.sinh(stretch) for beta, angle, stretch in terms)
    conformal = math.sin(xi) / math.hypot(math.sinh(eta), math.cos(xi))
    tangent = _geographic_tangent(conformal)
    longitude = zone * 6 - 183 + math.degrees(math.atan2(math.sinh(eta), math.cos(xi)))
    return math.degrees(math.atan(tangent)), longitude


def _geographic_tangent(conformal: float) -> float:
    """Turn the tangent of the conformal latitude into the geographic one's, by Newton (Karney 2011, 19-21)."""
    squared = FLATTENING * (2 - FLATTENING)
    eccentricity = math.sqrt(squared)
    tangent = conformal
    for _ in range(4):
        root = math.hypot(1, tangent)
        sigma = math.sinh(eccentricity * math.atanh(eccentricity * tangent / root))
        guess = tangent * math.hypot(1, sigma) - sigma * root
        step = (conformal - guess) / math.hypot(1, guess)
        tangent += step * (1 + (1 - squared) * tangent**2) / ((1 - squared) * root)
    return tangent
