"""Contacts as Python values, dicts, JSON, jCard and rows of a table."""

from __future__ import annotations

import base64
import csv
import json
from datetime import date
from io import StringIO

import pytest

from mmsprep.contact import Address, Chat, Contact, Email, Link, Phone
from mmsprep.errors import Rejected


def test_text_is_cleaned_of_what_controls_a_terminal_or_a_parser() -> None:
    contact = Contact(name="Bob\r\nTEL:+1\x00\x1b[31m", note="a\x07b\r\nc\u202ed\u2028e", title="\ud800x")
    assert contact.name == "Bob TEL:+1[31m"
    assert contact.note == "ab\ncd\ne"
    assert contact.title == "\ufffdx"


def test_a_text_where_a_value_belongs_says_what_takes_texts() -> None:
    with pytest.raises(TypeError, match="from_dict"):
        Contact(phones=("+12125550100",))  # type: ignore[arg-type]


def test_a_run_of_blanks_is_too_short_to_fill_a_line() -> None:
    contact = Contact(note="a" + " " * 200 + "b", name="c" + "\u3000" * 200 + "d")
    assert contact.note == "a" + " " * 20 + "b"
    assert contact.name == "c" + "\u3000" * 20 + "d"


@pytest.mark.parametrize(
    ("text", "number", "extension"),
    [
        ("+1 418-656-9254 x102", "+1 418-656-9254", "102"),
        ("+1 418-656-9254 ext. 102", "+1 418-656-9254", "102"),
        ("+1 418-656-9254;ext=102", "+1 418-656-9254", "102"),
        ("+1 418-656-9254,,102#", "+1 418-656-9254", "102#"),
        ("+14186569254p12w3", "+14186569254", "12w3"),
        ("+49 30 1234567 Durchwahl 8", "+49 30 1234567", "8"),
        ("(418) 656-9254", "(418) 656-9254", ""),
        ("1-800-FLOWERS", "1-800-FLOWERS", ""),
        ("*100#", "*100#", ""),
    ],
)
def test_an_extension_is_told_from_the_number(text: str, number: str, extension: str) -> None:
    assert Phone(text) == Phone(number, extension=extension)


def test_kinds_are_known_words_in_one_order_and_others_become_the_label() -> None:
    assert Phone("1234567", ("FAX", "Business", "voice")).kinds == ("work", "fax")
    assert Email("a@example.com", ("school",)).label == "school"


def test_a_dict_may_use_the_names_that_other_programs_use() -> None:
    contact = Contact.from_dict(
        {
            "firstName": "Jane",
            "last_name": "Doe",
            "company": "Acme",
            "jobTitle": "Chief",
            "mobile": "+1 212 555 0100",
            "phone": [{"value": "+1 212 555 0101", "type": "work", "ext": 7}],
            "email": "jane@example.com",
            "address": {"line1": "1 Main St", "city": "New York", "state": "NY", "zip": 10001, "country": "USA"},
            "website": ["https://example.com"],
            "im": {"Skype": "jane.doe"},
            "birthday": date(1985, 4, 12),
            "lat": 40.7,
            "lng": -74.0,
            "notes": ["one", "two"],
            "favouriteColour": "green",
        }
    )
    assert (contact.given, contact.family, contact.organization, contact.title) == ("Jane", "Doe", "Acme", "Chief")
    assert contact.phones == (Phone("+1 212 555 0100", ("cell",)), Phone("+1 212 555 0101", ("work",), extension="7"))
    assert contact.emails == (Email("jane@example.com"),)
    assert contact.addresses == (
        Address(street="1 Main St", city="New York", region="NY", postcode="10001", country="USA"),
    )
    assert contact.urls == (Link("https://example.com"),)
    assert contact.chats == (Chat("Skype", "jane.doe"),)
    assert (contact.birthday, contact.geo, contact.note) == ("1985-04-12", (40.7, -74.0), "one\ntwo")
    assert contact.dropped == ("favouriteColour “green”",)


def test_numbers_may_be_an_object_by_kind() -> None:
    contact = Contact.from_dict({"name": "x", "phones": {"home": "+12125550100", "fax": "+12125550101"}})
    assert contact.phones == (Phone("+12125550100", ("home",)), Phone("+12125550101", ("fax",)))


