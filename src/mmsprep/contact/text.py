"""What one field of a contact may hold: text without control characters, kinds that handsets know, real dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

KINDS = ("pref", "cell", "home", "work", "main", "fax", "pager", "car", "other")
"""What a number, address or link is for, as handsets show it (RFC 2426, 3.2.1, 3.3.1; Apple's main and other)."""

KIND_SPELLINGS = {
    "mobile": "cell",
    "cellular": "cell",
    "iphone": "cell",
    "cell phone": "cell",
    "business": "work",
    "office": "work",
    "company": "work",
    "private": "home",
    "beeper": "pager",
    "primary": "pref",
    "preferred": "pref",
    "home fax": "home fax",
    "work fax": "work fax",
    "business fax": "work fax",
    "homefax": "home fax",
    "workfax": "work fax",
    "otherfax": "other fax",
}

PLAIN_KINDS = frozenset({"voice", "internet", "msg", "postal", "parcel", "dom", "intl", "text", "x-internet", "*"})
"""Types that say nothing which a handset shows."""

MOST_SPACES = 20
"""A longer run of blanks could fill a whole folded line, which readers take for the end of the property."""

MOST_NUMBER_CHARS = 100
"""What is longer is no telephone number."""

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Controls, bidirectional overrides (they make a text read as another), byte-order marks.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LONG_BLANKS = re.compile(rf"([^\S\n]{{{MOST_SPACES}}})[^\S\n]+")


def clean_text(text: str) -> str:
    """Keep what can be read: lines end in a line feed, and nothing controls a terminal or a parser."""
    text = _BREAKS.sub("\n", text).replace("\t", " ")
    text = _SURROGATES.sub("\ufffd", _UNSEEN.sub("", text))
    return "\n".join(line.rstrip() for line in _LONG_BLANKS.sub(r"\1", text).split("\n")).strip()


def clean_line(text: str) -> str:
    """Clean as `clean_text` and make it one line."""
    return re.sub(r"[ \n]+", " ", clean_text(text))


def clean_kinds(kinds: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sort kinds into those that handsets know, in the order of `KINDS`, and the other words."""
    words = [clean_line(kind).lower() for kind in kinds]
    known = {part for word in words for part in KIND_SPELLINGS.get(word, word).split(" ") if part in KINDS}
    spelt = known | KIND_SPELLINGS.keys() | PLAIN_KINDS | {""}
    others = tuple(word.removeprefix("x-") for word in words if word not in spelt)
    return tuple(kind for kind in KINDS if kind in known), others


# A pause, a wait (RFC 2806, 2.2), or the word for an extension in the languages in which we have met it.
_POST_DIAL = re.compile(
    r"\s*(?:;\s*ext\s*=|[,;]+|(?<![a-z])(?:ext(?:ension)?|ext\.|x|poste|durchwahl)\.?:?|[pw](?=\d))"
    r"\s*([\d*#]{1,6}(?:[,;pw]+[\d*#]{1,6})*)$",
    re.IGNORECASE,
)


def split_extension(text: str) -> tuple[str, str]:
    """Divide a number as people write it into what is dialled first and the extension: ``555-0100 x12``."""
    text = clean_line(text)
    found = _POST_DIAL.search(text) if len(text) <= MOST_NUMBER_CHARS else None
    if not found or sum(map(str.isdigit, text[: found.start()])) < 5:
        return text, ""
    return text[: found.start()].rstrip(), found[1]


_DATE = re.compile(r"(?:(\d{4}|--)-?(\d{2})-?(\d{2})|(\d{4})[-/.](\d{1,2})[-/.](\d{1,2}))(?:[T ].*)?", re.DOTALL)
NO_YEAR = 1604
"""Apple's year for a birthday without one: a leap year, so that 29 February is a date, and before all birthdays."""


def clean_date(text: str) -> str | None:
    """Give a date as ``1985-04-12`` or, without a year, ``--04-12``; None for what is no date."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (part for part in found.groups() if part is not None)
    year = "--" if year in {"0000", str(NO_YEAR)} else year
    try:
        date(NO_YEAR if year == "--" else int(year), int(month), int(day))
    except ValueError:
        return None
    return f"{'-' if year == '--' else year}-{int(month):02}-{int(day):02}"


def shown(text: str, most: int = 60) -> str:
    """Quote a text in a warning, shortened."""
    line = clean_line(text)
    return f"“{line if len(line) <= most else line[: most - 1] + '…'}”"
