"""A contact as the lines of its card: the same for every version, before they are spelt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from mmsprep.contact import Contact, Phone
from mmsprep.contact.allowed import SERVICES
from mmsprep.contact.text import NO_YEAR, shown
from mmsprep.contact.vcf import kinds_label
from mmsprep.tools.vcard.numbers import international, is_region

MOST_SHOWN = 8
"""Numbers that one warning lists."""

Value = str | tuple[str, ...] | bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One property to be written: a text, the parts of a structured value, or a photo's bytes."""

    name: str
    value: Value
    types: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    label: str = ""


def as_sent(contact: Contact, region: str | None) -> tuple[Contact, list[str]]:
    """Complete *contact* as a card needs it, and say what the sender would want to know about that.

    Numbers become E.164, a name stands where handsets look for it, and an extension is told in the note:
    Android takes the digits of "+1 212 555 0100,12" for one number, so a number is written without.
    """
    warnings: list[str] = []
    if region is not None and not is_region(region):
        warnings.append(
            f"{shown(region)} is no country that numbers are known of; give region as two letters such as US"
        )
        region = None
    numbers = [international(phone, region) for phone in contact.phones]
    reasons: dict[str, list[str]] = {}
    for phone, reason in numbers:
        if reason:
            reasons.setdefault(reason, []).append(shown(phone.number, 30))
    for reason, left in reasons.items():
        remedy = "; give region, such as US, to complete them" if "country" in reason else ""
        more = [f"{len(left) - MOST_SHOWN} more"] if len(left) > MOST_SHOWN else []
        warnings.append(f"kept as written ({reason}): {', '.join([*left[:MOST_SHOWN], *more])}{remedy}")
    phones = tuple(phone for phone, _ in numbers)
    extensions = [f"{phone.number} ext. {phone.extension}" for phone in phones if phone.extension]
    note = "\n".join(filter(None, (contact.note, *(line for line in extensions if line not in contact.note))))
    # FN must not be empty (RFC 2426, 3.1.1), also when all that there is is a photo or a place.
    named = replace(contact, name=contact.shown_name or ("Location" if contact.geo else "Contact"))
    sent = replace(named, phones=phones, note=note, given=_given(named), geo=_rounded(contact.geo), dropped=())
    return sent, warnings


def lines_of(contact: Contact) -> Iterator[Line]:
    """Yield the lines of a card, without its photo, in the order in which old handsets look for them."""
    yield Line("N", (contact.family, contact.given, contact.middle, contact.prefix, contact.suffix))
    yield Line("FN", contact.name)
    yield from _texts(
        ("NICKNAME", contact.nickname),
        ("X-PHONETIC-FIRST-NAME", contact.phonetic_given),
        ("X-PHONETIC-LAST-NAME", contact.phonetic_family),
    )
    if contact.organization or contact.department:
        yield Line("ORG", (contact.organization, *([contact.department] if contact.department else [])))
    yield from _texts(("TITLE", contact.title), ("ROLE", contact.role))
    for phone in contact.phones:
        yield Line("TEL", phone.number, _types(phone.kinds), label=_label(phone))
    for email in contact.emails:
        yield Line("EMAIL", email.address, ("INTERNET", *_types(email.kinds)), label=email.label)
    for address in contact.addresses:
        yield Line("ADR", address.parts, _types(address.kinds), label=address.label)
    for link in contact.urls:
        yield Line("URL", link.url, _types(link.kinds), label=link.label)
    for chat in contact.chats:
        scheme = SERVICES.get(chat.service)
        params = (("X-SERVICE-TYPE", chat.service),) if scheme else ()
        handle = quote(chat.handle, safe="@.+-_~")
        yield Line("IMPP", f"{scheme or 'x-apple'}:{handle}", params=params, label="" if scheme else chat.service)
    yield from _dates(contact)
    if contact.geo:
        yield Line("GEO", tuple(f"{degrees:.6f}" for degrees in contact.geo))
    yield from _texts(("NOTE", contact.note))


def _rounded(geo: tuple[float, float] | None) -> tuple[float, float] | None:
    """Round to six decimals, a tenth of a metre, which is what GEO holds (RFC 2426, 3.4.2)."""
    # Adding zero makes minus zero plain.
    return (round(geo[0], 6) + 0.0, round(geo[1], 6) + 0.0) if geo else None


def _texts(*named: tuple[str, str]) -> Iterator[Line]:
    yield from (Line(name, text) for name, text in named if text)


def _dates(contact: Contact) -> Iterator[Line]:
    for name, date, label in (("BDAY", contact.birthday, ""), ("X-ABDATE", contact.anniversary, "Anniversary")):
        if date.startswith("--"):
            # A date without a year is no date in vCard 3.0; iPhone and Google read and write it so.
            yield Line(name, f"{NO_YEAR}{date[1:]}", params=(("X-APPLE-OMIT-YEAR", str(NO_YEAR)),), label=label)
        elif date:
            yield Line(name, date, label=label)


def _types(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(kind.upper() for kind in kinds)


def _label(phone: Phone) -> str:
    return f"{phone.label or kinds_label(phone)} ext. {phone.extension}" if phone.extension else phone.label


def _given(contact: Contact) -> str:
    """Put a name that has no parts where iPhones look for it: they show N, and guessing its parts misnames people."""
    if any((contact.given, contact.middle, contact.family, contact.prefix, contact.suffix)):
        return contact.given
    # A firm or a bare number has no name of its own: iPhones show the firm when N is empty.
    return contact.name if contact.name != replace(contact, name="").shown_name else ""
