"""Lists: one row per recipient, in CSV or JSON lines, with what each is to get and ``{column}`` filled in.

Columns that mean something: ``source`` (also ``source2``, ``source3`` …), ``caption`` (one for each source),
``text``, ``contact``, ``place``, ``to`` and ``from``. All others are there to be filled in.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from mmsprep import place
from mmsprep.batch.entry import Entry, Part, Row
from mmsprep.errors import Misconfigured, Rejected
from mmsprep.source import opened, plain_name

SUFFIXES = {".csv", ".jsonl", ".ndjson"}
SOURCE = re.compile(r"(?:source|file|media)_?(\d*)")
CAPTION = re.compile(r"caption_?(\d*)")
GAP = re.compile(r"\{\{|\}\}|\{([^{}\s][^{}\n]{0,60})\}")
CARD_BYTES = 256_000
LINE_BYTES = 1_000_000

Fill = Callable[[str], str]


def read(path: Path) -> Iterator[Entry]:
    """Yield an entry for each row of the list at *path*; files that it names are looked for beside it.

    A row that makes no sense is an entry with its problem. Raises Misconfigured when the whole list makes none.
    """
    lines = _csv(path) if path.suffix.lower() == ".csv" else _json_lines(path)
    for number, columns in enumerate(lines, 1):
        label = f"{path}#{number}"
        row = Row(number=number, columns=_plain(columns) if isinstance(columns, dict) else {})
        try:
            if isinstance(columns, Rejected):
                raise columns
            yield _entry(label, number, columns, path.parent)
        except Rejected as problem:
            yield Entry(label=label, row=row, problem=problem.about(label))


def _csv(path: Path) -> Iterator[dict[str, Any] | Rejected]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, dialect=_dialect(file), restkey="", restval="")
            _demand_columns(path, [str(name) for name in reader.fieldnames or ()])
            for row in reader:
                if any(value for value in row.values()):
                    yield {_column(name): value for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"{path}: cannot be read as CSV in UTF-8: {error}; save it anew as that") from error


def _dialect(file: IO[str]) -> type[csv.Dialect]:
    """Tell by the heading what separates the columns: spreadsheets of half the world write semicolons."""
    heading = file.readline()
    file.seek(0)

    class Found(csv.excel):
        delimiter = max(",;\t", key=heading.count)

    return Found


def _json_lines(path: Path) -> Iterator[dict[str, Any] | Rejected]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while line := file.readline(LINE_BYTES):
                if line.strip():
                    yield _object(line)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: cannot be read as JSON lines in UTF-8: {error}; save it anew as that") from error


def _object(line: str) -> dict[str, Any] | Rejected:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Rejected("unreadable", "is no JSON object; write one in each line")
    return {_column(name): value for name, value in found.items() if value is not None}


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _demand_columns(path: Path, names: list[str]) -> None:
    known = [name for name in map(_column, names) if SOURCE.fullmatch(name) or name in ("contact", "place")]
    if not known:
        raise Misconfigured(f"{path}: its first row must name the columns, among them source, contact or place")


def _entry(label: str, number: int, columns: Mapping[str, Any], folder: Path) -> Entry:
    plain = _plain(columns)
    fill = _filler(plain)
    sources = [fill(each) for each in _several(columns, SOURCE) if each]
    captions = [fill(each) for each in _several(columns, CAPTION)]
    parts = [_media(each, folder) for each in sources]
    captions = [*captions, *[""] * len(parts)][: len(parts)]
    if columns.get("contact"):
        parts.append(_contact(columns["contact"], folder, plain))
    if where := plain.get("place"):
        parts.append(Part(source=place.parse(fill(where)), name="place.geojson"))
    if not parts:
        raise Rejected("unreadable", "names no media; fill in source, contact or place")
    captions += [""] * (len(parts) - len(captions))
    row = Row(
        number=number,
        columns=plain,
        captions=tuple(captions),
        text=fill(plain["text"]) if plain.get("text") else None,
    )
    return Entry(label=label, parts=tuple(parts), row=row)


def _plain(columns: Mapping[str, Any]) -> dict[str, str]:
    """Spell every value as text."""
    return {
        name: value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in columns.items()
    }


def _several(columns: Mapping[str, Any], pattern: re.Pattern[str]) -> list[str]:
    """Give the values of columns that may be several, in the order of their numbers; JSON may say a list."""
    found = sorted((int(match[1] or 0), name) for name in columns if (match := pattern.fullmatch(name)))
    values = (columns[name] for _, name in found)
    return [str(each) for value in values for each in (value if isinstance(value, list) else [value])]


def _filler(columns: Mapping[str, str], *, strict: bool = True, spell: Fill = str) -> Fill:
    """Make what fills ``{column}``; ``{{`` is a brace. Raises Rejected for a column that is not there.

    In a card, which has braces of its own, a word that is no column stays as it is (not *strict*).
    """

    def one(gap: re.Match[str]) -> str:
        if gap[1] is None:
            return gap[0][0] if strict else gap[0]
        value = columns.get(_column(gap[1]))
        if value is None and strict:
            known = ", ".join(sorted(columns))
            raise Rejected("not-accepted", f"no column is called {gap[1]}; there are {known}")
        return gap[0] if value is None else spell(value)

    return lambda text: GAP.sub(one, text)


def _media(source: str, folder: Path) -> Part:
    if source.startswith("s3://"):
        return Part(source=source, name=plain_name(source.rpartition("/")[2]))
    if place.looks_like_place(source) and not os.path.lexists(folder / source):
        return Part(source=place.parse(source), name="place.geojson")
    return Part(source=folder / source, name=plain_name(Path(source).name))


def _contact(given: Any, folder: Path, columns: Mapping[str, str]) -> Part:
    """Take a card: an object, the text of one, or a file; filled in if anything in it is to be filled in."""
    text = json.dumps(given) if isinstance(given, dict) else str(given).strip()
    name = "contact.vcf"
    if not text.startswith(("{", "BEGIN:VCARD")):
        name = plain_name(Path(text).name)
        text = _card(str(folder / text))
    spell = _in_json if text.lstrip().startswith(("{", "[")) else _in_vcard
    return Part(source=_filler(columns, strict=False, spell=spell)(text).encode(), name=name)


@lru_cache(maxsize=16)
def _card(path: str) -> str:
    """Read a card that many rows share, once."""
    with opened(path, Path(), max_bytes=CARD_BYTES) as file:
        data = os.pread(file.descriptor, CARD_BYTES, 0)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected("unreadable", f"{Path(path).name} is no text in UTF-8; export the card anew") from error


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_vcard(value: str) -> str:
    """Escape a value for a card's line (RFC 6350, 3.4)."""
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return "\\n".join(escaped.splitlines())
