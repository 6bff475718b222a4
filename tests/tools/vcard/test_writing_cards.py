"""Cards as they leave: read again by us, by vobject and by a reader that shares nothing with either."""

from __future__ import annotations

from dataclasses import replace

import icalendar
import pytest
import vobject
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mmsprep.contact import Address, Chat, Contact, Email, Link, Phone
from mmsprep.contact.allowed import PARAMETERS
from mmsprep.contact.text import KINDS
from mmsprep.errors import Rejected
from mmsprep.tools.vcard import build
from mmsprep.tools.vcard.lines import as_sent, lines_of
from mmsprep.tools.vcard.v30 import folded
from mmsprep.tools.vcard.verify import verify

# Shrinking a whole contact takes minutes, and tells no more than the fields that differ.
QUICK = settings(phases=(Phase.explicit, Phase.generate))

# What breaks cards: separators, escapes, folding, quoting, line ends, wide characters, words of the format.
TEXTS = st.one_of(
    st.text(max_size=120),
    st.text(alphabet=st.sampled_from(list("\\,;:\"'=^\r\n\t nN%.-ß€😀\u3000\u200d\u0301")), max_size=200),
    st.sampled_from(["END:VCARD", "a\r\nTEL:+1", "quoted-printable =", "\\n", "\\", ";;;", " " * 200, "=0D=0A"]),
    st.just("x" * 300),
)
KIND_SETS = st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple)
DATES = st.one_of(st.just(""), st.dates().map(str), st.dates().map(lambda day: f"--{day:%m-%d}"))
DEGREES = st.tuples(st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, allow_nan=False))
NUMBERS = st.one_of(TEXTS, st.from_regex(r"\+1[2-9]\d{2}[2-9]\d{6}( x\d{1,4})?", fullmatch=True))
WEB = st.builds("https://example.com/{}".format, st.text(alphabet=st.characters(categories=["L", "N"]), max_size=80))
CONTACTS = st.builds(
    Contact,
    **dict.fromkeys(("name", "prefix", "given", "middle", "family", "suffix", "nickname", "phonetic_given"), TEXTS),
    **dict.fromkeys(("phonetic_family", "organization", "department", "title", "role", "note"), TEXTS),
    phones=st.lists(st.builds(Phone, NUMBERS, KIND_SETS, TEXTS), max_size=3).map(tuple),
    emails=st.lists(st.builds(Email, TEXTS, KIND_SETS, TEXTS), max_size=3).map(tuple),
    addresses=st.lists(
        st.builds(
            Address,
            **dict.fromkeys(("street", "city", "region", "postcode", "country", "po_box", "extended"), TEXTS),
            kinds=KIND_SETS,
            label=TEXTS,
        ),
        max_size=2,
    ).map(tuple),
    urls=st.lists(st.builds(Link, WEB, KIND_SETS, TEXTS), max_size=2).map(tuple),
    chats=st.lists(st.builds(Chat, st.one_of(TEXTS, st.sampled_from(["AIM", "Skype"])), TEXTS), max_size=2).map(tuple),
    birthday=DATES,
    anniversary=DATES,
    geo=st.one_of(st.none(), DEGREES),
)


@settings(QUICK, max_examples=100)
@given(CONTACTS, st.sampled_from(["3.0", "2.1"]))
def test_every_contact_survives_a_round_trip(contact: Contact, version: str) -> None:
    sent, _ = as_sent(contact, "US")
    data = build(sent, None, version)
    assert Contact.from_vcf(data) == (sent,)
    again, _ = as_sent(sent, "US")
    assert build(again, None, version) == data


@settings(QUICK, max_examples=50)
@given(CONTACTS, st.binary(max_size=300))
def test_every_contact_survives_the_way_into_the_isolation(contact: Contact, photo: bytes) -> None:
    whole = replace(contact, photo=photo or None, dropped=("GENDER “M”",))
    assert Contact.from_json(whole.to_json()) == whole


