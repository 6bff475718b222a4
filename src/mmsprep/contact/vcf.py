"""From the properties of a card to the fields of a contact: who writes what where, and what nobody can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from mmsprep.contact.decoding import from_base64
from mmsprep.contact.dialects import ordinary
from mmsprep.contact.lines import Card, Property, unescaped
from mmsprep.contact.model import Address, Chat, Email, Link, Phone
from mmsprep.contact.properties import (
    ANNIVERSARIES,
    BOOKKEEPING,
    CHAT_SCHEMES,
    CHAT_SERVICES,
    READ,
    SYSTEM_GROUPS,
)
from mmsprep.contact.text import clean_date, clean_line, clean_text, shown

MOST_DROPPED_CHARS = 200
URL_SCHEMES = frozenset({"http", "https"})
NAME_PARTS = ("family", "given", "middle", "prefix", "suffix")
ADDRESS_PARTS = ("po_box", "extended", "street", "city", "region", "postcode", "country")


def fields_of(card: Card) -> dict[str, Any]:
    """Give a card's content as the arguments of `Contact`, with what is lost, in words, as ``dropped``."""
    reader = _Reader(card)
    fields = reader.fields()
    return fields | {"dropped": tuple(dict.fromkeys(clean_line(each)[:MOST_DROPPED_CHARS] for each in reader.dropped))}


