"""What makes a picture's stored pixels upright sRGB, as a viewer shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.tools.raster import colour
from mmsprep.tools.raster.cicp import code_points
from mmsprep.tools.raster.decode import turning
from mmsprep.tools.raster.hdr import CodePoints, to_srgb

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class View:
    """A picture's colour profile, its code points, and how it has to be turned."""

    icc: bytes | None
    points: CodePoints | None
    turn: Image.Transpose | None

    @classmethod
    def of(cls, path: Path, mime: str, picture: Image.Image) -> View:
        """Read them from a decoded picture (a PNG may tell the turn after its pixels) and from its file."""
        return cls(picture.info.get("icc_profile"), code_points(path, mime), turning(picture))

    def recolours(self, mode: str) -> bool:
        """Tell whether pixels of *mode* are shown in other colours than their numbers are in sRGB."""
        return (self.points is not None and mode in {"RGB", "RGBA"}) or colour.converter(mode, self.icc) is not None

    def show(self, pixels: Image.Image) -> Image.Image:
        """Give pixels, at any size, as they look: sRGB, upright, and nothing else of the source."""
        if self.points is not None and pixels.mode in {"RGB", "RGBA"}:
            shown = to_srgb(colour.srgb(pixels), self.points)
        else:
            shown = colour.srgb(pixels, self.icc)
        return colour.bare(shown if self.turn is None else shown.transpose(self.turn))