@settings(QUICK, max_examples=80)
@given(CONTACTS, st.sampled_from(["3.0", "2.1"]))
def test_no_text_becomes_a_line_a_property_or_a_parameter_of_its_own(contact: Contact, version: str) -> None:
    sent, _ = as_sent(contact, "US")
    data = build(sent, None, version)
    lines = data.split(b"\r\n")
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    assert all(len(line) <= (75 if version == "3.0" else 120) for line in lines)
    assert sum(line.strip().upper() == b"END:VCARD" for line in lines) == 1
    data.decode("ascii" if version == "2.1" else "utf-8")
    if version == "3.0":
        heads = [line.split(b":")[0].split(b";")[0].decode() for line in lines if line and line[:1] != b" "]
        names = {head.rpartition(".")[2].upper() for head in heads}
        assert names <= {*PARAMETERS, "BEGIN", "END"}
        assert len(heads) == 3 + sum(1 + bool(each.label) for each in lines_of(sent))


@settings(QUICK, max_examples=100)
@given(CONTACTS)
def test_a_second_reader_finds_every_field(contact: Contact) -> None:
    # That reader undoes escapes before it divides: a semicolon in a name is one more part, a backslash one less.
    sent, _ = as_sent(Contact.from_json(contact.to_json().replace(b";", b",").replace(b"\\\\", b"/")), "US")
    data = build(sent, None, "3.0")
    card = icalendar.Component.from_ical(data)
    assert not card.errors
    names = [name.rpartition(".")[2] for name, _ in card.property_items(recursive=False)]
    assert names.count("TEL") == len(sent.phones)
    assert names.count("ADR") == len(sent.addresses)
    urls = [str(value) for name, value in card.property_items(recursive=False) if name.rpartition(".")[2] == "URL"]
    assert sorted(urls) == sorted(each.url for each in sent.urls)


def test_vobject_finds_what_a_bare_comma_would_have_cost() -> None:
    contact = Contact(
        name="Smith, John; Jr.",
        addresses=(Address(street="1 Main St, Apt 2\nBack; door", city="Bonn"),),
        urls=(Link("http://maps.apple.com/?ll=50.894967,4.341626&q=50.894967,4.341626"),),
        note="one, two; three\\n",
        geo=(50.894967, 4.341626),
    )
    sent, _ = as_sent(contact, None)
    card = vobject.readOne(build(sent, None, "3.0").decode())
    assert card.fn.value == "Smith, John; Jr."
    assert card.adr.value.street == "1 Main St, Apt 2\nBack; door"
    assert card.url.value == "http://maps.apple.com/?ll=50.894967,4.341626&q=50.894967,4.341626"
    assert card.note.value == "one, two; three\\n"
    assert card.geo.value == "50.894967;4.341626"


def test_a_service_of_the_senders_own_stands_in_no_parameter() -> None:
    contact = Contact(name="x", chats=(Chat('Evil"\r\nTEL:+1;X=', "handle"),))
    sent, _ = as_sent(contact, None)
    data = build(sent, None, "3.0")
    assert b"\r\nTEL" not in data
    assert b"X-SERVICE-TYPE" not in data
    assert Contact.from_vcf(data)[0].chats == sent.chats