class _Reader:
    """Hold one card while it is read: its properties by name, the labels of its groups, what was dropped."""

    def __init__(self, card: Card) -> None:
        self.dropped = list(card.dropped)
        self.properties = tuple(ordinary(each) for each in card.properties)
        self.labels = {each.group: _label(each.text) for each in card.properties if each.name == "X-ABLABEL"}

    def fields(self) -> dict[str, Any]:
        for each in self.properties:
            if each.name not in READ and (each.value.strip() or each.data) and not _is_bookkeeping(each):
                self.dropped.append(self._described(each))
        phones = tuple(self._phone(each) for each in self._named("TEL", "X-MS-TEL"))
        emails = tuple(
            Email(re.sub(r"(?i)^mailto:", "", each.text), each.kinds, self._label_of(each))
            for each in self._named("EMAIL")
        )
        return {
            **self._name(),
            **self._organization(),
            "phones": phones,
            "emails": emails,
            "addresses": self._addresses(),
            "urls": tuple(self._links()),
            "chats": tuple(self._chats()),
            "note": "\n".join(dict.fromkeys(clean_text(each.text) for each in self._named("NOTE"))),
            "birthday": self._date(self._named("BDAY")),
            "anniversary": self._date(list(self._anniversaries())),
            "geo": self._geo(),
            "photo": self._photo(),
        }

    def _named(self, *names: str) -> list[Property]:
        return [each for each in self.properties if each.name in names and (each.value.strip() or each.data)]

    def _label_of(self, each: Property) -> str:
        return self.labels.get(each.group, "") if each.group else ""

    def _phone(self, each: Property) -> Phone:
        label, extension = split_label(self._label_of(each))
        phone = Phone(_number(each), each.kinds, label, extension)
        return replace(phone, label="") if label == kinds_label(phone) else phone

    def _described(self, each: Property) -> str:
        text = f"{len(each.data):,} bytes" if each.data else shown(each.text)
        label = self._label_of(each)
        return f"{label + ' ' if label else ''}{each.name} {text}"

    def _first(self, *names: str) -> str:
        """Take the first of several where a handset shows one; the others are dropped, unless they say the same."""
        found = self._named(*names)
        texts = [clean_line(each.text) for each in found]
        self.dropped += [self._described(each) for each, text in zip(found, texts, strict=True) if text != texts[0]]
        return texts[0] if texts else ""

    def _one_line(self, text: str, name: str) -> str:
        """Take a name's first line: what follows a line break in a name was put there to be taken for more."""
        first, _, rest = clean_text(text).partition("\n")
        if rest.strip():
            self.dropped.append(f"what follows a line break in {name}: {shown(rest)}")
        return first

    def _name(self) -> dict[str, Any]:
        full = self._named("FN")
        structured = self._named("N")
        for each in structured[1:]:
            self.dropped.append(self._described(each))
        old = any(each.name == "VERSION" and each.value.strip() == "2.1" for each in self.properties)
        # In vCard 2.1 a comma divides nothing.
        parts = (structured[0].parts if old else structured[0].name_parts) if structured else []
        parts = [self._one_line(part, "N") for part in parts]
        if len(parts) > len(NAME_PARTS):
            parts[len(NAME_PARTS) - 1 :] = [" ".join(filter(None, parts[len(NAME_PARTS) - 1 :]))]
        for each in full[1:]:
            if clean_line(each.text) != clean_line(full[0].text):
                self.dropped.append(self._described(each))
        return {
            **dict(zip(NAME_PARTS, parts, strict=False)),
            "name": self._one_line(full[0].text, "FN") if full else "",
            "nickname": self._first("NICKNAME", "X-NICKNAME"),
            **self._phonetic(),
        }

    def _phonetic(self) -> dict[str, str]:
        """Read how a name sounds; Japanese phones put it into a SOUND of 2.1, in the parts of N."""
        given, family = self._first("X-PHONETIC-FIRST-NAME"), self._first("X-PHONETIC-LAST-NAME")
        for each in self.properties:
            if _is_reading(each) and not (given or family):
                family, given, *_ = [*map(clean_line, each.parts), ""]
        return {"phonetic_given": given, "phonetic_family": family}

    def _organization(self) -> dict[str, Any]:
        found = self._named("ORG")
        for each in found[1:]:
            if each.value != found[0].value:
                self.dropped.append(self._described(each))
        units = [clean_line(part) for part in found[0].parts] if found else [""]
        return {
            "organization": units[0],
            "department": ", ".join(filter(None, units[1:])),
            "title": self._first("TITLE"),
            "role": self._first("ROLE"),
        }

    def _addresses(self) -> tuple[Address, ...]:
        found = []
        for each in self._named("ADR"):
            parts = each.parts
            last = len(ADDRESS_PARTS) - 1
            # Google adds the whole address as one text behind the country.
            more = [each for each in parts[last + 1 :] if not _words(each) <= _words(" ".join(parts[: last + 1]))]
            parts[last:] = [", ".join(filter(None, [*parts[last : last + 1], *more]))]
            filled = dict(zip(ADDRESS_PARTS, parts, strict=False))
            found.append(Address(**filled, kinds=each.kinds, label=self._label_of(each)))
        found = [each for each in dict.fromkeys(found) if any(each.parts)]
        said = _words(" ".join(part for each in found for part in each.parts))
        labels = [(each.text, each.kinds) for each in self._named("LABEL", "X-ABADR")]
        labels += [(", ".join(filter(None, each.parts)), each.kinds) for each in self._named("X-SAMSUNGADR")]
        for each in self._named("ADR"):
            labels += [(unescaped(value), each.kinds) for value in each.params.get("LABEL", ())]
            self.dropped += [f"where an address is: {shown(value)}" for value in each.params.get("GEO", ())]
        for text, kinds in labels:
            # The same address as one text, which is no news; two letters are Apple's code of a country.
            if not _words(text) <= said and len(clean_line(text)) > 2:
                found.append(Address(street=text, kinds=kinds))
        return tuple(found)

    def _links(self) -> Iterator[Link]:
        for each in self._named("URL", "X-SOCIALPROFILE", "IMPP", "X-EVOLUTION-BLOG-URL", "X-EVOLUTION-VIDEO-URL"):
            url = clean_line(each.text)
            if each.name == "IMPP" and not url.lower().startswith(("http:", "https:")):
                continue
            scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)", url)
            if each.name == "X-SOCIALPROFILE" and scheme and scheme[1].lower() == "x-apple":
                continue
            if (scheme and scheme[1].lower() not in URL_SCHEMES) or re.search(r"[\s<>\"]", url):
                self.dropped.append(f"a link that is no web address: {shown(url)}")
            else:
                service = next(iter(each.params.get("SERVICE-TYPE", ())), "")
                yield Link(url, each.kinds, self._label_of(each) or service)

    def _chats(self) -> Iterator[Chat]:
        for each in self.properties:
            if not each.value.strip():
                continue
            if each.name in CHAT_SERVICES:
                yield Chat(CHAT_SERVICES[each.name], each.text)
            elif each.name == "X-SOCIALPROFILE" and each.text.lower().startswith("x-apple:"):
                services = [kind for kind in each.kinds if kind.lower() != "pref"]
                yield Chat([*services, self._label_of(each)][0], unquote(each.text.partition(":")[2]))
            elif each.name == "IMPP" and not each.text.lower().startswith(("http:", "https:")):
                scheme, colon, handle = each.text.partition(":")
                named = next(iter(each.params.get("X-SERVICE-TYPE", ())), "") or self._label_of(each)
                service = named or (CHAT_SCHEMES.get(scheme.lower(), scheme) if colon else "IM")
                yield Chat(service, unquote(handle if colon else scheme))

    def _anniversaries(self) -> Iterator[Property]:
        for each in self._named(*ANNIVERSARIES):
            if each.name != "X-ABDATE" or self._label_of(each).lower() == "anniversary":
                yield each
            else:
                self.dropped.append(self._described(each))

    def _date(self, found: Sequence[Property]) -> str:
        dates = [_yearless(each, clean_date(each.text)) for each in found]
        chosen = next(filter(None, dates), "")
        for each, date in zip(found, dates, strict=True):
            if date != chosen:
                self.dropped.append(self._described(each))
        return chosen

    def _geo(self) -> tuple[float, float] | None:
        found = self._named("GEO")
        places = [_coordinates(each.text) for each in found]
        chosen = next(filter(None, places), None)
        for each, place in zip(found, places, strict=True):
            if place is None or place != chosen:
                self.dropped.append(self._described(each))
        return chosen

    def _photo(self) -> bytes | None:
        chosen = None
        for each in self._named("PHOTO"):
            data = each.data or _data_uri(each.text)
            if not data:
                where = "at a web address, which is never fetched" if ":" in each.text else "that is empty"
                self.dropped.append(f"a photo {where}")
            elif chosen is None:
                chosen = data
            elif data != chosen:
                self.dropped.append("a second photo")
        return chosen


