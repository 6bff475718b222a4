"""Pictures of high dynamic range become stills in which skin, walls and skies are as bright as they were meant."""

from __future__ import annotations

import pytest
from PIL import Image

from mmsprep.tools.raster.hdr import BT709, BT2020, HLG, P3, PQ, CodePoints, to_srgb


def pq(nits: float) -> int:
    """Write light as BT.2100's inverse PQ curve does."""
    part = (nits / 10_000) ** 0.1593017578125
    return round(255 * ((0.8359375 + 18.8515625 * part) / (1 + 18.6875 * part)) ** 78.84375)


def shown(colour: tuple[int, int, int], points: CodePoints) -> tuple[int, int, int]:
    return to_srgb(Image.new("RGB", (4, 4), colour), points).getpixel((1, 1))


@pytest.mark.parametrize(("nits", "expected"), [(0, 0), (20.3, 89), (50, 137), (101.5, 188), (1000, 255)])
def test_light_of_pq_is_as_bright_as_on_paper(nits: float, expected: int):
    level = shown((pq(nits),) * 3, CodePoints(BT2020, PQ))
    assert level == pytest.approx((expected,) * 3, abs=8)


def test_what_is_brighter_stays_brighter():
    levels = [shown((pq(nits),) * 3, CodePoints(BT2020, PQ))[0] for nits in (100, 200, 400, 700, 1000)]
    assert levels == sorted(set(levels))


def test_hlg_puts_white_where_bt2408_does():
    low, paper, high = (shown((round(255 * part),) * 3, CodePoints(BT2020, HLG))[0] for part in (0.38, 0.75, 1.0))
    assert 100 < low < 150
    assert 215 < paper < 245
    assert high >= 254


@pytest.mark.parametrize("primaries", [BT2020, P3])
def test_wide_primaries_are_brought_to_srgb(primaries: int):
    red, green, _ = shown((220, 60, 60), CodePoints(primaries, 13))
    assert red > 230
    assert green < 50


@pytest.mark.parametrize("transfer", [13, PQ, HLG])
def test_grey_stays_grey(transfer: int):
    red, green, blue = shown((120, 120, 120), CodePoints(BT2020, transfer))
    assert max(red, green, blue) - min(red, green, blue) <= 2


def test_alpha_is_left_alone():
    picture = Image.new("RGBA", (4, 4), (120, 90, 60, 77))
    assert to_srgb(picture, CodePoints(BT2020, PQ)).getpixel((0, 0))[3] == 77


def test_plain_and_unknown_code_points_change_nothing():
    assert CodePoints(BT709, 13).plain
    assert CodePoints(200, PQ).plain
    assert not CodePoints(BT2020, PQ).plain
