"""Every spelling in which people hand over a place, to the coordinates that it means."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Rejected
from mmsprep.place import Place, looks_like_place, parse

HALL = (37.7749, -122.4194)
HALL_IN_SECONDS = (37 + 46 / 60 + 29.6 / 3600, -(122 + 25 / 60 + 9.8 / 3600))
GOOGLE = "https://www.google.com/maps"

SPELLINGS = {
    "37.7749,-122.4194": HALL,
    "37.7749, -122.4194": HALL,
    "(37.7749, -122.4194)": HALL,
    "37.7749 -122.4194": HALL,
    "37,7749; -122,4194": HALL,
    "37,7749 -122,4194": HALL,
    "37,7749, -122,4194": HALL,
    "37.7749° N, 122.4194° W": HALL,
    "37.7749N 122.4194W": HALL,
    "N37.7749 W122.4194": HALL,
    "122.4194W, 37.7749N": HALL,
    "lat: 37.7749, lon: -122.4194": HALL,
    "latitude=37.7749 longitude=-122.4194": HALL,
    "\u221233.8688, 151.2093": (-33.8688, 151.2093),
    "\u200e37.7749,\u00a0-122.4194": HALL,
    # Longitude first is told by its name alone.
    "lon: -122.4194, lat: 37.7749": HALL,
    "Longitude -122,4194; Latitude 37,7749": HALL,
    "lng -122°25'9.8\", lat 37°46'29.6\"": HALL_IN_SECONDS,
    "Longitude: 122°25'9.8\" W, Latitude: 37°46'29.6\" N": HALL_IN_SECONDS,
    "３７．７７４９，－１２２．４１９４": HALL,
    "37٫7749، \u2212122٫4194": HALL,
    "37.7749,\u2060\u2007-122.4194": HALL,
    "0,0": (0, 0),
    "-90,180": (-90, 180),
    "37°46'29.6\"N 122°25'9.8\"W": HALL_IN_SECONDS,
    "37° 46′ 29.6″ N, 122° 25′ 9.8″ W": HALL_IN_SECONDS,
    "37º46\u201929.6\u201dN, 122º25\u20199.8\u201dW": HALL_IN_SECONDS,
    "37 46 29.6 N, 122 25 9.8 W": HALL_IN_SECONDS,
    "37°46'29.6\", -122°25'9.8\"": HALL_IN_SECONDS,
    "37 deg 46 min 29.6 sec N, 122 deg 25 min 9.8 sec W": HALL_IN_SECONDS,
    "N 37° 46.494' W 122° 25.164'": HALL,
    "37°46.494'N 122°25.164'W": HALL,
    "40d26m46sN 79d58m56sW": (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600)),
    "+37.7749-122.4194/": HALL,
    "+374629.6-1222509.8/": HALL_IN_SECONDS,
    "geo:37.7749,-122.4194": HALL,
    "GEO:37.7749,-122.4194,12;crs=wgs84;u=35": HALL,
    "geo: 37.7749, -122.4194": HALL,
    "geo:0,0?q=37.7749,-122.4194(City Hall)": HALL,
    "geo:37.0,-122.0?q=37.7749,-122.4194(City+Hall)&z=11": HALL,
    "https://maps.apple.com/?ll=37.7749,-122.4194&q=City%20Hall": HALL,
    "http://maps.apple.com/?q=37.7749,-122.4194": HALL,
    "https://maps.apple.com/place?coordinate=37.7749,-122.4194&name=City+Hall": HALL,
    "maps://?ll=37.7749,-122.4194&z=10": HALL,
    # The pin is where somebody tapped, the @ only the middle of their screen.
    f"{GOOGLE}/place/City+Hall/@37.78,-122.42,17z/data=!3m1!4b1!4m6!3m5!1s0x8!8m2!3d37.7749!4d-122.4194!16s": HALL,
    f"{GOOGLE}/search/?api=1&query=37.7749%2C-122.4194": HALL,
    f"{GOOGLE}/search/37.7749,+-122.4194?entry=tts": HALL,
    f"{GOOGLE}?q=37.7749,-122.4194(City Hall)": HALL,
    "https://maps.google.com/?q=loc:37.7749,-122.4194": HALL,
    f"{GOOGLE}/@37.7749,-122.4194,15.5z": HALL,
    "https://www.google.co.uk/maps/place/37%C2%B046'29.6%22N+122%C2%B025'09.8%22W/@37.77,-122.41,17z": HALL_IN_SECONDS,
    f"{GOOGLE}/dir//37.7749,-122.4194/@37.7,-122.4,12z": HALL,
    # The stops of a route, longitude first; the last is where it leads.
    f"{GOOGLE}/dir/A/B/@37,-122,12z/data=!1m1!1s0x1!2m2!1d-100.5!2d30.5!1m1!1s0x3!2m2!1d-122.4194!2d37.7749": HALL,
    f"{GOOGLE}/dir/?api=1&destination=37.7749,-122.4194": HALL,
    "maps.google.com/maps?q=37.7749,-122.4194": HALL,
    "https://www.openstreetmap.org/?mlat=37.7749&mlon=-122.4194#map=15/37.7/-122.4": HALL,
    "https://www.openstreetmap.org/#map=15/37.7749/-122.4194": HALL,
    "https://www.openstreetmap.org/directions?to=37.7749%2C-122.4194#map=12/37/-122": HALL,
    "https://www.openstreetmap.org/directions?engine=fossgis&route=30.5,-100.5;37.7749,-122.4194#map=6/37/-122": HALL,
    "https://www.bing.com/maps?cp=37.7749~-122.4194&lvl=15": HALL,
    "https://waze.com/ul?ll=37.7749%2C-122.4194&navigate=yes": HALL,
    "https://share.here.com/l/37.7749,-122.4194,City%20Hall": HALL,
    # The middles of the cells, as the reference implementations of both codes give them.
    "8FVC9G8F+6X": (47.3655625, 8.5249375),
    "8fvc9g8f+6xq": (47.3655875, 8.524984375),
    "https://plus.codes/8FVC9G8F+6X": (47.3655625, 8.5249375),
    "4QFJ 12345 67890": (21.409801158, -157.916076317),
    "10SEG5108980931": (37.774295013, -122.419873335),
    "33UXP04": (48.249511414, 16.414441404),
    "31XEP1898010934": (83.843953958, 4.585547670),
}

REFUSALS = {
    "91,0": "latitude",
    "0,190": "longitude",
    "-122.4194, 37.7749": "latitude comes first",
    "37,77,-122,41": "decimal points",
    "37.7749": "such as",
    "37°61'00\"N 122°00'00\"W": "up to 59",
    "37°30.5'30\"N 122°00'00\"W": "leave out one",
    "37N 38N": "N or S and one E or W",
    "geo:37,-122;crs=nad27": "wgs84",
    "geo:abc": "write geo:",
    "geo:0,0?q=1600+Amphitheatre+Parkway": "coordinates",
    "https://goo.gl/maps/abc": "long link",
    "https://maps.app.goo.gl/xyz": "long link",
    "https://osm.org/go/0EEQjE--": "long link",
    "https://maps.apple.com/p/abcdef": "long link",
    f"{GOOGLE}/place/Eiffel+Tower": "drop a pin",
    f"{GOOGLE}/dir/Home/Eiffel+Tower/@48.8,2.2,12z": "drop a pin",
    "https://maps.apple.com/?q=Eiffel+Tower": "drop a pin",
    "[-122.4194, 37.7749]": "leave them out",
    "[4.35, 50.85]": "leave them out",
    "https://www.openstreetmap.org/node/123": "drop a pin",
    "9G8F+6X Zurich": "full one",
    "33UAA1234": "no square",
    "33UXK1234": "does not lie",
    "61UXP1234": "grid reference",
    "33UXP123": "as many digits",
    "geo:": "write geo:",
}

NOT_PLACES = (
    "photo.jpg",
    "beach 1,2.jpg",
    "out/in",
    "12/13.png",
    "4QFJ",
    "San Francisco",
    "s3://bucket/1,2",
    "-",
    "nan,nan",
)
NOT_PLACES += (
    "https://example.com/maps?q=1,2",
    "1e3,2",
    "",
    "filled.count.soap",
    "https://google.evil.example/maps/@1,2,3z",
)


@pytest.mark.parametrize(("text", "point"), SPELLINGS.items())
def test_a_spelling_gives_the_coordinates_that_it_means(text: str, point: tuple[float, float]) -> None:
    found = parse(text)

    assert looks_like_place(text)
    assert math.isclose(found.latitude, point[0], abs_tol=1e-6)
    assert math.isclose(found.longitude, point[1], abs_tol=1e-6)


@pytest.mark.parametrize(("text", "remedy"), REFUSALS.items())
def test_what_cannot_be_right_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    with pytest.raises(Rejected) as refused:
        parse(text)

    assert remedy in refused.value.message
    assert refused.value.reason in ("unreadable", "ambiguous")


@pytest.mark.parametrize("text", NOT_PLACES)
def test_paths_and_words_do_not_look_like_places(text: str) -> None:
    assert not looks_like_place(text)
    with pytest.raises(Rejected):
        parse(text)


@pytest.mark.parametrize(
    ("text", "label", "zoom"),
    [
        ("geo:37.0,-122.0?q=37.7749,-122.4194(City+Hall)&z=11", "City Hall", 11),
        ("https://maps.apple.com/?ll=37.7749,-122.4194&q=City%20Hall&z=14", "City Hall", 14),
        (f"{GOOGLE}/place/City+Hall/@37.78,-122.42,17z/data=!3d37.7749!4d-122.4194", "City Hall", 17),
        (f"{GOOGLE}/search/37.7749,+-122.4194", "", None),
        ("https://www.openstreetmap.org/#map=15/37.7749/-122.4194", "", 15),
    ],
)
def test_a_link_keeps_its_label_and_zoom(text: str, label: str, zoom: int | None) -> None:
    found = parse(text)

    assert (found.label, found.zoom) == (label, zoom)
    assert parse(text, zoom=3, label="Mine").zoom == 3


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_survives_its_own_spellings(latitude: float, longitude: float) -> None:
    place = Place(latitude, longitude)

    for text in (place.coordinates, f"geo:{place.coordinates}", place.link(), place.link("apple")):
        found = parse(text)
        assert abs(found.latitude - latitude) <= 1e-6
        assert abs(found.longitude - longitude) <= 1e-6


@given(st.text(max_size=60) | st.from_regex(r"[-+0-9.,;°'\"NSEW :geo?q=&/]{0,40}", fullmatch=True))
def test_nothing_but_a_rejection_is_ever_raised(text: str) -> None:
    looks_like_place(text)
    with suppress(Rejected):
        parse(text)


@pytest.mark.parametrize("opening", ["37 ", "1,", "https://www.google.com/maps/", "N1 ", "+37"])
def test_a_long_text_is_refused_at_once(opening: str) -> None:
    with pytest.raises(Rejected):
        parse(opening * 2_000)
    with pytest.raises(Rejected):
        parse(opening * (3_000 // len(opening)))
