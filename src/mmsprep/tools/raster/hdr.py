"""Pictures whose numbers stand for light beyond white, by their coding-independent code points (ITU-T H.273).

A table over all colours is made once and laid over the picture: the curves of ITU-R BT.2100 to light, a roll-off
of what is brighter than white, the primaries of BT.709, the curve of sRGB.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image, ImageFilter

BT709, BT2020, P3 = 1, 9, 12
PQ, HLG = 16, 18
GAMMA_LIKE = frozenset({1, 6, 13, 14, 15})
"""Transfers of ITU-T H.273 that viewers show as sRGB."""

WHITE_NITS, PEAK_NITS = 203.0, 1000.0
"""Where BT.2408 puts the white of paper, and the brightest that most films are graded for."""
KNEE = 0.6
"""The part of white below which light is shown as it is: faces and walls lie there."""

# Linear light of these primaries to that of BT.709, all with the white of D65 (rows give red, green, blue).
TO_BT709 = {
    BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    P3: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
    BT709: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
GRID = 33


class CodePoints(NamedTuple):
    """What a picture's numbers mean: primaries and transfer, by their numbers in ITU-T H.273."""

    primaries: int
    transfer: int

    @property
    def plain(self) -> bool:
        """Whether viewers show it as it is, or we do not know better."""
        known = self.transfer in {PQ, HLG} or self.transfer in GAMMA_LIKE
        return not known or self.primaries not in TO_BT709 or (self.primaries == BT709 and self.transfer in GAMMA_LIKE)


def to_srgb(picture: Image.Image, points: CodePoints) -> Image.Image:
    """Show an RGB or RGBA picture of these code points on a screen of sRGB."""
    return picture.filter(_table(points))


@cache
def _table(points: CodePoints) -> ImageFilter.Color3DLUT:
    from PIL import ImageFilter

    matrix = TO_BT709[points.primaries]

    def shown(red: float, green: float, blue: float) -> tuple[float, float, float]:
        light = _light((red, green, blue), points.transfer)
        light = light if points.transfer in GAMMA_LIKE else _rolled_off(light)
        mixed = (sum(part * of for part, of in zip(row, light, strict=True)) for row in matrix)
        first, second, third = (_srgb(each) for each in mixed)
        return first, second, third

    return ImageFilter.Color3DLUT.generate(GRID, shown)


def _light(code: tuple[float, float, float], transfer: int) -> tuple[float, float, float]:
    """Give linear light, where 1 is the white of paper."""
    if transfer == PQ:
        red, green, blue = (_pq_nits(each) / WHITE_NITS for each in code)
    elif transfer == HLG:
        scene = [_hlg_scene(each) for each in code]
        luminance = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
        # BT.2100's system gamma of 1.2 for a display of 1000 nits.
        red, green, blue = (PEAK_NITS * luminance**0.2 * each / WHITE_NITS for each in scene)
    else:
        red, green, blue = (((each + 0.055) / 1.055) ** 2.4 if each > 0.04045 else each / 12.92 for each in code)
    return red, green, blue


def _pq_nits(code: float) -> float:
    """Follow the PQ curve (BT.2100, table 4) from a number to nits."""
    root = code ** (1 / 78.84375)
    return float(10_000 * (max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _hlg_scene(code: float) -> float:
    """Follow the HLG curve (BT.2100, table 5) from a number to the light of the scene."""
    from math import exp

    return code * code / 3 if code <= 0.5 else (exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _rolled_off(light: tuple[float, float, float]) -> tuple[float, float, float]:
    """Bring what is brighter than the knee between it and white, with the colour it has."""
    brightest = max(light)
    if brightest <= KNEE:
        return light
    reach, over = (PEAK_NITS / WHITE_NITS - KNEE), brightest - KNEE
    # A hyperbola that leaves the knee at 45° and meets white at the peak.
    room = 1 - KNEE
    bend = 1 / room - 1 / reach
    factor = min(1.0, KNEE + over / (1 + over * bend)) / brightest
    red, green, blue = (each * factor for each in light)
    return red, green, blue


def _srgb(light: float) -> float:
    """Follow sRGB's curve (IEC 61966-2-1) from light to a number, clipped to what it can show."""
    light = min(max(light, 0.0), 1.0)
    return float(1.055 * light ** (1 / 2.4) - 0.055 if light > 0.0031308 else 12.92 * light)
