"""Contacts as dicts and JSON: under our own names, and under those that other programs use."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import date
from itertools import islice
from typing import Any

from mmsprep.contact.keys import ADDRESS_PARTS, ADDRESS_SPELLINGS, KIND_OF_KEY, SPELLINGS
from mmsprep.contact.lines import Card, Property
from mmsprep.contact.model import LINES, Address, Chat, Contact, Email, Link, Phone
from mmsprep.contact.text import clean_date, clean_line, shown
from mmsprep.contact.vcf import MOST_DROPPED_CHARS, fields_of
from mmsprep.errors import Rejected
from mmsprep.place import numbers

LISTS: Mapping[str, tuple[str, tuple[str, ...], Callable[..., Any]]] = {
    "phones": ("number", ("value", "phone", "tel"), Phone),
    "emails": ("address", ("value", "email"), Email),
    "urls": ("url", ("value", "href"), Link),
}
MOST_DEPTH = 6
MOST_ITEMS = 200
"""Numbers, addresses or links of one person."""


def to_json(contact: Contact) -> bytes:
    """Write every filled field, the photo in base64."""
    values = {key: value for key, value in asdict(contact).items() if value not in ("", (), None)}
    if contact.photo is not None:
        values["photo"] = base64.b64encode(contact.photo).decode()
    return json.dumps({"kind": "contact", **values}, ensure_ascii=True, separators=(",", ":")).encode()


def parsed(data: bytes) -> Any:
    """Parse JSON; raises Rejected ``damaged``, also for what is nested as no contact is."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Rejected("damaged", "the contact is no JSON; write it anew") from error
    if _depth(value) > MOST_DEPTH:
        raise Rejected("damaged", "the contact's JSON is nested too deep; write it anew")
    return value


def text_bytes(value: Any, size: int) -> int:
    """Tell how much of a JSON value of *size* bytes is not a photo."""
    if isinstance(value, Mapping):
        photos = [item for key, item in value.items() if _key(key) == "photo"]
    else:
        photos = [entry[3] for entry in value[1] if entry[0].lower() == "photo"]
    return size - sum(len(each) for each in photos if isinstance(each, str))


def is_contact(value: Any) -> bool:
    """Tell whether a JSON object reads as a contact: it says so, or most of its keys are a contact's."""
    if not isinstance(value, dict) or not value:
        return False
    if value.get("kind") == "contact":
        return True
    keys = [_key(key) for key in value]
    known = {*(field.name for field in fields(Contact)), *KIND_OF_KEY}
    telling = {"name", "given", "family", "organization", "phones", "emails", *KIND_OF_KEY}
    return bool(telling.intersection(keys)) and 2 * sum(key in known for key in keys) >= len(keys)


