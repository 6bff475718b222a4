"""A huge HEIC is decoded in strips, and shows what it shows as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from tests.heics import heic

from mmsprep.detect.picture import open_picture
from mmsprep.tools.raster.heic import reduced


def off_by(first: Image.Image, second: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).mean) / 3


def whole(path: Path) -> Image.Image:
    with open_picture(path, "image/heic") as picture:
        picture.load()
        return picture.convert("RGB")


@pytest.mark.parametrize("turn", [b"", *(b"\0\0\0\x09irot" + bytes((quarter,)) for quarter in (1, 2, 3))])
def test_strips_show_what_the_whole_shows(tmp_path: Path, turn: bytes):
    path = heic(tmp_path, 3, 2, cut=100, turn=turn)
    small = reduced(path, 4, strip_pixels=1)
    assert small is not None
    expected = whole(path)
    assert small.size == pytest.approx([length / 4 for length in expected.size], abs=1)
    assert off_by(expected.resize(small.size, Image.Resampling.BOX), small) < 3


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_picture_is_mirrored(tmp_path: Path, axis: int):
    path = heic(tmp_path, 2, 1, turn=b"\0\0\0\x09imir" + bytes((axis,)))
    small = reduced(path, 4)
    assert small is not None
    assert off_by(whole(path).reduce(4), small) < 3


def test_what_is_no_grid_is_left_to_be_decoded_whole(tmp_path: Path, fixtures: Path):
    assert reduced(fixtures / "beach.jpg", 2) is None
    broken = heic(tmp_path, 2, 1).read_bytes()
    for cut in (10, 60, 200, 400, len(broken) - 50):
        (tmp_path / "cut.heic").write_bytes(broken[:cut])
        found = reduced(tmp_path / "cut.heic", 2)
        assert found is None or found.size == (512, 256)
