"""What phones and programs write as .vcf, and what a contact holds of it."""

from __future__ import annotations

import base64

import pytest

from mmsprep.contact import Address, Chat, Contact, Email, Link, Phone
from mmsprep.errors import Rejected

from .cards import read


def test_a_bare_comma_belongs_to_the_text() -> None:
    contact = read("FN:Smith, John", "N:Smith, Jr.;John;;;", "NOTE:one, two", "ADR:;;1 Main St, Apt 2;Bonn;;;")
    assert contact.name == "Smith, John"
    assert contact.family == "Smith, Jr."
    assert contact.note == "one, two"
    assert contact.addresses == (Address(street="1 Main St, Apt 2", city="Bonn"),)


def test_a_map_link_keeps_its_longitude_escaped_or_not() -> None:
    for comma in (",", r"\,"):
        link = f"http://maps.apple.com/?ll=50.894967{comma}4.341626&q=50.894967{comma}4.341626"
        contact = read("N:;Current Location;;;", "FN:Current Location", f"item1.URL;type=pref:{link}")
        assert [each.url for each in contact.urls] == [link.replace("\\", "")]


@pytest.mark.parametrize(
    ("version", "line"),
    [("3.0", "GEO:50.894967;4.341626"), ("4.0", "GEO:geo:50.894967,4.341626;u=10"), ("2.1", "GEO:50.894967,4.341626")],
)
def test_coordinates_are_kept_in_every_version(version: str, line: str) -> None:
    assert read("FN:x", line, version=version).geo == (50.894967, 4.341626)


@pytest.mark.parametrize("line", ["GEO:91;0", "GEO:0;181", "GEO:1e2;3", "GEO:north;east", "GEO:1.0"])
def test_coordinates_that_are_none_are_dropped_by_name(line: str) -> None:
    contact = read("FN:x", line)
    assert contact.geo is None
    assert "GEO" in " ".join(contact.dropped)


def test_several_given_names_are_divided_by_commas_and_degrees_stay_a_list() -> None:
    contact = read(r"N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.\, A.C.P.", "FN:x")
    assert (contact.middle, contact.suffix) == ("Philip Paul", "Jr., M.D., A.C.P.")


def test_apples_groups_name_what_a_number_is_for() -> None:
    contact = read(
        "FN:x",
        "item1.TEL:905-222-1234",
        "item1.X-ABLabel:_$!<AssistantPhone>!$_",
        "item2.URL;type=pref:http\\://www.example.com",
        "item2.X-ABLabel:_$!<HomePage>!$_",
        "item3.EMAIL;type=INTERNET:a@example.com",
        "item3.X-ABLabel:Boat",
    )
    assert contact.phones == (Phone("905-222-1234", label="assistant phone"),)
    assert contact.urls == (Link("http://www.example.com", ("pref",), "home page"),)
    assert contact.emails == (Email("a@example.com", label="Boat"),)


def test_bare_types_of_old_cards_are_read() -> None:
    contact = read("FN:x", "TEL;WORK;FAX;VOICE:1234567", "TEL;CELL;PREF:7654321", version="2.1")
    assert [each.kinds for each in contact.phones] == [("work", "fax"), ("pref", "cell")]


def test_quoted_printable_is_joined_and_decoded_in_its_character_set() -> None:
    contact = read(
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen=20=",
        "M=C3=BCller",
        "NOTE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Stra=DFe=0D=0A=",
        "zwei",
        "ORG;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63",
        "ADR;WORK;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;;M=C3=BCnster =",
        "Str. 1;M=C3=BCnster;;48143;Deutschland",
        version="2.1",
    )
    assert contact.name == "Jürgen Müller"
    assert contact.note == "Straße\nzwei"
    assert contact.organization == "山田"
    assert contact.addresses[0].street == "Münster Str. 1"
    assert contact.addresses[0].city == "Münster"


def test_a_soft_break_at_the_end_does_not_swallow_the_end_of_the_card() -> None:
    contact = read("FN:x", "TITLE;ENCODING=QUOTED-PRINTABLE:Chief=", version="2.1")
    assert contact.title == "Chief"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_file_is_read_in_the_encoding_that_it_was_saved_in(codec: str) -> None:
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë Müller\r\nEND:VCARD\r\n"
    (contact,) = Contact.from_vcf(text.encode(codec))
    assert contact.name == "Zoë Müller"
    # Western European is a guess, and said to be one.
    assert bool(contact.dropped) == (codec == "cp1252")


def test_a_character_that_folding_cut_in_two_is_whole_again() -> None:
    assert read("FN:Zo\u00eb".encode()[:-1] + b"\r\n " + b"\xab M").name == "Zoë M"


def test_a_cut_character_costs_that_character_alone() -> None:
    assert read(b"FN:ABC", "NOTE:ÑÑÑÑÑ".encode()[:-1]).note == "ÑÑÑÑ\ufffd"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\r\n"])
