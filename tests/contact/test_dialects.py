"""What single phones and programs write in a way of their own."""

from __future__ import annotations

import base64

import pytest

from mmsprep.contact import Address, Chat, Contact

from .cards import read


@pytest.mark.parametrize("between", ["\r\n", "\r\n\r\n", "\r\n \t", "\r\n\t"])
def test_a_photo_is_whole_however_its_lines_are_indented_and_parted(between: str) -> None:
    photo = bytes(range(256)) * 3
    letters = base64.b64encode(photo).decode()
    parts = [letters[at : at + 64] for at in range(0, len(letters), 64)]
    body = "".join(part + ("\r\n " if at % 3 else between) for at, part in enumerate(parts[:-1])) + parts[-1]
    contact = read("FN:x", f"PHOTO;ENCODING=BASE64;JPEG:{body}", "", "TEL:123456789", version="2.1")
    assert contact.photo == photo
    assert [each.number for each in contact.phones] == ["123456789"]
    assert contact.dropped == ()


def test_cards_that_were_put_together_without_a_line_break_are_all_read() -> None:
    one = b"BEGIN:VCARD\nVERSION:3.0\nFN:One\nEND:VCARD"
    assert [each.name for each in Contact.from_vcf(one + one.replace(b"One", b"Two") + b"\n")] == ["One", "Two"]


def test_many_lines_that_cannot_be_read_are_counted() -> None:
    contact = read("FN:x", *[f"odd line {at}" for at in range(40)])
    assert len(contact.dropped) == 6
    assert "35 more" in contact.dropped[-1]


def test_a_kind_of_ones_own_as_samsung_writes_it_is_the_label() -> None:
    contact = read(
        "FN:x",
        "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=EC=82=AC=EB=AC=B4):02-123-4567",
        "EMAIL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,Soccer coach):coach@example.com",
        "TEL;X-Boat:02-123-4568",
        version="2.1",
    )
    assert [each.label for each in contact.phones] == ["사무", "boat"]
    assert [each.label for each in contact.emails] == ["soccer coach"]


def test_samsungs_address_is_kept_once() -> None:
    lines = ["FN:x", "ADR;HOME:;;1 Main St;Bonn;;53111;DE", "X-SAMSUNGADR:;;1 Main St;Bonn;;53111;DE "]
    assert len(read(*lines, version="2.1").addresses) == 1
    alone = read("FN:x", lines[2], version="2.1")
    assert alone.addresses == (Address(street="1 Main St, Bonn, 53111, DE"),)


def test_the_whole_address_that_google_adds_behind_the_country_is_no_country() -> None:
    contact = read("FN:x", r"ADR:;;1 Main St;Bonn;;53111;DE;1 Main St\n53111 Bonn\nDE")
    assert contact.addresses == (Address(street="1 Main St", city="Bonn", postcode="53111", country="DE"),)


def test_an_address_label_of_version_4_says_nothing_new_and_its_coordinates_are_named() -> None:
    contact = read(r'ADR;LABEL="1 Main St\nBonn";GEO="geo:50.7,7.1":;;1 Main St;Bonn;;;', "FN:x", version="4.0")
    assert contact.addresses == (Address(street="1 Main St", city="Bonn"),)
    assert contact.dropped == ("where an address is: “geo:50.7,7.1”",)


def test_kde_and_new_apple_lines_are_read_or_say_nothing() -> None:
    contact = read(
        "FN:x",
        "X-KADDRESSBOOK-X-Anniversary:2010-05-05",
        "X-KADDRESSBOOK-X-IMAddress:x@jabber.example",
        "X-messaging/skype-All:x.skype",
        "X-KADDRESSBOOK-BlogFeed:http://blog.example.com",
        "item1.X-SOCIALPROFILE;type=pref;x-user=x:x-apple:x_b",
        "item1.X-ABLabel:Bluesky",
        "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://m.example/@x",
        "IMPP:https://matrix.example/#/@x",
        "X-ADDRESSING-GRAMMAR:nk4spn",
        "VND-63-SENSITIVE-CONTENT-CONFIG:YnBs",
        "X-IMAGEBACKGROUNDCOLORSDATA:YnBs",
    )
    assert contact.anniversary == "2010-05-05"
    assert contact.chats == (Chat("IM", "x@jabber.example"), Chat("Skype", "x.skype"), Chat("Bluesky", "x_b"))
    assert [(each.url, each.label) for each in contact.urls] == [
        ("http://blog.example.com", ""),
        ("https://m.example/@x", "Mastodon"),
        ("https://matrix.example/#/@x", ""),
    ]
    assert contact.dropped == ()
