"""The model: what a place may be, and the forms in which it travels."""

from __future__ import annotations

import json

import pytest

from mmsprep.errors import Rejected
from mmsprep.place import Place, from_vcard, to_vcard
from mmsprep.place.model import one_line

WISHES = {"label": "Naïve café, Ωmega", "zoom": 12, "size": (400, 300), "style": "dark"}


def test_a_place_comes_back_from_its_geojson() -> None:
    place = Place(-18.14, 178.44, **WISHES)

    assert Place.from_geojson(place.to_geojson()) == place


def test_geojson_has_longitude_first() -> None:
    assert json.loads(Place(1, 2).to_geojson())["geometry"] == {"type": "Point", "coordinates": [2, 1]}


def test_geojson_of_others_is_read_with_its_name_and_without_its_altitude() -> None:
    feature = b'{"type":"Feature","geometry":{"type":"Point","coordinates":[2,1,99]},"properties":{"name":"Here"}}'

    assert Place.from_geojson(feature) == Place(1, 2, label="Here")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"Feature"',
        b'{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":["1","2"]},"properties":{}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":[NaN,2]},"properties":{}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1]},"properties":{}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"size":[1]}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"size":7}}',
        b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"label":7}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected):
        Place.from_geojson(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 90.1},
        {"longitude": -180.1},
        {"latitude": float("nan")},
        {"latitude": True},
        {"latitude": "1"},
        {"zoom": 23},
        {"zoom": 1.5},
        {"size": (10, 400)},
        {"size": (400, 9_000)},
        {"style": "neon"},
        {"label": "two\nlines"},
        {"label": "x" * 200},
    ],
)
def test_a_place_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Rejected) as refused:
        Place(**{"latitude": 1.0, "longitude": 2.0} | wrong)  # type: ignore[arg-type]
    assert refused.value.reason == "unreadable"


def test_links_are_https_and_hold_both_coordinates_without_exponents() -> None:
    place = Place(-0.0000004, 0.00001, label="A & B")

    assert place.link() == "https://www.google.com/maps/search/?api=1&query=0,0.00001"
    assert place.link("apple") == "https://maps.apple.com/?ll=0,0.00001&q=A%20%26%20B"


@pytest.mark.parametrize("label", ["👩🏽\u200d🚀 base", "می\u200cخواهم", "🏴\U000e0067\U000e0062\U000e007f pub"])
def test_a_label_keeps_what_joins_its_letters(label: str) -> None:
    assert one_line(label) == label
    assert from_vcard(to_vcard(Place(1, 2, label=label))) == Place(1, 2, label=label)
