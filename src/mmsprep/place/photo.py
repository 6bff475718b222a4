"""Where a photo was taken: the GPS block of its EXIF data (EXIF 2.32, section 4.6.6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmsprep.errors import Rejected
from mmsprep.place.model import Place

LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4


def from_photo(gps: Mapping[int, Any]) -> Place | None:
    """Give the place of an EXIF GPS block (tag number to value), or None where it tells none.

    Cameras without a fix write zeros or 0/0, so exactly 0, 0 is no place.
    """
    try:
        latitude = _degrees(gps[LATITUDE], gps.get(LATITUDE_REF, "N"), "S")
        longitude = _degrees(gps[LONGITUDE], gps.get(LONGITUDE_REF, "E"), "W")
        return None if latitude == longitude == 0 else Place(latitude, longitude)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, Rejected):
        return None


def _degrees(parts: Any, reference: Any, negative: str) -> float:
    values = [float(each) for each in parts] + [0.0, 0.0]
    if not all(math.isfinite(value) for value in values):
        raise ValueError("no fix")
    letter = (
        (reference.decode("ascii", "replace") if isinstance(reference, bytes) else str(reference)).strip("\0 ").upper()
    )
    degrees = values[0] + values[1] / 60 + values[2] / 3600
    return -degrees if letter.startswith(negative) else degrees
