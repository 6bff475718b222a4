"""Choose a JPEG's long side, quality and colour together, by trying sizes on a sample of tiles and looking at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import log, sqrt
from typing import TYPE_CHECKING

from mmsprep.tools.raster.likeness import COLOURED
from mmsprep.tools.raster.sample import SCREEN, TILE, Tiles

if TYPE_CHECKING:
    from PIL import Image

EIGHTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12)
"""The long sides that are tried, in eighths of the screen."""
PERFECT = 0.01
"""The unlikeness that nobody sees (SSIMULACRA 2 above 93)."""
EASING, EASINGS = 0.85, 8
CLOSE = 0.04
"""Qualities this near one another, in ln, need not both be tried."""
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

SMEARED = 0.4
"""The part of its unlikeness that halved colours must be worth for full ones to be tried: most photographs' are not."""

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
    full_colour: bool = False
    """Whether its colours are kept at full resolution."""


def first_side(size: tuple[int, int], limit: int) -> int:
    """Guess the best long side for a limit, for a 3:2 photograph and others of its area."""
    long_side = min(max(2048 * (limit / 600_000) ** 0.42, 1024), 2048)
    return round(sqrt(long_side * long_side / 1.5 * max(size) / min(size)))


def choose_side(
    pixels: Image.Image,
    limit: int,
    largest: int,
    encode: Callable[..., bytes],
    *,
    low: float,
    high: float,
    enough: float = PERFECT,
) -> Choice | None:
    """Find the long side up to *largest* whose tiles look most like the source when they fill their share of *limit*.

    Walks from a first guess to the neighbours for as long as they look better, or until a larger side could
    only add what nobody sees. What is closer to the source than an *enough* above `PERFECT` is eased: its quality
    need not fill the limit. Colours are kept at full resolution where halving them would show more; *encode* is asked
    for that by ``full_colour=True``. None says that the picture is too small for a sample.
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
    eighths = _walk(look, tried, room, at, enough)
    best = tried[eighths]
    # Nearer than `PERFECT` nothing is left to be told apart, so there would be no telling how far to ease.
    if PERFECT < enough >= best.unlikeness:
        return _eased(tiles, eighths, best, encode, enough)
    return _in_full_colour(tiles, eighths, best, limit, encode, low, high, enough) or best


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


def _try(
    tiles: Tiles,
    eighths: int,
    near: Choice | None,
    limit: int,
    encode: Encode,
    low: float,
    high: float,
    *,
    in_colour: bool = False,
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
    return Choice(side, final, slope, tiles.unlikeness(data, eighths, in_colour=in_colour))


def _worth(choice: Choice, eighths: int, way: int, enough: float) -> bool:
    """Tell whether a step could show: none does from what is good enough already, or far off in quality."""
    if way < 0:
        return choice.quality < SHARP
    return choice.unlikeness > enough and choice.quality > (COARSE if eighths < 8 else AMPLE)


def _dented(choice: Choice, larger: Choice, sides: list[int]) -> bool:
    """Tell whether a *larger* side may only happen to look no better: hardly worse, with finer tables than need be."""
    within = len(sides) > 2 and sides[0] < 8
    return within and larger.quality > FINE and larger.unlikeness < DENT * choice.unlikeness


def _in_full_colour(
    tiles: Tiles,
    eighths: int,
    best: Choice,
    limit: int,
    encode: Callable[..., bytes],
    low: float,
    high: float,
    enough: float,
) -> Choice | None:
    """Try the best side with full colours where halving them shows; None says that halved ones look better."""
    shown = COLOURED * tiles.smeared(eighths)
    if enough > PERFECT and shown <= enough:
        return None
    bytes_left = best.quality >= high and enough <= PERFECT
    if shown < SMEARED * best.unlikeness and not bytes_left:
        return None
    look_at = partial(_try, tiles, eighths, limit=limit, low=low, high=high, in_colour=True)
    halved = look_at(best, encode=encode)
    full = look_at(replace(best, quality=best.quality / 2), encode=partial(encode, full_colour=True))
    return replace(full, full_colour=True) if full.unlikeness < halved.unlikeness + shown else None


def _eased(tiles: Tiles, eighths: int, choice: Choice, encode: Encode, enough: float) -> Choice:
    """Lower the quality in small steps for as long as the picture stays within *enough* of its source."""
    sheet = tiles.at(eighths)
    for _ in range(EASINGS):
        quality = choice.quality * EASING
        unlikeness = tiles.unlikeness(encode(sheet, quality), eighths)
        if unlikeness > enough:
            break
        choice = replace(choice, quality=quality, unlikeness=unlikeness, eased=True)
    return choice
