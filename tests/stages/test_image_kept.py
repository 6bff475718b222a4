"""A JPEG that fits is not made larger for nothing, and not visibly worse either."""

from __future__ import annotations

import shutil
from dataclasses import replace
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


def prepared(path: Path, work: Path, **rules: int) -> Path:
    work.mkdir()
    media = Media(path, path.name, detect(path, Limits()))
    (made,) = STAGE.run(media, Job(profile=replace(load(), **rules), workdir=work))
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
    assert difference(source, made) < 0.02
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
    # Decoders smooth colours by another rounding from the left than from the right.
    assert difference(source, made) < 0.15


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
    assert difference(tmp_path / "named.jpg", made) < 0.02


def test_a_jpeg_of_too_many_pixels_may_keep_its_bytes_where_more_is_allowed(street: Path, tmp_path: Path) -> None:
    source = tmp_path / "large.jpg"
    with Image.open(street) as photo:
        photo.reduce(2).resize((4000, 2668), Image.Resampling.BICUBIC).save(source, quality=88)
    size = source.stat().st_size
    less = prepared(source, tmp_path / "less", max_bytes=size * 9 // 10, max_side=2048).stat().st_size
    more = prepared(source, tmp_path / "more", max_bytes=size * 2, max_side=2048).stat().st_size
    assert less < more < size


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


@pytest.mark.parametrize("size", [(1, 40), (2, 2), (3, 5), (17, 31), (641, 479)])
@pytest.mark.parametrize("sampling", [0, 2])
def test_a_jpeg_of_any_size_keeps_its_colours(size: tuple[int, int], sampling: int, tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    bands = [Image.linear_gradient("L").rotate(turn).resize(size) for turn in (0, 90, 180)]
    Image.merge("RGB", bands).save(source, quality=90, subsampling=sampling)
    assert difference(source, prepared(source, tmp_path / "work")) < 3


def test_a_jpeg_coded_as_rgb_keeps_its_colours(street: Path, tmp_path: Path) -> None:
    source = tmp_path / "rgb.jpg"
    with Image.open(street) as photo:
        photo.resize((640, 480)).save(source, quality=90, keep_rgb=True)
    assert difference(source, prepared(source, tmp_path / "work")) < 2.5


def test_a_jpeg_that_is_prepared_again_and_again_stays_what_it_is(street: Path, tmp_path: Path) -> None:
    made = street
    for round_ in range(5):
        made = prepared(made, tmp_path / f"work{round_}")
    assert difference(street, made) < 0.02


def test_a_jpeg_that_is_too_large_by_its_notes_alone_is_kept(street: Path, tmp_path: Path) -> None:
    source = tmp_path / "noted.jpg"
    with Image.open(street) as photo:
        photo.save(source, quality="keep", comment="from home", dpi=(300, 300))
    note = b"\xff\xeb\xff\xff" + bytes(65_533)
    data = source.read_bytes()
    source.write_bytes(data[:2] + note * 20 + data[2:])
    assert source.stat().st_size > load().limit("image/jpeg")
    made = prepared(source, tmp_path / "work")
    assert difference(source, made) < 0.02
    assert detect(made, Limits()).metadata == ()
    assert b"from home" not in made.read_bytes()


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    Image.effect_noise((320, 240), 40).save(tmp_path / "grey.jpg", quality=60)
    made = prepared(tmp_path / "grey.jpg", tmp_path / "work")
    with Image.open(BytesIO(made.read_bytes())) as result:
        assert result.mode == "L"
    assert made.stat().st_size <= 1.05 * (tmp_path / "grey.jpg").stat().st_size
