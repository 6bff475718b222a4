"""Lists: each row is a message for one person, and only what is theirs differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsprep.batch.entry import Entry
from mmsprep.batch.rows import read
from mmsprep.contact import Contact
from mmsprep.errors import Misconfigured
from mmsprep.place import Place

CARD = "BEGIN:VCARD\nVERSION:3.0\nN:Shop;{first};;;\nFN:Shop of {first}\nNOTE:{unknown} {first}\nEND:VCARD\n"


def rows(tmp_path: Path, text: str, name: str = "list.csv") -> list[Entry]:
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    return list(read(tmp_path / name))


def test_columns_are_filled_into_caption_text_and_place(tmp_path: Path) -> None:
    (entry,) = rows(
        tmp_path,
        "to,First Name,lat,source,caption,text,place\n"
        '+14155550101,Ada,48.85,a.jpg,Hi {first name}!,"Dear {First_Name}, {{x}}","{lat},2.35"\n',
    )
    assert entry.row is not None
    assert entry.row.captions == ("Hi Ada!", "")
    assert entry.row.text == "Dear Ada, {x}"
    assert entry.row["to"] == "+14155550101"
    media, place = entry.parts
    assert media.source == tmp_path / "a.jpg"
    assert isinstance(place.source, Place)
    assert place.source.coordinates.startswith("48.85")


def test_rows_share_their_media_and_have_cards_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "card.vcf").write_text(CARD)
    ada, bob = rows(tmp_path, "first,source,contact\nAda,a.jpg,card.vcf\nBob,a.jpg,card.vcf\n")
    assert ada.parts[0] == bob.parts[0]
    assert ada.parts[1] != bob.parts[1]


@pytest.mark.parametrize("name", ["Bob; DROP", "a,b", "back\\slash", "x\nTEL:+14155550199"])
def test_a_value_cannot_break_out_of_its_card(name: str, tmp_path: Path) -> None:
    (tmp_path / "card.vcf").write_text(CARD)
    (entry,) = rows(tmp_path, json.dumps({"first": name, "contact": "card.vcf"}) + "\n", "list.jsonl")
    assert isinstance(entry.parts[0].source, bytes)
    (contact,) = Contact.from_vcf(entry.parts[0].source)
    assert contact.phones == ()
    assert contact.shown_name == f"Shop of {name.splitlines()[0]}"
    assert contact.given == name.splitlines()[0]
    assert "{unknown}" in contact.note


def test_json_rows_may_hold_lists_and_cards(tmp_path: Path) -> None:
    row = {"n": 7, "source": ["a.jpg", "b.jpg"], "caption": ["one {n}", "two"], "contact": {"name": 'A "{n}"'}}
    (entry,) = rows(tmp_path, json.dumps(row) + "\n\n", "list.jsonl")
    assert entry.row is not None
    assert entry.row.captions == ("one 7", "two", "")
    assert json.loads(entry.parts[2].source) == {"name": 'A "7"'}  # type: ignore[arg-type]


def test_spreadsheets_of_other_countries_are_read(tmp_path: Path) -> None:
    (entry,) = rows(tmp_path, "to;source\n+33123456789;a,b.jpg\n")
    assert entry.parts[0].name == "a,b.jpg"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("list.csv", "source,caption\na.jpg,Hi {frist}\nb.jpg,x\n", "no column is called frist"),
        ("list.csv", "source,caption\n,Hi\nb.jpg,x\n", "names no media"),
        ("list.csv", "source,place\na.jpg,nowhere\nb.jpg,\n", "not written as a place"),
        ("list.csv", "source,contact\na.jpg,gone.vcf\nb.jpg,\n", "no such file"),
        ("list.jsonl", '[1]\n{"source": "b.jpg"}\n', "no JSON object"),
        ("list.jsonl", '{"source": "a\n{"source": "b.jpg"}\n', "no JSON object"),
    ],
)
def test_a_row_that_makes_no_sense_is_told_and_the_next_goes_on(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    bad, good = rows(tmp_path, text, name)
    assert bad.problem is not None
    assert said in bad.problem.message
    assert bad.problem.message.startswith(f"{tmp_path / name}#1: ")
    assert good.problem is None
    assert good.parts[0].name == "b.jpg"


@pytest.mark.parametrize("text", ["name,caption\nx,y\n", "", "\n\n"])
def test_a_list_without_media_is_a_mistake(text: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="must name the columns"):
        rows(tmp_path, text)


def test_a_list_in_another_encoding_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("source,caption\na.jpg,für\n".encode("latin-1"))
    with pytest.raises(Misconfigured, match="UTF-8"):
        list(read(tmp_path / "list.csv"))


def test_objects_of_a_bucket_may_be_named(tmp_path: Path) -> None:
    (entry,) = rows(tmp_path, "source\ns3://mine/in/a.jpg\n")
    assert (entry.parts[0].source, entry.parts[0].name) == ("s3://mine/in/a.jpg", "a.jpg")