def _label(text: str) -> str:
    """Read a group's label; Apple's own stand in brackets and are one word: ``_$!<AssistantPhone>!$_``."""
    found = re.fullmatch(r"_\$!<(.*)>!\$_", clean_line(text))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found[1]).lower() if found else clean_line(text)


def _is_reading(each: Property) -> bool:
    return each.name == "SOUND" and "X-IRMC-N" in map(str.upper, each.kinds)


def _is_bookkeeping(each: Property) -> bool:
    if _is_reading(each):
        return True
    groups = {group.strip().lower() for group in each.text.split(",")} if each.name == "CATEGORIES" else {""}
    return each.name in BOOKKEEPING or groups <= SYSTEM_GROUPS


def kinds_label(phone: Phone) -> str:
    """Name in words what a number is for, where it needs a label and its sender gave none."""
    return " ".join(kind for kind in phone.kinds if kind != "pref") or "phone"


def split_label(label: str) -> tuple[str, str]:
    """Divide a label such as ``work ext. 12``, as we write it, from the extension in it."""
    found = re.fullmatch(r"(.*?) ?\bext\. ([\d*#,;pPwW]{1,30})", label)
    return (found[1], found[2]) if found else (label, "")


def _number(each: Property) -> str:
    return unquote(re.sub(r"(?i)^tel:", "", each.text)) if each.text[:4].lower() == "tel:" else each.text


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def _yearless(each: Property, date: str | None) -> str | None:
    """Take away a year that is named beside it as standing for none."""
    return f"-{date[4:]}" if date and date[:4] in each.params.get("X-APPLE-OMIT-YEAR", ()) else date


def _coordinates(text: str) -> tuple[float, float] | None:
    """Read ``37.386;-122.083`` (3.0), ``geo:37.386,-122.083`` (4.0); a comma for the semicolon (2.1) too."""
    number = r"\s*([+-]?\d{1,3}(?:\.\d{1,20})?)\s*"
    found = re.match(rf"(?:geo:)?{number}[;,]{number}(?=$|[;,?])", text, re.IGNORECASE)
    if not found or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        return None
    return float(found[1]), float(found[2])


def _data_uri(text: str) -> bytes | None:
    """Decode a ``data:`` URI (RFC 2397), as vCard 4.0 holds photos; any other URI is None."""
    found = re.match(r"data:([^,]{0,200}),", text, re.IGNORECASE)
    if not found:
        return None
    body = text[found.end() :]
    if found[1].lower().endswith(";base64"):
        return from_base64(body) or None
    return unquote_to_bytes(body) or None
