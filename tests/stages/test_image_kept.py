"""A JPEG that fits is not made larger for nothing, and not visibly worse either."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

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


def turned(path: Path, size: tuple[int, int], turn: int) -> Path:
    """Save a photograph as a phone does that is held upright: stored on its side, with a note."""
    exif = Image.Exif()
    exif[0x0112] = turn
    with Image.open(path) as photo:
        photo.resize(size).save(path.parent / "turned.jpg", quality=60, exif=exif)
    return path.parent / "turned.jpg"


@pytest.mark.parametrize("turn", range(2, 9))
def test_a_turned_jpeg_whose_blocks_stay_whole_costs_no_more_bytes(street: Path, tmp_path: Path, turn: int) -> None:
    source = turned(street, (640, 480), turn)
    made = prepared(source, tmp_path / "work")
    assert made.stat().st_size < 1.05 * source.stat().st_size
    assert difference(source, made) < 0.7


@pytest.mark.parametrize("turn", [2, 3, 4, 6, 7, 8])
def test_a_turned_jpeg_whose_blocks_are_cut_is_written_finer(street: Path, tmp_path: Path, turn: int) -> None:
    source = turned(street, (633, 471), turn)
    made = prepared(source, tmp_path / "work")
    assert made.stat().st_size < 4 * source.stat().st_size
    assert difference(source, made) < 1.6


def test_a_jpeg_that_names_srgb_is_not_coded_finer_for_it(street: Path, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(street) as photo:
        photo.save(tmp_path / "named.jpg", quality=60, icc_profile=profile)
    made = prepared(tmp_path / "named.jpg", tmp_path / "work")
    assert made.stat().st_size < (tmp_path / "named.jpg").stat().st_size
    assert difference(tmp_path / "named.jpg", made) < 0.7


@pytest.fixture
def street(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(fixtures / "street.jpg", tmp_path))


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("turn", [1, 6, 3])
def test_every_sampling_and_turn_comes_out_upright(sampling: int, turn: int, tmp_path: Path) -> None:
    pixels = Image.effect_noise((320, 240), 20).convert("RGB").resize((640, 480))
    pixels.paste((200, 30, 30), (0, 0, 320, 100))
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels.save(tmp_path / "source.jpg", quality=70, subsampling=sampling, exif=exif)
    assert difference(tmp_path / "source.jpg", prepared(tmp_path / "source.jpg", tmp_path / "work")) < 2.0


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    Image.effect_noise((320, 240), 40).save(tmp_path / "grey.jpg", quality=60)
    made = prepared(tmp_path / "grey.jpg", tmp_path / "work")
    with Image.open(BytesIO(made.read_bytes())) as result:
        assert result.mode == "L"
    assert made.stat().st_size <= 1.05 * (tmp_path / "grey.jpg").stat().st_size