def test_every_end_of_line_is_read(end: str) -> None:
    lines = ["BEGIN:vCard", "VERSION:3.0", "FN:A B", "NOTE:long", "  folded", "END:vcard"]
    (contact,) = Contact.from_vcf(end.join(lines).encode())
    assert (contact.name, contact.note) == ("A B", "long folded")


def test_photos_are_read_however_they_are_wrapped() -> None:
    data = bytes(range(250))
    letters = base64.b64encode(data).decode()
    rows = [letters[at : at + 60] for at in range(0, len(letters), 60)]
    heads = {
        "apple": [f"PHOTO;ENCODING=b;TYPE=JPEG:{rows[0]}", *(f" {row}" for row in rows[1:])],
        "outlook": ["PHOTO;TYPE=JPEG;ENCODING=BASE64:", *(f" {row}" for row in rows), ""],
        "bare": ["PHOTO;BASE64:", *(f"  {row}" for row in rows)],
        "not folded": [f"PHOTO;ENCODING=BASE64;JPEG:{rows[0]}", *rows[1:], ""],
        "4.0": [f"PHOTO:data:image/jpeg;base64,{rows[0]}", *(f" {row}" for row in rows[1:])],
        "4.0 escaped": [f"PHOTO:data:image/jpeg;base64\\,{rows[0]}", *(f" {row}" for row in rows[1:])],
    }
    for make, lines in heads.items():
        assert read("FN:x", *lines, "TITLE:after").photo == data, make
        assert read("FN:x", *lines, "TITLE:after").title == "after", make


def test_a_photo_at_an_address_is_named_and_not_kept() -> None:
    contact = read("FN:x", "PHOTO;VALUE=URI:http://127.0.0.1:9/p.jpg", "LOGO;VALUE=uri:file:///etc/passwd")
    assert contact.photo is None
    assert "never fetched" in " ".join(contact.dropped)
    assert "LOGO" in " ".join(contact.dropped)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "intent://x", "a b"])
def test_a_link_that_is_no_web_address_is_named_and_not_kept(link: str) -> None:
    contact = read("FN:x", f"URL:{link}")
    assert contact.urls == ()
    assert "link" in " ".join(contact.dropped)


def test_a_web_address_may_lack_its_scheme_or_have_a_port() -> None:
    contact = read("FN:x", "URL:www.example.com", "URL:example.com:8080/x")
    assert [each.url for each in contact.urls] == ["www.example.com", "example.com:8080/x"]


def test_what_follows_a_line_break_in_a_name_is_no_part_of_it() -> None:
    contact = read("FN;ENCODING=QUOTED-PRINTABLE:Bob=0D=0AEND:VCARD=0D=0ABEGIN:VCARD", "N:B", version="2.1")
    assert contact.name == "Bob"
    assert "END:VCARD" in " ".join(contact.dropped)


@pytest.mark.parametrize(
    ("line", "birthday"),
    [
        ("BDAY:1985-04-12", "1985-04-12"),
        ("BDAY;VALUE=date:19850412", "1985-04-12"),
        ("BDAY:1953-10-15T23:10:00Z", "1953-10-15"),
        ("BDAY:--0412", "--04-12"),
        ("BDAY:--04-12", "--04-12"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "--02-29"),
        ("BDAY:1985/4/12", "1985-04-12"),
        ("BDAY:0000-04-12", "--04-12"),
        ("BDAY;VALUE=text:circa 1800", ""),
        ("BDAY:0000", ""),
        ("BDAY:1985-02-30", ""),
    ],
)
def test_birthdays_are_read_with_and_without_a_year(line: str, birthday: str) -> None:
    contact = read("FN:x", line)
    assert contact.birthday == birthday
    assert bool(birthday) != ("BDAY" in " ".join(contact.dropped))


def test_an_address_as_one_text_is_kept_when_it_says_more() -> None:
    same = read("FN:x", "ADR;HOME:;;100 Lane;Beach;ON;H0H;", "LABEL;HOME:100 Lane\\nBeach, ON H0H", version="2.1")
    more = read("FN:x", "ADR;HOME:;;100 Lane;Beach;ON;H0H;", "LABEL;WORK:7 Other Road\\nBeach", version="2.1")
    assert len(same.addresses) == 1
    assert more.addresses[1] == Address(street="7 Other Road\nBeach", kinds=("work",))


def test_a_label_that_should_have_been_quoted_does_not_eat_the_address() -> None:
    label = "Street 1^nGERMANY^': BHG01:^nx"
    line = f"ADR;TYPE=work;LABEL={label}:61352 Bad Homburg\\nGERMANY:;BHG01:;Street 1;Bad Homburg;;1;DE"
    (address,) = read("FN:x", line, version="4.0").addresses[:1]
    assert address.po_box == "61352 Bad Homburg\nGERMANY:"
    assert address.country == "DE"