@pytest.mark.parametrize(
    "values",
    [
        {"name": {"a": {}}, "phones": [[]]},
        {"name": "x", "phones": [True]},
        {"name": "x", "birthday": "soon"},
        {"name": "x", "geo": "here"},
        {"name": "x", "geo": [91, 0]},
        {"name": "x", "geo": [float("nan"), 0]},
        {"name": "x", "photo": "!!!"},
        {"name": "x", "geo": "somewhere"},
        {"name": "x", "addresses": [{"planet": "Mars"}]},
    ],
)
def test_a_value_of_the_wrong_form_is_rejected_with_what_is_wanted(values: dict[str, object]) -> None:
    with pytest.raises(Rejected) as caught:
        Contact.from_dict(values)
    assert caught.value.reason == "damaged"


def test_links_in_a_dict_are_held_to_the_same_rule_as_in_a_card() -> None:
    contact = Contact.from_dict({"name": "x", "url": ["javascript:alert(1)", "https://example.com"]})
    assert contact.urls == (Link("https://example.com"),)
    assert "javascript" in " ".join(contact.dropped)


def test_what_address_books_write_as_json_is_read() -> None:
    contact = Contact.from_dict(
        {
            "name": "Ann",
            "phones": {"home": "+12125550100", "work": ["+12125550101", None, "+12125550102"]},
            "mobile number": 2125550103.0,
            "geo": "50.85, 4.35",
            "photo": "https://example.com/a.jpg",
        }
    )
    assert [(each.number, each.kinds) for each in contact.phones] == [
        ("+12125550100", ("home",)),
        ("+12125550101", ("work",)),
        ("+12125550102", ("work",)),
        ("2125550103", ("cell",)),
    ]
    assert contact.geo == (50.85, 4.35)
    assert contact.photo is None
    assert contact.dropped == ("a photo at a web address, which is never fetched",)


def test_a_photo_in_json_is_base64() -> None:
    data = bytes(range(256))
    assert Contact.from_dict({"name": "x", "photo": base64.b64encode(data).decode()}).photo == data
    assert Contact.from_dict({"name": "x", "photo": data}).photo == data


