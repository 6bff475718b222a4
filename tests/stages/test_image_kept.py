"""A JPEG that fits is not made larger for nothing, and not visibly worse either."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job
from mmsprep.stages.image import STAGE


def prepared(path: Path, work: Path) -> Path:
    work.mkdir()
    media = Media(path, path.name, detect(path, Limits()))
    (made,) = STAGE.run(media, Job(profile=load(), workdir=work))
    return made


def difference(path: Path, made: Path) -> float:
    with Image.open(path) as source, Image.open(made) as result:
        upright = ImageOps.exif_transpose(source).convert("RGB")
        assert result.size == upright.size
        return float(np.abs(np.asarray(upright, float) - np.asarray(result, float)).mean())


def test_a_jpeg_that_fits_keeps_its_size_in_pixels_and_in_bytes(fixtures: Path, tmp_path: Path) -> None:
    source = fixtures / "street.jpg"
    made = prepared(source, tmp_path / "work")
    assert made.stat().st_size < 1.1 * source.stat().st_size
    assert difference(source, made) < 0.3
    assert not detect(made, Limits()).progressive


def test_a_turned_jpeg_pays_for_its_new_grid_and_no_more(fixtures: Path, tmp_path: Path) -> None:
    source = fixtures / "rotated_gps.jpg"
    made = prepared(source, tmp_path / "work")
    assert made.stat().st_size < 1.6 * source.stat().st_size
    assert difference(source, made) < 1.6
    assert b"PLANTED" not in made.read_bytes()


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("turn", [1, 6, 3])
def test_every_sampling_and_turn_comes_out_upright(sampling: int, turn: int, tmp_path: Path) -> None:
    pixels = Image.effect_noise((320, 240), 20).convert("RGB").resize((640, 480))
    pixels.paste((200, 30, 30), (0, 0, 320, 100))
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels.save(tmp_path / "source.jpg", quality=70, subsampling=sampling, exif=exif)
    assert difference(tmp_path / "source.jpg", prepared(tmp_path / "source.jpg", tmp_path / "work")) < 2.0


def test_an_animation_that_becomes_a_picture_says_so(fixtures: Path, tmp_path: Path) -> None:
    source = fixtures / "animated.gif"
    job = Job(profile=load(), workdir=tmp_path)
    STAGE.run(Media(source, source.name, detect(source, Limits())), job)
    assert job.warnings == ["of the animation one picture is sent; record it as a film to keep it moving"]


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    Image.effect_noise((320, 240), 40).save(tmp_path / "grey.jpg", quality=60)
    made = prepared(tmp_path / "grey.jpg", tmp_path / "work")
    with Image.open(BytesIO(made.read_bytes())) as result:
        assert result.mode == "L"
    assert made.stat().st_size <= 1.05 * (tmp_path / "grey.jpg").stat().st_size
