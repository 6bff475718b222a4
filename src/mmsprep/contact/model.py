"""Contact: a person or a firm as handsets show one, whatever it was handed over as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Self

from mmsprep.contact.text import clean_date, clean_kinds, clean_line, clean_text, split_extension
from mmsprep.errors import Rejected


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as it was written; ``extension`` is dialled after the answer. Kinds are words of `text.KINDS`."""

    number: str
    kinds: tuple[str, ...] = ()
    label: str = ""
    extension: str = ""

    def __post_init__(self) -> None:
        _tidy(self, "number", "label", "extension")
        if not self.extension:
            number, extension = split_extension(self.number)
            object.__setattr__(self, "number", number)
            object.__setattr__(self, "extension", extension)
        _sort_kinds(self)


@dataclass(frozen=True, slots=True)
class Email:
    """A mail address and what it is for."""

    address: str
    kinds: tuple[str, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        _tidy(self, "address", "label")
        _sort_kinds(self)


@dataclass(frozen=True, slots=True)
class Link:
    """A web page and what it is."""

    url: str
    kinds: tuple[str, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        _tidy(self, "url", "label")
        _sort_kinds(self)


@dataclass(frozen=True, slots=True)
class Chat:
    """A name in a messaging service, such as ``Chat("Skype", "jane.doe")``."""

    service: str
    handle: str

    def __post_init__(self) -> None:
        _tidy(self, "service", "handle")
        object.__setattr__(self, "service", self.service or "IM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address in the parts that vCard knows (RFC 2426, 3.2.1); a part may have several lines."""

    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    po_box: str = ""
    extended: str = ""
    kinds: tuple[str, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        for part in ("street", "city", "region", "postcode", "country", "po_box", "extended"):
            object.__setattr__(self, part, clean_text(getattr(self, part)))
        _tidy(self, "label")
        _sort_kinds(self)

    @property
    def parts(self) -> tuple[str, ...]:
        """The seven parts in the order of vCard's ADR."""
        return self.po_box, self.extended, self.street, self.city, self.region, self.postcode, self.country


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Hold what is sent of one person; every field may be empty, but not all of them.

    ``name`` is the whole name as shown, the parts are how it sorts. Dates are ``1985-04-12`` or ``--04-12``.
    ``geo`` is latitude and longitude in degrees. ``photo`` is a picture file's bytes, of any format. ``dropped``
    says in words what the source held and this cannot: it becomes the result's warnings.
    """

    name: str = ""
    prefix: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    nickname: str = ""
    phonetic_given: str = ""
    phonetic_family: str = ""
    organization: str = ""
    department: str = ""
    title: str = ""
    role: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    urls: tuple[Link, ...] = ()
    chats: tuple[Chat, ...] = ()
    note: str = ""
    birthday: str = ""
    anniversary: str = ""
    geo: tuple[float, float] | None = None
    photo: bytes | None = None
    dropped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _tidy(self, *LINES)
        object.__setattr__(self, "note", clean_text(self.note))
        _keep(self, "phones", lambda each: each.number)
        _keep(self, "emails", lambda each: each.address)
        _keep(self, "addresses", lambda each: any(each.parts))
        _keep(self, "urls", lambda each: each.url)
        _keep(self, "chats", lambda each: each.handle)
        for key in ("birthday", "anniversary"):
            given = getattr(self, key)
            cleaned = clean_date(given) if given else ""
            if cleaned is None:
                raise Rejected("damaged", f"{key} is {given!r}; write it as 1985-04-12, or --04-12 without a year")
            object.__setattr__(self, key, cleaned)
        if self.geo is not None:
            latitude, longitude = self.geo
            if not (isfinite(latitude) and abs(latitude) <= 90 and isfinite(longitude) and abs(longitude) <= 180):
                raise Rejected("damaged", f"geo is {self.geo}; give latitude and longitude in degrees")

    @property
    def shown_name(self) -> str:
        """The name to show: the whole name, or what else tells whom this is; empty when nothing does."""
        parts = " ".join(filter(None, (self.prefix, self.given, self.middle, self.family, self.suffix)))
        others = [self.organization, self.nickname, *(each.address for each in self.emails)]
        others += [*(each.number for each in self.phones), *(each.handle for each in self.chats), self.title, self.role]
        others += [*(" ".join(filter(None, each.parts)) for each in self.addresses), *(each.url for each in self.urls)]
        return clean_line(next(filter(None, (self.name, parts, *others)), ""))

    @property
    def empty(self) -> bool:
        """Whether a handset would have nothing to show."""
        return not (self.shown_name or self.note or self.photo or self.geo)

    def summary(self) -> dict[str, Any]:
        """Give what is in it in a few plain values, for people to look at."""
        filled = {
            "name": self.shown_name,
            "organization": ", ".join(filter(None, (self.organization, self.department))),
            "title": self.title,
            "phones": [" ext. ".join(filter(None, (each.number, each.extension))) for each in self.phones],
            "emails": [each.address for each in self.emails],
            "addresses": [", ".join(clean_line(part) for part in each.parts if part) for each in self.addresses],
            "urls": [each.url for each in self.urls],
            "birthday": self.birthday,
            "geo": list(self.geo or ()),
            "photo_bytes": len(self.photo or b""),
            "note_chars": len(self.note),
        }
        return {key: value for key, value in filled.items() if value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a contact from a dict or a JSON object, under the names that people use for its fields.

        What no field takes is named in ``dropped``. Raises Rejected ``damaged`` for values of the wrong form.
        """
        from mmsprep.contact.plain import from_dict

        return cls(**from_dict(values))

    @classmethod
    def from_jcard(cls, card: Any) -> Self:
        """Build a contact from a jCard (RFC 7095), parsed from JSON; raises Rejected ``damaged``."""
        from mmsprep.contact.jcard import properties
        from mmsprep.contact.vcf import fields_of

        return cls(**fields_of(properties(card)))

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """Build a contact from a row of a table, as `csv.DictReader` gives it, with Google's or Outlook's headings."""
        from mmsprep.contact.table import from_row

        return cls(**from_row(row))

    @classmethod
    def from_vcf(cls, data: bytes, *, cards: int = 10, nesting: int = 2) -> tuple[Self, ...]:
        """Read every card of a .vcf file of any version, those with nothing to show too; raises Rejected."""
        from mmsprep.contact.lines import cards_of
        from mmsprep.contact.vcf import fields_of

        return tuple(cls(**fields_of(card)) for card in cards_of(data, most=cards, nesting=nesting))

    def to_json(self) -> bytes:
        """Write it as `from_json` reads it: how a contact travels into the isolation."""
        from mmsprep.contact.plain import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json`, or a person, has written as JSON, or a jCard; raises Rejected ``damaged``."""
        from mmsprep.contact.plain import parsed

        value = parsed(data)
        return cls.from_jcard(value) if isinstance(value, list) else cls.from_dict(value)


LINES = tuple(
    field.name
    for field in fields(Contact)
    if field.type == "str" and field.name not in {"note", "birthday", "anniversary"}
)
"""The fields of `Contact` that are one line of text."""


def _tidy(value: Any, *names: str) -> None:
    for name in names:
        object.__setattr__(value, name, clean_line(getattr(value, name)))


def _keep(contact: Contact, name: str, filled: Callable[[Any], Any]) -> None:
    """Keep each of a field's values that says anything, once."""
    if any(isinstance(each, str) for each in getattr(contact, name)):
        raise TypeError(f"{name} holds values such as Phone or Email; Contact.from_dict takes texts")
    object.__setattr__(contact, name, tuple(dict.fromkeys(each for each in getattr(contact, name) if filled(each))))


def _sort_kinds(value: Phone | Email | Link | Address) -> None:
    known, others = clean_kinds(value.kinds)
    object.__setattr__(value, "kinds", known)
    # A word of the sender's own, such as "school", is what they would want to see beside it.
    if others and not known and not value.label:
        object.__setattr__(value, "label", ", ".join(others))
