"""A place on the earth, and the forms in which it travels: GeoJSON inside, a link for the text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from mmsprep.errors import Rejected

STYLES = ("light", "dark")
MOST_ZOOM = 22
LEAST_SIDE, MOST_SIDE = 120, 1_024
MOST_LABEL_CHARS = 120
JOINERS = frozenset("\u200c\u200d" + "".join(map(chr, range(0xE0020, 0xE0080))))
"""Not printable, but letters of Persian and of Indian scripts, and emoji, fall apart without them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point in WGS 84 degrees, and how its map is to look.

    *zoom* is that of web maps, where 0 shows the whole world 256 points wide; None lets the map choose.
    *size* is width and height in points; the picture has two pixels to a point. Raises Rejected
    ``unreadable`` for what is not on the earth: 190° is a mistake, not 170° west.
    """

    latitude: float
    longitude: float
    label: str = ""
    zoom: int | None = None
    size: tuple[int, int] = (600, 450)
    style: str = "light"

    def __post_init__(self) -> None:
        for what, value, most in (("latitude", self.latitude, 90), ("longitude", self.longitude, 180)):
            if not _is_number(value) or not -most <= value <= most:
                raise Rejected("unreadable", f"{what} {value} is not between -{most} and {most}; latitude comes first")
        if self.zoom is not None and not (type(self.zoom) is int and 0 <= self.zoom <= MOST_ZOOM):
            raise Rejected("unreadable", f"zoom {self.zoom} is not a whole number from 0 to {MOST_ZOOM}")
        if len(self.size) != 2 or not all(type(each) is int and LEAST_SIDE <= each <= MOST_SIDE for each in self.size):
            raise Rejected(
                "unreadable", f"a map of {self.size} points; give width and height from {LEAST_SIDE} to {MOST_SIDE}"
            )
        if self.style not in STYLES:
            raise Rejected("unreadable", f"no map style is called {self.style!r}; choose {' or '.join(STYLES)}")
        if self.label != one_line(self.label):
            raise Rejected(
                "unreadable", f"the label is not one line of at most {MOST_LABEL_CHARS} characters; shorten it"
            )

    @property
    def coordinates(self) -> str:
        """The point as ``37.7749,-122.4194``, with six decimals at most, which is 11 cm."""
        return f"{decimal(self.latitude)},{decimal(self.longitude)}"

    def link(self, to: str = "google") -> str:
        """Give an https link that opens the place on phones: ``google`` everywhere, ``apple`` best on an iPhone."""
        if to == "apple":
            name = quote(self.label or self.coordinates, safe=",")
            return f"https://maps.apple.com/?ll={self.coordinates}&q={name}"
        return f"https://www.google.com/maps/search/?api=1&query={self.coordinates}"

    def to_geojson(self) -> bytes:
        """Write the place as one GeoJSON Feature (RFC 7946: longitude first), the form in which it travels."""
        properties = {"label": self.label, "zoom": self.zoom, "size": list(self.size), "style": self.style}
        geometry = {"type": "Point", "coordinates": [self.longitude, self.latitude]}
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        return json.dumps(feature, ensure_ascii=False).encode()

    @classmethod
    def from_geojson(cls, data: bytes | str) -> Self:
        """Read one GeoJSON Feature with a Point; raises Rejected ``unreadable`` for anything else."""
        try:
            feature = json.loads(data)
            properties = dict(feature.get("properties") or {})
            if feature["type"] != "Feature" or feature["geometry"]["type"] != "Point":
                raise ValueError("not a Feature with a Point")
            longitude, latitude = feature["geometry"]["coordinates"][:2]  # a third would be the altitude
            label = properties.get("label") or properties.get("name") or ""
            wishes = {key: properties[key] for key in ("zoom", "style") if properties.get(key) is not None}
            if properties.get("size") is not None:
                wishes["size"] = tuple(properties["size"])
            return cls(latitude, longitude, label=one_line(label), **wishes)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise Rejected(
                "unreadable", "is no GeoJSON Feature with a Point; give a place such as 37.7749,-122.4194"
            ) from error


def decimal(degrees: float) -> str:
    """Write degrees as links and cards want them: a point, six decimals at most, no exponent, no minus zero."""
    text = f"{degrees:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def one_line(text: str) -> str:
    """Make a label that is safe everywhere: one printable line, cut to a bounded length."""
    printable = "".join(each if each.isprintable() or each in JOINERS else " " for each in text)
    return " ".join(printable.split())[:MOST_LABEL_CHARS].rstrip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
