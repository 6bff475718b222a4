"""Cards that open a map on a tap, sent and received."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.place import Place, from_vcard, to_vcard
from mmsprep.place.model import one_line

POINT = Place(37.774929, -122.419418)


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", "N:;Current Location;;;", *lines, "END:VCARD", ""))


@pytest.mark.parametrize("version", ["2.1", "3.0"])
@pytest.mark.parametrize("label", ["", "Café, Zürich; \\ the “best” 東京タワー", "x" * 110])
def test_a_card_gives_back_what_went_into_it(version: str, label: str) -> None:
    place = Place(-18.141588, 178.442166, label=label)

    assert from_vcard(to_vcard(place, version).decode()) == place


def test_the_link_keeps_its_longitude_for_readers_that_split_at_commas() -> None:
    unfolded = to_vcard(POINT).replace(b"\r\n ", b"")

    assert rb"URL;type=pref:http://maps.apple.com/?ll=37.774929\,-122.419418&q=37.774929\,-122.419418" in unfolded


@given(st.text(max_size=200).map(one_line))
def test_lines_are_folded_at_75_bytes_between_characters(label: str) -> None:
    data = to_vcard(Place(1, 2, label=label))

    lines = data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert lines[-1] == b""
    for line in lines:
        line.decode()  # a character cut in two would not decode


def test_a_label_cannot_add_a_property() -> None:
    data = to_vcard(Place(1, 2, label=one_line("x\r\nTEL:911\x85NOTE:y\u2028URL:z")))

    assert data.count(b"\r\n") == 6
    assert b"\nTEL" not in data


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (card(r"URL;type=pref:http://maps.apple.com/?ll=37.774929\,-122.419418&q=37.774929\,-122.419418"), POINT),
        (
            card("item1.URL;type=pref:http://maps.apple.com/?ll=37.774929,-122.", " 419418", "item1.X-ABLabel:map url"),
            POINT,
        ),
        (card("GEO:37.774929;-122.419418"), POINT),
        (card("GEO:geo:37.774929\\,-122.419418", version="4.0"), POINT),
        (card("GEO:-122.419418,37.774929", version="2.1"), POINT),
        (
            card("URL;ENCODING=QUOTED-PRINTABLE:https://www.google.com/maps?q=3D37.774929,-122.419418", version="2.1"),
            POINT,
        ),
        (
            card(
                "URL;PREF;ENCODING=QUOTED-PRINTABLE:http://maps.google.com/maps?f=3Dq&q=3D(37.774929,=",
                "-122.419418)",
                version="2.1",
            ),
            POINT,
        ),
        (card("GEO:37.774929,-22.5", version="2.1"), Place(37.774929, -22.5)),
        (
            card(
                r"item1.URL:https://maps.apple.com/place?coordinate=37.774929\,-122.419418&name=Current%20Location",
                "FN:Current Location",
            ),
            POINT,
        ),
        (card("URL:https://example.com", "URL:https://www.google.com/maps/@37.774929,-122.419418,12z"), None),
        (card("FN:Joe", "TEL:+15551234567", "URL:https://example.com/1,2"), None),
        (card("GEO:999;999"), None),
        ("", None),
        ("no card at all", None),
    ],
)
def test_a_received_card_gives_its_coordinates(text: str, place: Place | None) -> None:
    found = from_vcard(text)

    if "/@" in text:
        assert found == Place(POINT.latitude, POINT.longitude, zoom=12)
    else:
        assert found == place


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_received_card_is_read_in_the_encoding_that_it_was_saved_in(codec: str) -> None:
    assert from_vcard(card("FN:Café", "GEO:1.5;2.5").encode(codec)) == Place(1.5, 2.5, "Café")


def test_the_label_of_an_old_card_is_read_in_its_encoding() -> None:
    text = card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9", "GEO:1.5;2.5", version="2.1")
    assert from_vcard(text) == Place(1.5, 2.5, "Café")