@pytest.mark.parametrize(
    ("number", "region", "e164"),
    [
        ("(212) 555-0100", "US", "+12125550100"),
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        ("0176 12345678", "DE", "+4917612345678"),
        ("00 49 176 12345678", "FR", "+4917612345678"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("tel 212 555 0100", None, "tel 212 555 0100"),
        ("212 555 0100", None, "212 555 0100"),
        ("12", "US", "12"),
        ("*100#", "US", "*100#"),
        ("911", "US", "911"),
        ("212 555 0100 / 0101", "US", "212 555 0100 / 0101"),
        ("ask Bob", "US", "ask Bob"),
        ("555-0100", "US", "555-0100"),
        ("070-123 45 67", "US", "070-123 45 67"),
        ("070-123 45 67", "SE", "+46701234567"),
    ],
)
def test_numbers_become_e164_or_stay_as_they_were_written(number: str, region: str | None, e164: str) -> None:
    sent, _ = as_sent(Contact(name="x", phones=(Phone(number),)), region)
    assert sent.phones[0].number == e164


def test_an_extension_after_a_hash_is_one() -> None:
    sent, _ = as_sent(Contact(name="x", phones=(Phone("(212) 555-0100 #12"),)), "US")
    assert sent.phones == (Phone("+12125550100", extension="12"),)


def test_a_number_without_its_country_is_a_warning_with_the_remedy() -> None:
    _, warnings = as_sent(Contact(name="x", phones=(Phone("212 555 0100"), Phone("+12125550101"))), None)
    assert warnings == ["kept as written (no country code): “212 555 0100”; give region, such as US, to complete them"]


def test_a_region_that_is_none_is_a_warning() -> None:
    _, warnings = as_sent(Contact(name="x", phones=(Phone("212 555 0100"),)), "XX")
    assert "“XX”" in warnings[0]


def test_an_extension_is_told_beside_the_number_and_in_the_note_once() -> None:
    sent, _ = as_sent(Contact(name="x", phones=(Phone("+1 212 555 0100 x12", ("work",)),), note="hello"), None)
    data = build(sent, None, "3.0").decode()
    assert "TEL;TYPE=WORK:+12125550100\r\n" in data
    assert "X-ABLabel:work ext. 12\r\n" in data
    assert sent.note == "hello\n+12125550100 ext. 12"
    (read,) = Contact.from_vcf(data.encode())
    assert read.phones == (Phone("+12125550100", ("work",), extension="12"),)
    assert as_sent(read, None)[0].note == sent.note


def test_words_for_a_number_are_kept_as_its_label() -> None:
    sent, _ = as_sent(Contact(name="x", phones=(Phone("1-800-FLOWERS"),)), "US")
    assert sent.phones == (Phone("+18003569377", label="1-800-FLOWERS"),)


def test_a_name_without_parts_stands_where_iphones_look_and_a_firm_does_not() -> None:
    person, _ = as_sent(Contact(name="Mickey Mouse"), None)
    firm, _ = as_sent(Contact(organization="Acme"), None)
    assert b"\r\nN:;Mickey Mouse;;;\r\n" in build(person, None, "3.0")
    assert b"\r\nN:;;;;\r\nFN:Acme\r\nORG:Acme\r\n" in build(firm, None, "3.0")


@settings(QUICK, max_examples=80)
@given(TEXTS.map(lambda text: "NOTE:" + text.replace("\r", "").replace("\n", "")))
def test_folding_counts_bytes_and_cuts_no_character(line: str) -> None:
    data = folded(line)
    rows = data.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(row) <= 75 for row in rows)
    assert all(row.decode() for row in rows)
    assert b"".join([rows[0], *(row[1:] for row in rows[1:])]) == line.encode()


@pytest.mark.parametrize("blank", ["", " "])
def test_no_fold_leaves_a_line_that_ends_the_card_once_it_is_stripped(blank: str) -> None:
    for before in range(80):
        note = f"{'y' * before}{blank}End:vCard{blank}"
        lines = build(Contact(name="x", note=note), None, "3.0").split(b"\r\n")
        assert sum(line.strip().upper() == b"END:VCARD" for line in lines) == 1


@pytest.mark.parametrize("word", ["END:VCARD", "begin:vcard", " TEL:+1"])
def test_no_soft_break_makes_a_word_the_start_of_a_line(word: str) -> None:
    for before in range(80):
        sent, _ = as_sent(Contact(name="x", note="y" * before + word + "z" * 100), None)
        lines = build(sent, None, "2.1").decode().split("\r\n")
        assert sum(line.upper().startswith(("END:", "BEGIN:")) for line in lines) == 2
        assert not any(line.startswith((" ", "TEL")) for line in lines)


def test_what_is_not_read_again_is_never_sent() -> None:
    sent, _ = as_sent(Contact(name="Ann, Lee", note="x"), None)
    data = build(sent, None, "3.0")
    lines = list(lines_of(sent))
    verify(data, sent, lines, "3.0")
    for broken in (
        data.replace(b"FN:Ann\\, Lee", b"FN:Ann, Lee"),
        data.replace(b"NOTE:x\r\n", b""),
        data.replace(b"VERSION:3.0\r\n", b""),
        data.replace(b"NOTE:x", b"NOTE:x\r\nNOTE:y"),
    ):
        with pytest.raises(Rejected):
            verify(broken, sent, lines, "3.0")
