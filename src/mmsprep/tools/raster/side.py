"""Choose a JPEG's long side and quality together, by trying sizes on a sample of tiles and looking at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from math import log, sqrt
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

EIGHTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12)
"""The long sides that are tried, in eighths of the screen."""
PERFECT = 0.01
"""The unlikeness that nobody sees (SSIMULACRA 2 above 93)."""
EASING, EASINGS = 0.85, 8
CLOSE = 0.04
"""Qualities this near one another, in ln, need not both be tried."""
HEADER_BYTES = 620
SLOPE = 0.75
"""How size follows quality in most photographs, until two sizes of this one are known."""
AIM = 0.985
TURNING = 3.5
"""The quality (as libjpeg's 86) above which a larger side is the better bet, below which a smaller one."""
COARSE, SHARP, AMPLE = 1.8, 6.0, 3.0
"""No larger side looked better than one below the first of these qualities, no smaller one than one above the second,
and none larger than the screen than the screen's below the third (13 photographs at three limits, every side)."""
BEYOND = 0.85
"""What of its unlikeness a side has to leave that is larger than the screen: so far a sample's errors reach."""

FINE, DENT = 4.0, 1.08
VISIBLE = 0.05
"""The unlikeness from which on one would look for something better in larger steps."""
FAR = 2.0
"""So many times above or below it, the first guess was for another kind of picture."""

Encode = Callable[["Image.Image", float], bytes]


@dataclass(frozen=True, slots=True)
class Choice:
    """A long side, the quality that should fill the limit there, how size follows quality, and how it will look."""

    side: int
    quality: float
    slope: float
    unlikeness: float
    eased: bool = False
    """Whether a higher quality would fit and show nothing."""


def first_side(size: tuple[int, int], limit: int) -> int:
    """Guess the best long side for a limit, for a 3:2 photograph and others of its area."""
    long_side = min(max(2048 * (limit / 600_000) ** 0.42, 1024), 2048)
    return round(sqrt(long_side * long_side / 1.5 * max(size) / min(size)))


def choose_side(
    pixels: Image.Image,
    limit: int,
    largest: int,
    encode: Encode,
    *,
    low: float,
    high: float,
    enough: float = PERFECT,
) -> Choice | None:
    """Find the long side up to *largest* whose tiles look most like the source when they fill their share of *limit*.

    Walks from a first guess to the neighbours for as long as they look better, or until a larger side could
    only add what nobody sees. What is closer to the source than an *enough* above `PERFECT` is eased: its quality
    need not fill the limit. None says that the picture is too small for a sample.
    """
    if min(pixels.size) * min(SCREEN, max(pixels.size)) < 3 * TILE * max(pixels.size):
        return None
    tiles = Tiles(pixels)
    room = [eighths for eighths in EIGHTHS if eighths * tiles.screen <= 8 * largest * 1.01]
    if not room:
        return None
    tried: dict[int, Choice] = {}

    def look(eighths: int) -> float:
        if eighths not in tried:
            near = min(tried, key=lambda other: abs(other - eighths), default=None)
            tried[eighths] = _try(tiles, eighths, tried[near] if near else None, limit, encode, low, high)
        return tried[eighths].unlikeness

    guess = 8 * first_side(pixels.size, limit) / tiles.screen
    at = min(range(len(room)), key=lambda index: abs(room[index] - guess))
    look(room[at])
    first = tried[room[at]]
    if first.unlikeness > VISIBLE and not TURNING / FAR < first.quality < TURNING * FAR:
        # Far from where sides look best, so go near it in one step (bytes grow with the side to the 1.6).
        foreseen = min(8.0, room[at] * (min(first.quality, high) / TURNING) ** (first.slope / 1.6))
        near = min(range(len(room)), key=lambda index: abs(room[index] - foreseen))
        at = near if look(room[near]) < first.unlikeness else at
    best = tried[_walk(look, tried, room, at, enough)]
    # Nearer than `PERFECT` nothing is left to be told apart, so there would be no telling how far to ease.
    return _eased(tiles, best, encode, enough) if PERFECT < enough >= best.unlikeness else best


def _walk(look: Callable[[int], float], tried: dict[int, Choice], room: list[int], at: int, enough: float) -> int:
    """Go to the neighbour that looks better until none does; gives the eighths of the best one."""

    def better(other: int) -> bool:
        least = BEYOND if room[other] > 8 >= room[at] else 1.0
        return look(room[other]) < least * tried[room[at]].unlikeness

    start, step = at, 1 if tried[room[at]].quality > TURNING else -1
    for way in (step, -step):
        while 0 <= at + way < len(room) and _worth(tried[room[at]], room[at], way, enough):
            if better(at + way):
                at += way
            elif way > 0 and _dented(tried[room[at]], tried[room[at + 1]], room[at:]) and better(at + 2):
                at += 2
            else:
                break
        if at != start:
            break
    return room[at]


class Tiles:
    """A sample of one picture, to be seen at any size."""

    def __init__(self, pixels: Image.Image) -> None:
        self.pixels = pixels
        self.screen = min(SCREEN, max(pixels.size))
        self.reach = TILE * max(pixels.size) / self.screen / 2
        self.centres = _centres(pixels.size, 2 * self.reach)
        self.shown = self._cut(8)
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
        if eighths > 8:
            return self._cut(eighths)
        # From the tiles at screen size, which are few: whoever scales twice chooses the same.
        return self.shown if eighths == 8 else self._rescale(self.shown, TILE * eighths // 8)

    def _cut(self, eighths: int) -> Image.Image:
        """Scale the tiles out of the picture, as sharply as needed to rank sides: Lanczos ranks them alike."""
        from PIL import Image

        edge = TILE * eighths // 8
        sheet = Image.new(self.pixels.mode, (edge * len(self.centres), edge))
        for index, (x, y) in enumerate(self.centres):
            box = (x - self.reach, y - self.reach, x + self.reach, y + self.reach)
            if edge == 2 * self.reach:
                left, top = round(box[0]), round(box[1])
                tile = self.pixels.crop((left, top, left + edge, top + edge))
            else:
                tile = self.pixels.resize((edge, edge), Image.Resampling.BICUBIC, box=box)
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

    def unlikeness(self, data: bytes, eighths: int) -> float:
        """Tell how far an encoded sheet is from the source when it is shown on the screen."""
        from PIL import Image

        sheet = Image.open(BytesIO(data), formats=["JPEG"])
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


def _try(
    tiles: Tiles, eighths: int, near: Choice | None, limit: int, encode: Encode, low: float, high: float
) -> Choice:
    """Look at one size with the quality that fills the limit, found by two encodes of the sheet."""
    sheet = tiles.at(eighths)
    side = eighths * tiles.screen // 8
    wanted = limit * AIM
    slope = near.slope if near else SLOPE
    # Bytes grow with about the side to the 1.6 at one quality.
    quality = near.quality * (near.side / side) ** (1.6 / slope) if near else 4.0
    quality = min(max(quality, low), high)
    tried = encode(sheet, quality)
    first = tiles.whole(len(tried))
    better = min(max(quality * (wanted / first) ** (1 / slope), low), high)
    data = tried if abs(log(better / quality)) < CLOSE else encode(sheet, better)
    better = quality if data is tried else better
    if abs(log(better / quality)) > 0.05:
        slope = min(max(log(tiles.whole(len(data)) / first) / log(better / quality), 0.2), 2.0)
    final = min(max(better * (wanted / tiles.whole(len(data))) ** (1 / slope), low), high)
    return Choice(side, final, slope, tiles.unlikeness(data, eighths))


def _worth(choice: Choice, eighths: int, way: int, enough: float) -> bool:
    """Tell whether a step could show: none does from what is good enough already, or far off in quality."""
    if way < 0:
        return choice.quality < SHARP
    return choice.unlikeness > enough and choice.quality > (COARSE if eighths < 8 else AMPLE)


def _dented(choice: Choice, larger: Choice, sides: list[int]) -> bool:
    """Tell whether a *larger* side may only happen to look no better: hardly worse, with finer tables than need be."""
    within = len(sides) > 2 and sides[0] < 8
    return within and larger.quality > FINE and larger.unlikeness < DENT * choice.unlikeness


def _eased(tiles: Tiles, choice: Choice, encode: Encode, enough: float) -> Choice:
    """Lower the quality in small steps for as long as the picture stays within *enough* of its source."""
    eighths = 8 * choice.side // tiles.screen
    sheet = tiles.at(eighths)
    for _ in range(EASINGS):
        quality = choice.quality * EASING
        unlikeness = tiles.unlikeness(encode(sheet, quality), eighths)
        if unlikeness > enough:
            break
        choice = replace(choice, quality=quality, unlikeness=unlikeness, eased=True)
    return choice


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
