"""The manifest: one result per line, whole at any moment, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
import resource
from pathlib import Path

import jsonschema
import pytest

import mmsprep
from mmsprep.batch.entry import Entry, Part, Row
from mmsprep.batch.manifest import COLUMNS, Manifest, read
from mmsprep.batch.outcome import Outcome
from mmsprep.errors import Rejected, Unavailable
from mmsprep.media import Facts
from mmsprep.prepared import Deliverable, Prepared

SCHEMA = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())


def outcome(label: str, *names: str, row: Row | None = None, captions: tuple[str, ...] = ()) -> Outcome:
    media = tuple(
        Deliverable(
            path=None,
            url=f"https://example.com/{index}",
            name=name,
            sha256="0" * 64,
            facts=Facts(type="image/jpeg", bytes=10, width=2, height=1),
        )
        for index, name in enumerate(names)
    )
    entry = Entry(label=label, parts=(Part(source=Path(label), name=label),), row=row)
    result = Prepared(source=label, media=media, original=Facts(type="image/png", bytes=99), warnings=("odd",))
    return Outcome(entry=entry, result=result, captions=captions)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_line_is_a_published_result(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(outcome("a.png", "a.jpg", "b.jpg"))
        manifest.add(Outcome(entry=Entry(label="b.doc"), result=Rejected("unknown-type", "b.doc: x; send PDF")))
    told = list(read(tmp_path / "results.jsonl"))
    for each in told:
        jsonschema.validate(each, SCHEMA)
    assert [each["source"] for each in told] == ["a.png", "b.doc"]


def test_the_table_has_a_line_for_each_of_the_media_and_for_each_refusal(tmp_path: Path) -> None:
    row = Row(number=3, columns={"to": "+14155550101"}, text="Hello")
    with Manifest(tmp_path) as manifest:
        manifest.add(outcome("list.csv#3", "a.jpg", "b.jpg", row=row, captions=("one", "")))
        manifest.add(Outcome(entry=Entry(label="b.doc"), result=Rejected("unknown-type", "b.doc: x; send PDF")))
    first, second, refused = table(tmp_path)
    assert tuple(first) == COLUMNS
    assert (first["to"], first["row"], first["caption"], first["text"]) == ("+14155550101", "3", "one", "Hello")
    assert (second["url"], second["caption"]) == ("https://example.com/1", "")
    assert (refused["status"], refused["code"], refused["url"]) == ("rejected", "MMS_002", "")


@pytest.mark.parametrize("name", ["=HYPERLINK(1).jpg", "+1.jpg", "-1.jpg", "@x.jpg", "\tx.jpg"])
def test_no_name_runs_in_a_spreadsheet(name: str, tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(outcome(name, name))
    (line,) = table(tmp_path)
    assert line["source"] == line["name"] == f"'{name}"
    assert next(read(tmp_path / "results.jsonl"))["source"] == name


def test_any_name_can_be_written_down(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(outcome("a\udcff\nb.jpg", "a.jpg"))
    assert next(read(tmp_path / "results.jsonl"))["source"] == "a\udcff\nb.jpg"
    assert table(tmp_path)[0]["source"] == "a\\udcff\nb.jpg"


def test_a_line_that_is_not_whole_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"a": 1}\n{"a": 2')
    assert list(read(tmp_path / "results.jsonl")) == [{"a": 1}]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(outcome("a.png", "a.jpg"))
        size = (tmp_path / "results.jsonl").stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
        try:
            with pytest.raises(Unavailable, match="free space"):
                manifest.add(outcome("b.png", "b.jpg"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / "results.jsonl").stat().st_size == size
        manifest.add(outcome("c.png", "c.jpg"))
    assert [each["source"] for each in read(tmp_path / "results.jsonl")] == ["a.png", "c.png"]
