"""Read a written card again, field by field, by two parsers: what is not found there was never sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mmsprep.contact import Contact
from mmsprep.errors import Rejected
from mmsprep.tools.vcard.lines import Line

NAME_PARTS = ("family", "given", "additional", "prefix", "suffix")
ADDRESS_PARTS = ("box", "extended", "street", "city", "region", "code", "country")


def verify(data: bytes, contact: Contact, lines: Sequence[Line], version: str) -> None:
    """Compare a written card with what was meant; raises Rejected ``damaged`` naming what is not the same."""
    wrong = _by_us(data, contact)
    if version == "3.0":
        wrong += _by_vobject(data, lines)
    if wrong:
        fields = ", ".join(dict.fromkeys(wrong))
        raise Rejected(
            "damaged", f"the card's {fields} did not survive being read again; write it in plainer characters"
        )


def _by_us(data: bytes, contact: Contact) -> list[str]:
    read = Contact.from_vcf(data, cards=1, nesting=1)[0]
    wanted = replace(contact, dropped=())
    return [name for name in Contact.__dataclass_fields__ if getattr(read, name) != getattr(wanted, name)]


def _by_vobject(data: bytes, lines: Sequence[Line]) -> list[str]:
    """Compare every line with what vobject finds: it truncates at a bare comma, and says nothing."""
    import vobject

    try:
        (card,) = vobject.readComponents(data.decode(), validate=True)
    except Exception as error:  # vobject raises its own errors, and any other on what it does not expect
        raise Rejected("damaged", "the written card cannot be read again; write it in plainer characters") from error
    labels = [line.label for line in lines if line.label]
    found = [str(child.value) for child in card.contents.get("x-ablabel", ())]
    wrong = [] if found == labels else ["X-ABLabel"]
    for name in dict.fromkeys(line.name for line in lines):
        meant = [(line.value, tuple(line.types)) for line in lines if line.name == name]
        read = [(_value(child, name), _types(child)) for child in card.contents.get(name.lower(), ())]
        wrong += [] if meant == read else [name]
    return wrong


def _value(child: Any, name: str) -> str | tuple[str, ...] | bytes:
    value = child.value
    if name in {"N", "ADR"}:
        return tuple(_joined(getattr(value, part)) for part in (NAME_PARTS if name == "N" else ADDRESS_PARTS))
    if name == "ORG":
        return tuple(map(_joined, value))
    if name == "GEO":
        return tuple(value.split(";"))
    return value if isinstance(value, bytes) else str(value)


def _joined(part: Any) -> str:
    return part if isinstance(part, str) else "\0".join(part)


def _types(child: Any) -> tuple[str, ...]:
    return tuple(child.params.get("TYPE", ()))
