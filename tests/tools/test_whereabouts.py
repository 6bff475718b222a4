"""Where files say that they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.place import Place, to_vcard
from mmsprep.tools.whereabouts import place_in

POINT = Place(-18.141588, 178.442166)


def found(path: Path) -> Place | None:
    return place_in(path, detect(path, Limits()))


def photo(path: Path, form: str, gps: dict[int, object]) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 1  # without a tag beside the GPS block Pillow writes none
    exif.get_ifd(0x8825).update(gps)
    Image.new("RGB", (40, 30), "navy").save(path, form, exif=exif)
    return path


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_tells_where_it_was_taken(form: str, tmp_path: Path) -> None:
    gps = {1: "S", 2: (18.0, 8.0, 29.7168), 3: "E", 4: (178.0, 26.0, 31.7976)}
    place = found(photo(tmp_path / "photo", form, gps))

    assert place is not None
    assert place.latitude == pytest.approx(POINT.latitude, abs=1e-6)
    assert place.longitude == pytest.approx(POINT.longitude, abs=1e-6)


def test_the_example_photo_tells_its_planted_place(fixtures: Path) -> None:
    place = found(fixtures / "rotated_gps.jpg")

    assert place is not None
    assert place.latitude == pytest.approx(37 + 46 / 60 + 29.64 / 3600, abs=1e-6)
    assert place.longitude == pytest.approx(-(122 + 25 / 60 + 9.84 / 3600), abs=1e-6)


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_a_received_location_gives_its_coordinates_back(version: str, tmp_path: Path) -> None:
    path = tmp_path / "here.loc.vcf"
    path.write_bytes(to_vcard(POINT, version))

    assert found(path) == POINT


def test_a_place_is_where_it_says(tmp_path: Path) -> None:
    path = tmp_path / "place"
    path.write_bytes(POINT.to_geojson())

    assert found(path) == POINT


def test_what_has_no_place_tells_none(tmp_path: Path) -> None:
    assert found(photo(tmp_path / "plain", "JPEG", {})) is None
    card = tmp_path / "joe.vcf"
    card.write_bytes(b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Joe;;;\r\nFN:Joe\r\nEND:VCARD\r\n")
    assert found(card) is None
