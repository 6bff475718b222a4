"""What is a card, what is a contact, and what either carries that may not leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsprep.contact import Contact, Phone
from mmsprep.detect import detect, knows
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

CLEAN = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;;;\r\nFN:Ann Lee\r\nTEL;TYPE=CELL:+12125550100\r\nEND:VCARD\r\n"


def facts_of(data: bytes, tmp_path: Path, limits: Limits | None = None) -> Facts:
    path = tmp_path / "source"
    path.write_bytes(data)
    return detect(path, limits or Limits())


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_card_is_one_in_every_encoding(codec: str, tmp_path: Path) -> None:
    assert facts_of(CLEAN.decode().encode(codec), tmp_path).type == "text/x-vcard"


def test_a_clean_card_carries_nothing(tmp_path: Path) -> None:
    assert facts_of(CLEAN, tmp_path).metadata == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("X-PRIVATE:secret", "private"),
        ("GENDER:M", "private"),
        ("UID:1", "uid"),
        ("AGENT:BEGIN:VCARD\r\nFN:x\r\nEND:VCARD", "private"),
        ("BEGIN:VCARD\r\nFN:x\r\nEND:VCARD", "private"),
        ("no property", "private"),
        ("REV:20200101T000000Z", "revision"),
        ("PRODID:x", "product"),
        ("CATEGORIES:VIP", "categories"),
        ("PHOTO;VALUE=URI:http://127.0.0.1/p", "uri-photo"),
        ("PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "photo-type"),
        ("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4QAIRXhpZgAA", "photo-exif"),
        ("TEL;X-EVIL=1:+1", "parameters"),
        ("TEL;TYPE=SECRET:+1", "parameters"),
        ("FN;CHARSET=UTF-8:x", "parameters"),
        ("URL:javascript:alert(1)", "link"),
        ("NOTE:" + "x" * 200, "form"),
        ("NOTE:a\x1b[31m", "form"),
        ("NOTE:a\nTITLE:b", "form"),
    ],
)
def test_what_may_not_leave_is_named(line: str, kind: str, tmp_path: Path) -> None:
    data = CLEAN.replace(b"END:VCARD", line.encode() + b"\r\nEND:VCARD")
    assert kind in facts_of(data, tmp_path).metadata


@pytest.mark.parametrize("data", [CLEAN + b"x\r\n", b"\r\n" + CLEAN, CLEAN.replace(b"\r\n", b"\n")])
def test_a_card_in_another_form_is_not_clean(data: bytes, tmp_path: Path) -> None:
    assert "form" in facts_of(data, tmp_path).metadata


def test_a_version_that_never_leaves_is_named(tmp_path: Path) -> None:
    assert "version" in facts_of(CLEAN.replace(b"3.0", b"4.0"), tmp_path).metadata


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (CLEAN[:-12], "damaged"),
        (CLEAN * 11, "too-many-files"),
        (b"BEGIN:VCARD\r\n" * 3 + CLEAN, "damaged"),
        (CLEAN.replace(b"END:VCARD", b"NOTE:" + b"x" * 256_000 + b"\r\nEND:VCARD"), "too-many-bytes"),
    ],
)
def test_a_card_beyond_a_limit_is_rejected(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        facts_of(data, tmp_path)
    assert caught.value.reason == reason


def test_a_web_page_called_a_card_is_none(tmp_path: Path) -> None:
    assert facts_of(b"<html><script>alert(1)</script>BEGIN:VCARD\r\n</html>", tmp_path).type == "text/html"


def test_a_contact_that_a_program_hands_over_is_known_however_large_its_photo(tmp_path: Path) -> None:
    contact = Contact(name="Ann", phones=(Phone("+12125550100"),), photo=bytes(300_000))
    assert facts_of(contact.to_json(), tmp_path).type == "application/vcard+json"
    assert facts_of(Contact(name="Ann").to_json(), tmp_path).type == "application/vcard+json"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Ann Lee", "phone": "+12125550100"},
        {"first_name": "Ann", "company": "Acme", "favourite": "tea"},
        ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Ann"]]],
    ],
)
def test_a_contact_that_a_person_wrote_as_json_is_known(value: object, tmp_path: Path) -> None:
    assert facts_of(json.dumps(value, indent=1).encode(), tmp_path).type == "application/vcard+json"


@pytest.mark.parametrize(
    "value", [{}, [], {"name": "x", "type": "a", "version": "1", "files": []}, {"coordinates": [1, 2]}, ["vcard", 1]]
)
def test_other_json_is_no_contact_and_stays_unknown(value: object, tmp_path: Path) -> None:
    facts = facts_of(json.dumps(value).encode(), tmp_path)
    assert facts.type != "application/vcard+json"
    assert not knows(facts.type)


@pytest.mark.parametrize("data", [b'{"kind":"contact","name":"' + b"x" * 70_000, b'["vcard", 1, 2, ' + b"[" * 70_000])
def test_a_contact_that_breaks_off_is_damaged(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        facts_of(data, tmp_path)
    assert caught.value.reason == "damaged"
