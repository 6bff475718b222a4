"""Rows of an address book's table: the headings of Google Contacts (both generations) and of Outlook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmsprep.contact.model import Address, Chat, Email, Link, Phone
from mmsprep.contact.plain import from_dict
from mmsprep.contact.text import clean_date, clean_line, clean_text, shown
from mmsprep.errors import Rejected

SEPARATOR = " ::: "
"""Between several values in one of Google's cells."""

LINES = {
    "name": "name",
    "given name": "given",
    "first name": "given",
    "additional name": "middle",
    "middle name": "middle",
    "family name": "family",
    "last name": "family",
    "name prefix": "prefix",
    "name suffix": "suffix",
    "suffix": "suffix",
    "nickname": "nickname",
    "given name yomi": "phonetic_given",
    "family name yomi": "phonetic_family",
    "phonetic first name": "phonetic_given",
    "phonetic last name": "phonetic_family",
    "company": "organization",
    "organization name": "organization",
    "organization title": "title",
    "organization department": "department",
    "organization 1 - name": "organization",
    "organization 1 - title": "title",
    "organization 1 - department": "department",
    "department": "department",
    "job title": "title",
    "profession": "role",
    "occupation": "role",
    "notes": "note",
}
# Outlook calls its phones "Business Phone 2" or "Home Fax", and numbers mail addresses from the second.
_PHONE = re.compile(
    r"(?:(business|home|mobile|other|car|primary|company main|assistant's|radio|isdn|pager) "
    r"(phone|fax|pager))(?: \d)?"
)
_EMAIL = re.compile(r"e-?mail(?: (\d))? address")
_NUMBERED = re.compile(r"(e-?mail|phone|website|im|address|event|relation|custom field) (\d+) - (.+)")
_ADDRESS = re.compile(
    r"(business|home|other) (street(?: [23])?|address|city|state|postal code|country/region|country|po box|"
    r"address po box)"
)
_ADDRESS_PARTS = {
    "street": "street",
    "street 2": "street",
    "street 3": "street",
    "address": "street",
    "city": "city",
    "state": "region",
    "region": "region",
    "postal code": "postcode",
    "country": "country",
    "country/region": "country",
    "po box": "po_box",
    "address po box": "po_box",
    "extended address": "extended",
}
_PHONE_KINDS = {"mobile": "cell", "business": "work", "company main": "main", "primary": "pref"}
BOOKKEEPING = frozenset(
    {"sensitivity", "priority", "private", "photo", "group membership", "labels", "file as", "initials"}
)
"""Columns that say how the sender files the person."""


def from_row(row: Mapping[str, str]) -> dict[str, Any]:
    """Give the arguments of `Contact` that a row holds; raises Rejected ``damaged``.

    A heading that is neither Google's nor Outlook's is read as `plain.from_dict` reads a key.
    """
    cells = {_heading(str(key)): str(value).strip() for key, value in row.items() if key and str(value or "").strip()}
    return _Row(cells).fields()