def test_json_nested_as_no_contact_is_rejected() -> None:
    deep = b'{"name":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    for data in (deep, b'{"name":' * 20 + b"1" + b"}" * 20, b"{", b"\xff"):
        with pytest.raises(Rejected):
            Contact.from_json(data)


def test_a_jcard_is_read_like_the_card_that_it_stands_for() -> None:
    card = [
        "vcard",
        [
            ["version", {}, "text", "4.0"],
            ["fn", {}, "text", "Simon; Perreault, x"],
            ["n", {}, "text", ["Perreault", "Simon", "", "", ["ing. jr", "M.Sc."]]],
            ["bday", {}, "date-and-or-time", "--02-03"],
            ["org", {"type": "work"}, "text", ["Viagenie", "R&D"]],
            ["adr", {"type": ["work", "pref"]}, "text", ["", "", ["2875", "Laurier"], "Quebec", "QC", "G1V", ""]],
            ["tel", {"type": ["work", "voice"], "pref": "1"}, "uri", "tel:+1-418-656-9254;ext=102"],
            ["email", {"type": "work"}, "text", "simon@example.ca"],
            ["geo", {"type": "work"}, "uri", "geo:46.772673,-71.282945"],
            ["url", {"group": "item1"}, "uri", "http://example.com/?a=1,2;3"],
            ["x-ablabel", {"group": "item1"}, "unknown", "map"],
            ["gender", {}, "text", "M"],
        ],
    ]
    contact = Contact.from_json(json.dumps(card).encode())
    assert contact.name == "Simon; Perreault, x"
    assert (contact.family, contact.suffix, contact.birthday) == ("Perreault", "ing. jr, M.Sc.", "--02-03")
    assert (contact.organization, contact.department) == ("Viagenie", "R&D")
    assert contact.addresses[0].street == "2875,Laurier"
    assert contact.phones == (Phone("+1-418-656-9254", ("pref", "work"), extension="102"),)
    assert contact.geo == (46.772673, -71.282945)
    assert contact.urls == (Link("http://example.com/?a=1,2;3", label="map"),)
    assert "GENDER" in " ".join(contact.dropped)


@pytest.mark.parametrize("card", [[], ["vcard"], ["vcard", [[]]], ["vcard", [["fn"]]], ["x", [], []], "x", None])
def test_what_is_no_jcard_is_rejected(card: object) -> None:
    with pytest.raises(Rejected):
        Contact.from_jcard(card)


def row_of(text: str) -> Contact:
    (row,) = csv.DictReader(StringIO(text))
    return Contact.from_row(row)


def test_a_row_of_outlook_is_read() -> None:
    contact = row_of(
        "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business City,"
        "Business State,Business Postal Code,Business Country/Region,Home Street,Business Fax,Business Phone,"
        "Business Phone 2,Mobile Phone,E-mail Address,E-mail 2 Address,Web Page,Birthday,Anniversary,Notes,"
        "Gender,Spouse\n"
        'Dr.,Ann,B.,Lee,PhD,Acme,Sales,Chief,"1 Main St\nFloor 2",Reno,NV,89501,USA,9 Elm St,+17755550102,+17755550100,'
        "+17755550103,+17755550101,ann@example.com,ann@example.org,https://example.com,4/25/1980,0/0/00,"
        '"likes tea, not coffee",Unspecified,Bo\n'
    )
    assert contact.name == "Dr. Ann B. Lee PhD"
    assert (contact.prefix, contact.title, contact.department) == ("Dr.", "Chief", "Sales")
    assert Phone("+17755550101", ("cell",)) in contact.phones
    assert Phone("+17755550102", ("work", "fax")) in contact.phones
    assert len(contact.phones) == 4
    assert [each.address for each in contact.emails] == ["ann@example.com", "ann@example.org"]
    business = Address(
        street="1 Main St\nFloor 2", city="Reno", region="NV", postcode="89501", country="USA", kinds=("work",)
    )
    assert contact.addresses == (business, Address(street="9 Elm St", kinds=("home",)))
    assert (contact.birthday, contact.note) == ("1980-04-25", "likes tea, not coffee")
    assert "Bo" in " ".join(contact.dropped)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Given Name,Family Name,Organization 1 - Name", "Type"),
        ("First Name,Last Name,Organization Name", "Label"),
    ],
)
def test_a_row_of_google_is_read_in_both_generations(head: str, kind: str) -> None:
    contact = row_of(
        f"{head},E-mail 1 - {kind},E-mail 1 - Value,Phone 1 - {kind},Phone 1 - Value,Phone 2 - {kind},Phone 2 - Value,"
        f"Address 1 - {kind},Address 1 - Formatted,Address 1 - Street,Address 1 - City,Website 1 - {kind},"
        f"Website 1 - Value,Event 1 - {kind},Event 1 - Value,Birthday,Custom Field 1 - Value\n"
        "Ann,Lee,Acme,* Work,ann@example.com ::: ann@example.org,Mobile,+17755550101,Work Fax,+17755550102,"
        '"Home","9 Elm St\nReno",9 Elm St,Reno,Blog,https://example.com,Anniversary,2001-02-03,--04-12,extra\n'
    )
    assert (contact.given, contact.family, contact.organization) == ("Ann", "Lee", "Acme")
    assert contact.emails == (Email("ann@example.com", ("work",)), Email("ann@example.org", ("work",)))
    assert contact.phones == (Phone("+17755550101", ("cell",)), Phone("+17755550102", ("work", "fax")))
    assert contact.addresses == (Address(street="9 Elm St", city="Reno", kinds=("home",)),)
    assert contact.urls == (Link("https://example.com", label="blog"),)
    assert (contact.birthday, contact.anniversary) == ("--04-12", "2001-02-03")
    assert "extra" in " ".join(contact.dropped)


def test_a_date_that_can_be_read_in_two_ways_is_named_and_not_guessed() -> None:
    contact = row_of("First Name,Last Name,Birthday\nAnn,Lee,3/4/1980\n")
    assert contact.birthday == ""
    assert "3/4/1980" in " ".join(contact.dropped)


def test_a_row_with_plain_headings_is_read_like_a_dict() -> None:
    contact = row_of("full name,phone,website\nAnn Lee,+17755550101,https://example.com\n")
    assert (contact.name, contact.phones) == ("Ann Lee", (Phone("+17755550101"),))


def test_a_summary_says_what_is_in_it() -> None:
    contact = Contact(name="Ann", phones=(Phone("+17755550101 x2"),), photo=b"123", note="hello")
    assert contact.summary() == {
        "name": "Ann",
        "phones": ["+17755550101 ext. 2"],
        "photo_bytes": 3,
        "note_chars": 5,
    }


def test_the_name_to_show_is_whatever_tells_whom_this_is() -> None:
    assert Contact(given="Ann", family="Lee").shown_name == "Ann Lee"
    assert Contact(organization="Acme", emails=(Email("a@example.com"),)).shown_name == "Acme"
    assert Contact(phones=(Phone("+17755550101"),)).shown_name == "+17755550101"
    assert Contact(birthday="1985-04-12").empty
