"""A sample of a picture's tiles, that stands for it: what it takes in bytes, and how it looks on a screen."""

from __future__ import annotations

from io import BytesIO
from math import sqrt
from typing import TYPE_CHECKING

from mmsprep.tools.raster import likeness

if TYPE_CHECKING:
    from PIL import Image

SCREEN = 2048
"""The long side of a large phone's screen: what a picture is looked at in."""
TILE = 128
"""Side of a tile at screen size; eighths of it are whole JPEG blocks of 16."""
TILES = 32
RIM = 8
"""What is left out around a tile, where scaling has seen past its edge."""

HEADER_BYTES = 620


class Tiles:
    """A sample of one picture, to be seen at any size."""

    def __init__(self, pixels: Image.Image) -> None:
        self.pixels = pixels
        self.screen = min(SCREEN, max(pixels.size))
        self.reach = TILE * max(pixels.size) / self.screen / 2
        self.centres = _centres(pixels.size, 2 * self.reach)
        self.shown = self._cut(8)
        self.sheets = {8: self.shown}
        self.source = likeness.sample_of(self._inner(self.shown.convert("L"), 8))

    @property
    def share(self) -> float:
        """What part of the picture the tiles are."""
        width, height = self.pixels.size
        return len(self.centres) * (2 * self.reach) ** 2 / (width * height)

    def whole(self, size: int) -> float:
        """Reckon the bytes of the whole picture from those of a sheet."""
        return HEADER_BYTES + max(size - HEADER_BYTES, 1) / self.share

    def at(self, eighths: int) -> Image.Image:
        """Lay the tiles side by side as they are in the picture scaled to so many eighths of the screen."""
        if eighths not in self.sheets:
            # From the tiles at screen size, which are few: whoever scales twice chooses the same.
            larger = eighths > 8
            self.sheets[eighths] = self._cut(eighths) if larger else self._rescale(self.shown, TILE * eighths // 8)
        return self.sheets[eighths]

    def _cut(self, eighths: int) -> Image.Image:
        """Scale the tiles out of the picture, as sharply as needed to rank sides: Lanczos ranks them alike.

        So does Hamming's window where all are compared with what it gives, for half of the work.
        """
        from PIL import Image

        edge = TILE * eighths // 8
        filtered = Image.Resampling.HAMMING if eighths == 8 else Image.Resampling.BICUBIC
        sheet = Image.new(self.pixels.mode, (edge * len(self.centres), edge))
        for index, (x, y) in enumerate(self.centres):
            box = (x - self.reach, y - self.reach, x + self.reach, y + self.reach)
            if edge == 2 * self.reach:
                left, top = round(box[0]), round(box[1])
                tile = self.pixels.crop((left, top, left + edge, top + edge))
            else:
                tile = self.pixels.resize((edge, edge), filtered, box=box)
            sheet.paste(tile, (index * edge, 0))
        return sheet

    def _rescale(self, sheet: Image.Image, edge: int) -> Image.Image:
        """Scale the tiles of a sheet; down to a half of it at once, for what bleeds into the next stays in its rim."""
        from PIL import Image

        if 2 * edge >= sheet.height:
            return sheet.resize((edge * len(self.centres), edge), Image.Resampling.BICUBIC)
        scaled = Image.new(sheet.mode, (edge * len(self.centres), edge))
        for index in range(len(self.centres)):
            tile = sheet.crop((index * sheet.height, 0, (index + 1) * sheet.height, sheet.height))
            scaled.paste(tile.resize((edge, edge), Image.Resampling.BICUBIC), (index * edge, 0))
        return scaled

    def smeared(self, eighths: int) -> float:
        """Tell what colours lose at a size by being halved: the mean squares of what changes, in levels of 255."""
        from PIL import Image

        sheet = self.at(eighths)
        if sheet.mode == "L":
            return 0.0
        _, *colours = sheet.convert("YCbCr").split()
        halved = (each.reduce(2).resize(each.size, Image.Resampling.BILINEAR) for each in colours)
        return sum(map(likeness.squares, colours, halved))

    def unlikeness(self, data: bytes, eighths: int, *, in_colour: bool = False) -> float:
        """Tell how far an encoded sheet is from the source when it is shown on the screen, in luma.

        *in_colour* counts what a screen cannot show: light that colours beyond its own take with them.
        """
        from PIL import Image

        sheet = Image.open(BytesIO(data), formats=["JPEG"])
        if not in_colour:
            # Of a JPEG libjpeg can decode the luma alone.
            sheet.draft("L", sheet.size)
        return likeness.unlikeness(self.source, self._inner(sheet.convert("L"), eighths))

    def _inner(self, sheet: Image.Image, eighths: int) -> Image.Image:
        """Scale the tiles to the screen and leave out their rims, into which the next one bleeds."""
        from PIL import Image

        count, inner = len(self.centres), TILE - 2 * RIM
        whole = sheet if eighths == 8 else sheet.resize((TILE * count, TILE), Image.Resampling.BICUBIC)
        shown = Image.new(sheet.mode, (inner * count, inner))
        for index in range(count):
            left = index * TILE + RIM
            shown.paste(whole.crop((left, RIM, left + inner, RIM + inner)), (index * inner, 0))
        return shown


def _centres(size: tuple[int, int], reach: float) -> list[tuple[float, float]]:
    """Spread tiles over the picture on a grid of about its own shape, none across its edge."""
    width, height = size
    across = max(1, min(round(sqrt(TILES * width / height)), int(width // reach)))
    down = max(1, min(round(TILES / across), int(height // reach)))
    return [
        ((column + 0.5) * width / across, (row + 0.5) * height / down)
        for row in range(down)
        for column in range(across)
    ]