class _Row:
    """Hold one row while it is read: what each cell was taken for, and the cells that are left."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = dict(cells)
        self.dropped: list[str] = []
        # In Outlook's table "Title" stands before the name; Google calls that a prefix.
        self.outlook = "title" in cells and not any(" - " in heading for heading in cells)

    def fields(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for heading, field in LINES.items():
            if text := self.cells.pop(heading, ""):
                found[field] = text
        if title := self.cells.pop("title", ""):
            found["prefix" if self.outlook else "title"] = title
        if "name" not in found:
            parts = ("prefix", "given", "middle", "family", "suffix")
            found["name"] = " ".join(found[part] for part in parts if part in found)
        numbered = self._numbered()
        found["phones"] = (*self._outlook_phones(), *_values("phone", Phone, numbered))
        found["emails"] = (*self._outlook_emails(), *_values("email", Email, numbered))
        urls = [self.cells.pop(key, "") for key in ("web page", "personal web page", "business web page")]
        found["urls"] = (*(Link(url) for url in urls if url), *_values("website", Link, numbered))
        found["addresses"] = (*self._outlook_addresses(), *_google_addresses(numbered))
        found["chats"] = tuple(_google_chats(numbered))
        for key, name in (("birthday", "birthday"), ("anniversary", "anniversary")):
            found[name] = self._date(key, self.cells.pop(key, ""))
        for _, event in self._events(numbered):
            found["anniversary"] = found["anniversary"] or event
        names = ("latitude", "longitude", "lat", "lon", "lng")
        place = {key: self.cells.pop(key) for key in names if key in self.cells}
        for cells in (place, *({heading: text} for heading, text in self.cells.items() if heading not in BOOKKEEPING)):
            self._add(found, cells)
        return found | {"dropped": tuple(self.dropped)}

    def _add(self, found: dict[str, Any], cells: Mapping[str, str]) -> None:
        """Read cells under headings of somebody's own, such as ``mobile``, as `from_dict` reads keys."""
        try:
            read = from_dict(cells)
        except Rejected:
            read = {"dropped": tuple(f"{heading} {shown(text)}" for heading, text in cells.items())}
        self.dropped += read.pop("dropped")
        for name, value in read.items():
            found[name] = (*found.get(name, ()), *value) if isinstance(value, tuple) else found.get(name) or value

    def _numbered(self) -> dict[tuple[str, int], dict[str, str]]:
        """Gather Google's columns of one thing: ``Phone 1 - Type`` and ``Phone 1 - Value``."""
        found: dict[tuple[str, int], dict[str, str]] = {}
        for heading in list(self.cells):
            if match := _NUMBERED.fullmatch(heading):
                name = match[1].replace("-", "")
                if name in {"phone", "email", "website", "address", "im", "event"}:
                    found.setdefault((name, int(match[2])), {})[match[3]] = self.cells.pop(heading)
        return found

    def _outlook_phones(self) -> Iterator[Phone]:
        for heading in list(self.cells):
            if match := _PHONE.fullmatch(heading):
                kinds = [_PHONE_KINDS.get(match[1] or "", match[1] or "other"), *({match[2]} - {"phone"})]
                yield Phone(self.cells.pop(heading), tuple(kinds))

    def _outlook_emails(self) -> Iterator[Email]:
        for heading in list(self.cells):
            if _EMAIL.fullmatch(heading):
                yield Email(self.cells.pop(heading))

    def _outlook_addresses(self) -> Iterator[Address]:
        parts: dict[str, dict[str, list[str]]] = {}
        for heading in list(self.cells):
            if match := _ADDRESS.fullmatch(heading):
                part = parts.setdefault(match[1], {}).setdefault(_ADDRESS_PARTS[match[2]], [])
                part.append(self.cells.pop(heading))
        for kind, lines in parts.items():
            yield Address(**{part: "\n".join(texts) for part, texts in lines.items()}, kinds=(kind,))

    def _date(self, name: str, text: str) -> str:
        """Read a date; of 3/4/1980 nobody knows the month, so it is dropped. Outlook writes 0/0/00 for none."""
        found = clean_date(text) if text else ""
        if found is None and (match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)):
            first, second, year = int(match[1]), int(match[2]), match[3]
            if first == second or max(first, second) > 12:
                month, day = (second, first) if first > 12 else (first, second)
                found = clean_date(f"{year}-{month:02}-{day:02}")
        if found is None and text != "0/0/00":
            self.dropped.append(f"{name} {shown(text)}, which is no date or two")
        return found or ""

    def _events(self, numbered: Mapping[tuple[str, int], Mapping[str, str]]) -> Iterator[tuple[str, str]]:
        for (name, _), cells in sorted(numbered.items()):
            if name == "event":
                label = _label_of(cells)
                text = cells.get("value", "")
                if label == "anniversary" and clean_date(text):
                    yield label, text
                elif text:
                    self.dropped.append(f"{label} {shown(text)}")


def _values(name: str, make: Any, numbered: Mapping[tuple[str, int], Mapping[str, str]]) -> Iterator[Any]:
    for (each, _), cells in sorted(numbered.items()):
        if each == name:
            kinds = tuple(_label_of(cells).split(" ")) if _label_of(cells) in _GOOGLE_KINDS else (_label_of(cells),)
            yield from (make(value, kinds) for value in cells.get("value", "").split(SEPARATOR) if value)


_GOOGLE_KINDS = frozenset({"home fax", "work fax", "other fax"})


def _google_addresses(numbered: Mapping[tuple[str, int], Mapping[str, str]]) -> Iterator[Address]:
    for (name, _), cells in sorted(numbered.items()):
        if name == "address":
            parts = {_ADDRESS_PARTS[part]: clean_text(text) for part, text in cells.items() if part in _ADDRESS_PARTS}
            if parts or cells.get("formatted"):
                yield Address(**(parts or {"street": cells["formatted"]}), kinds=(_label_of(cells),))


def _google_chats(numbered: Mapping[tuple[str, int], Mapping[str, str]]) -> Iterator[Chat]:
    for (name, _), cells in sorted(numbered.items()):
        if name == "im" and cells.get("value"):
            yield Chat(cells.get("service", "IM"), cells["value"])


def _label_of(cells: Mapping[str, str]) -> str:
    """Read a column "Type" (until 2024) or "Label"; an asterisk marks the preferred one."""
    return clean_line(cells.get("label", cells.get("type", ""))).lstrip("* ").lower()


def _heading(text: str) -> str:
    return clean_line(text).lower()
