"""Letters on a map: the bundled typeface, text measured and drawn with a halo."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mmsprep.tools.basemap import DATA

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """One cut of the typeface at one size in pixels; *tracking* spaces its letters out, in pixels."""

    cut: str
    size: int
    tracking: float = 0.0

    @property
    def font(self) -> FreeTypeFont:
        return _font(self.cut, self.size)

    def width(self, text: str) -> float:
        return self.font.getlength(text) + self.tracking * max(0, len(text) - 1)

    @property
    def capital_height(self) -> float:
        return self.size * 0.727  # Inter's capitals are 1490 of 2048 units high

    def draw(self, draw: ImageDraw, at: tuple[float, float], text: str, fill: str, *, halo: str | None = None) -> None:
        """Write *text* with the left end of its base line at *at*."""
        stroke = max(1, round(self.size / 8)) if halo else 0
        x, y = at
        pieces = list(text) if self.tracking else [text]
        places = []
        for piece in pieces:
            places.append((x, piece))
            x += self.font.getlength(piece) + self.tracking
        # First all halos, or each letter's would cover the one before.
        for x, piece in places if halo else ():
            draw.text((x, y), piece, font=self.font, anchor="ls", fill=halo, stroke_width=stroke, stroke_fill=halo)
        for x, piece in places:
            draw.text((x, y), piece, font=self.font, anchor="ls", fill=fill)

    def shortened(self, text: str, room: float) -> str:
        """Cut *text* so that it fits into *room* pixels, and show that it was cut."""
        if self.width(text) <= room:
            return text
        while text and self.width(f"{text}…") > room:
            text = text[:-1].rstrip(" ,·")
        return f"{text}…" if text else ""


@cache
def _font(cut: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    # The basic layout places letters alike on every machine; the other depends on a library of the system.
    return ImageFont.truetype(str(DATA / f"inter-{cut}.ttf"), size, layout_engine=ImageFont.Layout.BASIC)


def writable(text: str, cut: str = "medium") -> bool:
    """Tell whether the typeface has every letter of *text*."""
    return all(character.isspace() or _has(cut, character) for character in text)


def readable(text: str, cut: str = "medium") -> str:
    """Give *text* without the pictures in it that the typeface lacks, such as emoji; nothing where it lacks letters."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(each for each in composed if writable(each, cut) or unicodedata.category(each)[0] not in "SMC")
    return " ".join(kept.split()) if writable(kept, cut) and any(map(str.isalnum, kept)) else ""


@cache
def _has(cut: str, character: str) -> bool:
    """Tell whether a letter looks different from the box that stands for missing ones."""
    return _shape(cut, character) != _shape(cut, "\uffff")


def _shape(cut: str, character: str) -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("L", (48, 48))
    ImageDraw.Draw(picture).text((8, 36), character, font=_font(cut, 24), anchor="ls", fill=255)
    return picture.tobytes()
