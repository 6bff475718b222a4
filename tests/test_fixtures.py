"""The committed pictures are what the script makes, and are as good or as bad as they claim to be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pi_heif
import pytest
from PIL import Image, ImageChops, ImageStat

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "make_fixtures.py"
QUICK = [
    "logo.png",
    "animated.gif",
    "graphic.webp",
    "scan.tiff",
    "drawing.bmp",
    "not_a_photo.jpg",
    "empty.png",
    "report.docx",
]
PAINTED = ["rotated_gps.jpg", "swapped_profile.jpg", "screenshot.png", "picture.avif", "truncated.jpg", "half.jpg"]
LARGE = ["beach.jpg", "street.jpg", "panorama_48mp.jpg"]
SLOW = pytest.mark.slow
WITHOUT_PIXELS = {"not_a_photo.jpg", "empty.png", "report.docx", "truncated.jpg", "half.jpg"}


def make(folder: Path, names: list[str], *, hash_seed: str = "0") -> None:
    subprocess.run(
        [sys.executable, SCRIPT, "--out", folder, *names],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )


def assert_same_picture(made: Path, committed: Path) -> None:
    """Compare pixels: encoders and floating-point units may differ, the picture may not."""
    with Image.open(made) as ours, Image.open(committed) as theirs:
        assert (ours.format, ours.size, ours.mode) == (theirs.format, theirs.size, theirs.mode)
        assert getattr(ours, "n_frames", 1) == getattr(theirs, "n_frames", 1)
        small = [image.convert("RGBA").resize((400, 300)) for image in (ours, theirs)]
        assert max(ImageStat.Stat(ImageChops.difference(*small)).mean) < 1
    assert made.stat().st_size == pytest.approx(committed.stat().st_size, rel=0.15)


def assert_as_committed(made: Path, committed: Path) -> None:
    if made.name in {"not_a_photo.jpg", "empty.png", "report.docx"}:
        assert made.read_bytes() == committed.read_bytes(), made.name
    elif made.name not in WITHOUT_PIXELS:
        assert_same_picture(made, committed)


@pytest.mark.parametrize("names", [pytest.param(QUICK, id="quick"), pytest.param(PAINTED, id="painted", marks=SLOW)])
def test_the_script_makes_the_committed_files_and_twice_the_same(
    names: list[str], fixtures: Path, tmp_path: Path
) -> None:
    make(tmp_path / "once", names, hash_seed="1")
    make(tmp_path / "twice", names, hash_seed="2")
    for name in names:
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes(), name
        assert_as_committed(tmp_path / "once" / name, fixtures / name)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_the_script_makes_the_committed_large_photo(name: str, fixtures: Path, tmp_path: Path) -> None:
    make(tmp_path, [name])
    assert_as_committed(tmp_path / name, fixtures / name)


def test_every_fixture_is_explained_and_made(fixtures: Path) -> None:
    here = {path.name for path in fixtures.iterdir()} - {"README.md"}
    explained = set(re.findall(r"^\| `(.+?)` \|", (fixtures / "README.md").read_text(), re.MULTILINE))
    assert here == explained == {*QUICK, *PAINTED, *LARGE, "photo.heic"}


def test_the_fixtures_are_small_together(fixtures: Path) -> None:
    assert sum(path.stat().st_size for path in fixtures.iterdir()) < 4_000_000


def test_one_photo_is_over_the_default_limit(fixtures: Path) -> None:
    assert (fixtures / "beach.jpg").stat().st_size > 1_500_000


def test_the_panorama_has_48_megapixels(fixtures: Path) -> None:
    with Image.open(fixtures / "panorama_48mp.jpg") as image:
        assert image.size == (8000, 6000)


@pytest.mark.parametrize("name", ["beach.jpg", "rotated_gps.jpg", "panorama_48mp.jpg", "picture.avif", "photo.heic"])
def test_a_phone_photo_tells_where_it_was_taken(name: str, fixtures: Path) -> None:
    pi_heif.register_heif_opener()
    with Image.open(fixtures / name) as image:
        place = image.getexif().get_ifd(0x8825)
    assert (place[1], place[3]) == ("N", "W")
    assert [float(part) for part in place[2]] == pytest.approx([37, 46, 29.64])
    assert [float(part) for part in place[4]] == pytest.approx([122, 25, 9.84])


def test_the_rotated_photo_is_stored_lying_on_its_side(fixtures: Path) -> None:
    with Image.open(fixtures / "rotated_gps.jpg") as image:
        assert image.getexif()[0x0112] == 6
        assert image.size == (1200, 900)
        assert image.info["comment"] == b"PLANTED COM"
        assert b"PLANTED" in image.info["xmp"]
    content = (fixtures / "rotated_gps.jpg").read_bytes()
    assert content.count(b"\xff\xd8\xff") == 2, "a thumbnail is embedded"


def test_the_swapped_profile_changes_every_colour(fixtures: Path) -> None:
    with Image.open(fixtures / "swapped_profile.jpg") as swapped, Image.open(fixtures / "beach.jpg") as beach:
        assert b"PLANTED profile" in swapped.info["icc_profile"]
        green, blue, red = swapped.split()
        seen = Image.merge("RGB", (red, green, blue))
        difference = ImageChops.difference(seen, beach.resize(seen.size))
        assert max(ImageStat.Stat(difference).mean) < 12


def test_the_logo_hides_magenta_under_what_is_transparent(fixtures: Path) -> None:
    with Image.open(fixtures / "logo.png") as image:
        pixels = np.asarray(image)
    alpha = pixels[..., 3]
    assert (pixels[alpha == 0] == (255, 0, 255, 0)).all()
    assert ((alpha > 0) & (alpha < 255)).mean() > 0.01, "its edges are soft"


def test_the_animation_moves(fixtures: Path) -> None:
    with Image.open(fixtures / "animated.gif") as image:
        assert getattr(image, "n_frames", 1) == 10


def test_the_truncated_photo_does_not_open(fixtures: Path) -> None:
    assert (fixtures / "truncated.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    with pytest.raises(OSError, match=r"."):
        Image.open(fixtures / "truncated.jpg").load()


def test_half_a_photo_opens_but_ends_early(fixtures: Path) -> None:
    with Image.open(fixtures / "half.jpg") as image, pytest.raises(OSError, match="truncated"):
        image.load()
