"""jCard (RFC 7095): the properties of a card as JSON arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsprep.contact.lines import Card, Property, escaped
from mmsprep.errors import Rejected

MOST_PROPERTIES = 2_000


def properties(card: Any) -> Card:
    """Turn a parsed jCard into the properties that a .vcf file would have; raises Rejected ``damaged``."""
    if not is_jcard(card) or len(card[1]) > MOST_PROPERTIES:
        raise Rejected("damaged", 'a jCard is ["vcard", [[name, parameters, type, value], …]] (RFC 7095)')
    return Card(tuple(_property(each) for each in card[1]))


def is_jcard(value: Any) -> bool:
    """Tell whether a JSON value is in the form of a jCard."""
    return (
        isinstance(value, list)
        and len(value) >= 2
        and isinstance(value[0], str)
        and value[0].lower() == "vcard"
        and isinstance(value[1], list)
        and all(isinstance(each, list) and len(each) >= 4 and isinstance(each[0], str) for each in value[1])
    )


def _property(entry: list[Any]) -> Property:
    name, params, kind, *values = entry
    given = params if isinstance(params, Mapping) else {}
    known = {str(key).upper(): _strings(value) for key, value in given.items()}
    group = next(iter(known.get("GROUP", ())), "").lower()
    if kind == "uri":
        return Property(name.upper(), "".join(_strings(values[0])), group, known)
    return Property(name.upper(), ",".join(_value(value) for value in values), group, known)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(",".join(escaped(each) for each in _strings(part)) for part in value)
    return escaped("".join(_strings(value)))


def _strings(value: Any) -> tuple[str, ...]:
    """Give JSON's strings, numbers and lists of them as texts."""
    if isinstance(value, list):
        return tuple(text for each in value for text in ((each,) if isinstance(each, str) else _scalar(each)))
    return _scalar(value)


def _scalar(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str | int | float) else ()