def test_chats_are_read_from_every_spelling() -> None:
    contact = read(
        "FN:x", "X-AIM:a", "IMPP;X-SERVICE-TYPE=Skype:skype:b.c", "IMPP:xmpp:d@example.com", "X-SKYPE-USERNAME:e"
    )
    services = (Chat("AIM", "a"), Chat("Skype", "b.c"), Chat("Jabber", "d@example.com"), Chat("Skype", "e"))
    assert contact.chats == services


def test_a_tel_uri_is_a_number_with_its_extension() -> None:
    contact = read("FN:x", "TEL;VALUE=uri;TYPE=work:tel:+1-418-656-9254;ext=102", version="4.0")
    assert contact.phones == (Phone("+1-418-656-9254", ("work",), extension="102"),)


def test_what_no_field_holds_is_named_and_bookkeeping_is_not() -> None:
    contact = read("FN:x", "GENDER:M", "X-SPOUSE:Ann", "TITLE:a", "TITLE:b", "UID:1", "REV:2", "PRODID:3", "KEY:abc")
    said = " ".join(contact.dropped)
    assert all(word in said for word in ("GENDER", "Ann", "“b”", "KEY"))
    assert not any(word in said for word in ("UID", "REV", "PRODID"))


def test_androids_own_lines_are_read() -> None:
    contact = read(
        "FN:x",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Joe;1;;;;;;;;;;;;;",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;2001-02-03;1;;;;;;;;;;;;;",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/relation;Bo;14;;;;;;;;;;;;;",
        version="2.1",
    )
    assert (contact.nickname, contact.anniversary) == ("Joe", "2001-02-03")
    assert "Bo" in " ".join(contact.dropped)


def test_what_whatsapp_and_iphones_add_does_no_harm() -> None:
    contact = read(
        "FN:x",
        "item1.TEL;waid=12125550100:+1 212 555-0100",
        "item1.X-ABLabel:Mobile",
        "X-SOCIALPROFILE;type=twitter;x-user=ada:http://twitter.com/ada",
        "X-SOCIALPROFILE;type=gamecenter:x-apple:ada",
        "CATEGORIES:myContacts,starred",
    )
    assert contact.phones == (Phone("+1 212 555-0100", label="Mobile"),)
    assert contact.urls == (Link("http://twitter.com/ada", label="twitter"),)
    assert contact.chats == (Chat("gamecenter", "ada"),)
    assert contact.dropped == ()


def test_how_a_japanese_name_sounds_is_kept() -> None:
    sound = b"SOUND;X-IRMC-N;CHARSET=SHIFT_JIS:" + "ヤマダ;タロウ;;;".encode("shift_jis")
    contact = read(b"N;CHARSET=SHIFT_JIS:" + "山田;太郎;;;".encode("shift_jis"), sound, version="2.1")
    assert (contact.family, contact.given) == ("山田", "太郎")
    assert (contact.phonetic_family, contact.phonetic_given) == ("ヤマダ", "タロウ")
    assert contact.dropped == ()


def test_a_line_that_is_none_is_named() -> None:
    assert "FN;card" in " ".join(read("FN;card", "TITLE:x").dropped)


def test_a_quoted_parameter_may_hold_anything() -> None:
    contact = read("FN:x", 'TEL;X-NOTE="a;b:c,d";TYPE="home,fax":12345678', 'EMAIL;TYPE="work:a@example.com')
    assert contact.phones == (Phone("12345678", ("home", "fax")),)
    assert contact.emails == (Email("a@example.com", ("work",)),)


@pytest.mark.parametrize("start", [("AGENT:BEGIN:VCARD",), ("AGENT;TYPE=x:", "BEGIN:VCARD")])
def test_an_agents_numbers_are_not_the_persons(start: tuple[str, ...]) -> None:
    contact = read("FN:Jane", *start, "FN:Smith", "TEL:999999999", "END:VCARD", "TEL:123456789", version="2.1")
    assert contact.name == "Jane"
    assert [each.number for each in contact.phones] == ["123456789"]
    assert "a card within the card" in contact.dropped


def test_a_card_within_a_card_is_left_out_and_named() -> None:
    contact = read("FN:Boss", "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:Aide", "END:VCARD", "TITLE:x", version="2.1")
    assert (contact.name, contact.title) == ("Boss", "x")
    assert "card within" in " ".join(contact.dropped)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"BEGIN:VCARD\r\nFN:x\r\n", "damaged"),
        (b"hello", "damaged"),
        (b"BEGIN:VCARD\r\n" * 3 + b"END:VCARD\r\n" * 3, "damaged"),
        (b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n" * 11, "too-many-files"),
        (b'BEGIN:VCARD\r\nFN:x\r\nNOTE;X="' + b"a;" * 100_000 + b"\r\nEND:VCARD\r\n", "damaged"),
        (b"BEGIN:VCARD\r\n" + b"TEL:1\r\n" * 3_000 + b"END:VCARD\r\n", "too-costly"),
    ],
)
def test_what_is_no_card_or_too_much_of_one_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        Contact.from_vcf(data)
    assert caught.value.reason == reason