def from_dict(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments of `Contact` that *values* holds; raises Rejected ``damaged`` for a wrong form."""
    found: dict[str, Any] = {}
    dropped: list[str] = []
    _items(values)
    for original, value in values.items():
        key = _key(original)
        if value is None or value in ("", [], {}) or (key == "kind" and value == "contact") or key in _LONGITUDES:
            continue
        if key == "dropped":
            dropped += [_text(each, key) for each in _items(value)]
        elif key == "photo" and isinstance(value, str) and re.match(r"\s*https?:", value, re.IGNORECASE):
            dropped.append("a photo at a web address, which is never fetched")
        elif key in _LATITUDES:
            found["geo"] = _geo([value, next((values[name] for name in values if _key(name) in _LONGITUDES), None)])
        elif (read := _field(key, value)) is None:
            dropped.append(f"{clean_line(str(original))} {shown(str(value))}")
        else:
            found |= {name: (*found.get(name, ()), *item) if name in LISTS else item for name, item in read.items()}
    return {
        **_without_odd_links(found, dropped),
        "dropped": tuple(clean_line(each)[:MOST_DROPPED_CHARS] for each in dropped),
    }


_LATITUDES = frozenset({"lat", "latitude"})
_LONGITUDES = frozenset({"lon", "lng", "long", "longitude"})


def _field(key: str, value: Any) -> dict[str, Any] | None:
    """Read one value into the fields that it fills; None where no field takes it."""
    if key == "name" and isinstance(value, Mapping):
        if any(_key(part) not in LINES for part in value):
            raise _wrong("name", "a text, or its parts: prefix, given, middle, family, suffix")
        return {_key(part): _text(text, "name") for part, text in value.items()}
    if key in LINES:
        return {key: _text(value, key)}
    if key in KIND_OF_KEY:
        return {"phones": _bounded(_listed("phones", value, (KIND_OF_KEY[key],)))}
    if key in LISTS:
        return {key: _bounded(_listed(key, value, ()))}
    return {key: _READERS[key](value)} if key in _READERS else None


def _without_odd_links(found: dict[str, Any], dropped: list[str]) -> dict[str, Any]:
    """Hold links to the same rule as those of a card."""
    links = found.get("urls", ())
    card = Card(tuple(Property("URL", each.url.replace("\\", "\\\\")) for each in links))
    read = fields_of(card)
    dropped += read["dropped"]
    kept = {each.url for each in read["urls"]}
    return {**found, "urls": tuple(each for each in links if each.url in kept)} if links else found


def _key(key: Any) -> str:
    """Spell a key in snake case and as ours: ``phoneNumbers`` is phones."""
    snake = _snake(key)
    return SPELLINGS.get(snake, snake)


def _text(value: Any, key: str) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        # A table's number is a fraction to some programs: 2125550100.0.
        return str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    raise _wrong(key, "a text")


def _items(value: Any) -> list[Any]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    if len(items) > MOST_ITEMS or any(isinstance(each, Mapping) and len(each) > MOST_ITEMS for each in items):
        raise _too_many()
    return items


def _bounded(values: Iterator[Any]) -> tuple[Any, ...]:
    found = tuple(islice(values, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise _too_many()
    return found


def _too_many() -> Rejected:
    return Rejected("too-costly", f"more than {MOST_ITEMS} values for one field of a contact; send those that matter")


def _listed(key: str, value: Any, kinds: tuple[str, ...]) -> Iterator[Any]:
    """Read numbers, mail addresses or links: a text, an object, a list of them, or an object of texts by kind."""
    main, others, make = LISTS[key]
    for each in _items(value):
        if each is None:
            continue
        if not isinstance(each, Mapping):
            yield make(_text(each, key), kinds)
            continue
        known = {_snake(name): item for name, item in each.items() if item is not None}
        text = next((known[name] for name in (main, *others) if name in known), None)
        if text is None:
            for name, item in each.items():
                yield from (make(_text(one, key), (*kinds, name)) for one in _items(item) if one is not None)
            continue
        own = [_text(kind, key) for name in ("kinds", "kind", "types", "type") for kind in _items(known.get(name, []))]
        extra = {"extension": _text(known.get("extension", known.get("ext", "")), key)} if key == "phones" else {}
        yield make(_text(text, key), (*kinds, *own), _text(known.get("label", ""), key), **extra)


def _addresses(value: Any) -> tuple[Address, ...]:
    return tuple(_each_address(value))


def _each_address(value: Any) -> Iterator[Address]:
    for each in _items(value):
        if not isinstance(each, Mapping):
            yield Address(street=_text(each, "addresses"))
            continue
        known = {ADDRESS_SPELLINGS.get(_snake(name), _snake(name)): item for name, item in each.items()}
        parts = {name: _lines(item) for name, item in known.items() if name in ADDRESS_PARTS and item is not None}
        if not parts:
            raise _wrong("addresses", "street, city, region, postcode, country")
        own = [_text(kind, "kinds") for name in ("kinds", "kind", "type") for kind in _items(known.get(name, []))]
        yield Address(**parts, kinds=tuple(own), label=_text(known.get("label", ""), "label"))


def _chats(value: Any) -> tuple[Chat, ...]:
    return tuple(_each_chat(value))


def _each_chat(value: Any) -> Iterator[Chat]:
    for each in _items(value):
        if isinstance(each, Mapping) and {"service", "handle"} <= each.keys():
            yield Chat(_text(each["service"], "service"), _text(each["handle"], "handle"))
        elif isinstance(each, Mapping):
            yield from (Chat(str(service), _text(handle, "chats")) for service, handle in each.items())
        else:
            yield Chat("IM", _text(each, "chats"))


def _lines(value: Any) -> str:
    return "\n".join(_text(each, "a text") for each in _items(value))


def _day(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else _text(value, "birthday")
    found = clean_date(text)
    if found is None:
        raise _wrong("birthday", "a date such as 1985-04-12, or --04-12 without a year")
    return found


def _geo(value: Any) -> tuple[float, float]:
    if isinstance(value, Mapping):
        known = {_snake(str(key))[:3]: each for key, each in value.items()}
        value = [known.get("lat"), known.get("lon", known.get("lng"))]
    elif isinstance(value, str):
        value = _point(value)
    try:
        latitude, longitude = value
        return float(latitude), float(longitude)
    except (TypeError, ValueError) as error:
        raise _wrong("geo", "latitude and longitude in degrees") from error


def _point(text: str) -> tuple[float, float] | None:
    try:
        return numbers.read(text)
    except Rejected:
        return None


def _photo(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    text = re.sub(r"^data:[^,]{0,200},", "", _text(value, "photo"))
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong("photo", "a picture file's bytes, in base64 (nothing is fetched)") from error


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "addresses": _addresses,
    "chats": _chats,
    "note": _lines,
    "birthday": _day,
    "anniversary": _day,
    "geo": _geo,
    "photo": _photo,
}


def _snake(key: Any) -> str:
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).lower())


def _wrong(key: str, wanted: str) -> Rejected:
    return Rejected("damaged", f"the contact's {key} is not of the form that is read; give {wanted}")


def _depth(value: Any) -> int:
    """Measure how deep a JSON value is nested, without recursion."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest
