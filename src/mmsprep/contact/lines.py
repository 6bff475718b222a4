"""The lines of a .vcf file, of every version and as real phones write them, as properties.

All works on bytes, spelt as Latin-1 text, until a value's own character set is known: a line may be folded
in the middle of a character, and each property of a vCard 2.1 may have another character set.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmsprep.contact.decoding import as_bytes_text, decoded, from_base64, is_guess, plain_type
from mmsprep.contact.text import shown
from mmsprep.errors import Rejected

BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
ENCODINGS = {"BASE64": "BASE64", "B": "BASE64", "QUOTED-PRINTABLE": "QUOTED-PRINTABLE", "Q": "QUOTED-PRINTABLE"}
MOST_PROPERTIES = 2_000
"""In a file; the fullest card that we have met has 80."""
MOST_PARTS = 20
"""Of a structured value; an address has seven, and what is more is one text."""
MOST_NAMED = 5
"""Lines of a card that cannot be read and are quoted; the others are counted."""
MOST_LOST_BYTES = 1_000
"""A line that cannot be read is left out with a warning; when it is longer, the card is damaged."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its value is decoded, but still escaped; ``data`` is what base64 held."""

    name: str
    value: str
    group: str = ""
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    data: bytes | None = None
    guessed: bool = False
    """Whether its letters were in no character set that it names."""

    @property
    def text(self) -> str:
        """The value as one text: a bare comma or semicolon belongs to it, whatever the standard says."""
        return unescaped(self.value)

    @property
    def parts(self) -> list[str]:
        """The components of a structured value, each as one text."""
        return [unescaped(part) for part in _divided_by_semicolons(self.value)]

    @property
    def name_parts(self) -> list[str]:
        """The components of a name, in which commas divide several names: ``Philip,Paul`` is Philip Paul.

        A comma before a blank is one that its writer did not escape.
        """
        parts = _divided_by_semicolons(self.value)
        # Degrees, the fifth part, are written as a list.
        return [unescaped(_divided(part, ", " if at == 4 else " ")) for at, part in enumerate(parts)]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The values of TYPE, and a preference of vCard 4.0 as ``pref``."""
        types = tuple(kind for value in self.params.get("TYPE", ()) for kind in value.split(","))
        return (*types, "pref") if self.params.get("PREF") in {("1",), ("",)} else types


@dataclass(frozen=True, slots=True)
class Card:
    """The properties of one card, and in words what could not be read."""

    properties: tuple[Property, ...]
    dropped: tuple[str, ...] = ()


def cards_of(data: bytes, *, most: int, nesting: int) -> tuple[Card, ...]:
    """Divide a .vcf file into its cards.

    Raises Rejected: ``damaged`` without a card, or with one that has no end, is nested deeper than *nesting* or
    has a long line that cannot be read; ``too-many-files`` for more than *most* cards.
    """
    divider = _Divider(most, nesting)
    for count, line in enumerate(_logical_lines(as_bytes_text(data))):
        if count > MOST_PROPERTIES:
            raise Rejected("too-costly", f"more than {MOST_PROPERTIES:,} lines; export only the contacts that are sent")
        divider.take(line)
    return divider.cards()


class _Divider:
    """Gather the lines of a file into cards."""

    def __init__(self, most: int, nesting: int) -> None:
        self.most, self.nesting = most, nesting
        self.done: list[Card] = []
        self.held: list[Property] = []
        self.dropped: list[str] = []
        self.depth = self.outside = self.unreadable = 0

    def take(self, line: str) -> None:
        boundary = _BOUNDARY.match(line)
        if boundary and (boundary[1] or boundary[2]).upper() == "BEGIN":
            self._begin()
        elif boundary:
            self._end()
        elif self.depth == 0:
            self.outside += 1
        elif self.depth == 1:
            read = parse_line(line)
            if not read:
                self.unreadable += 1
                said = _unreadable(line)
                self.dropped += [said] if self.unreadable <= MOST_NAMED else []
                return
            self.held.append(read)
            if read.guessed:
                self.dropped.append(f"letters of {read.name}, read as Western European: {shown(read.text)}")

    def cards(self) -> tuple[Card, ...]:
        if self.depth or not self.done:
            fact = "the card breaks off before its END:VCARD" if self.depth else "there is no contact card in it"
            raise Rejected("damaged", f"{fact}; export the contact again")
        first, *others = self.done
        if self.outside:
            many = "1 line" if self.outside == 1 else f"{self.outside} lines"
            first = Card(first.properties, (*first.dropped, f"{many} outside the cards"))
        return first, *others

    def _begin(self) -> None:
        self.depth += 1
        if self.depth > self.nesting:
            raise Rejected("damaged", f"cards within cards, more than {self.nesting} deep; export the contact again")
        if self.depth > 1:
            self.dropped.append("a card within the card")
        elif len(self.done) == self.most:
            raise Rejected("too-many-files", f"more than {self.most} contacts in one file; send {self.most} at a time")

    def _end(self) -> None:
        if self.depth == 1:
            more = self.unreadable - MOST_NAMED
            counted = [f"{more} more lines that cannot be read"] if more > 0 else []
            self.done.append(Card(tuple(self.held), (*self.dropped, *counted)))
            self.held, self.dropped, self.unreadable = [], [], 0
        self.depth = max(0, self.depth - 1)


def parse_line(line: str) -> Property | None:
    """Read one unfolded line, spelt as Latin-1; None when it is no property."""
    line = plain_type(line)
    head = _HEAD.match(line)
    if not head:
        return None
    params, at, end = dict[str, list[str]](), head.end(), len(line)
    while at < end and line[at] == ";":
        found = _PARAM.match(line, at)
        assert found is not None  # it matches the empty name
        at = found.end()
        values = []
        while True:
            value = _PARAM_VALUE.match(line, at)
            assert value is not None
            values.append(value[1] if value[1] is not None else value[2].strip('" '))
            at = value.end()
            if at >= end or line[at] != ",":
                break
            at += 1
        _add_param(params, found[1].strip().upper(), found[2], [decoded(each) for each in values])
    if at >= end or line[at] != ":":
        return None
    value_text = line[at + 1 :]
    if "LABEL" in params:
        value_text = _after_broken_label(value_text)
    settled = {key: tuple(_caret_decoded(value) for value in values) for key, values in params.items()}
    return _property(head[2].upper().replace("_", "-"), value_text, (head[1] or "").lower(), settled)


def unescaped(value: str) -> str:
    """Undo backslash escapes (RFC 2426, 5; vCard 2.1 and Google escape more than they must)."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _divided_by_semicolons(value: str) -> list[str]:
    parts: list[str] = _UNESCAPED_SEMICOLON.findall(value)
    return [*parts[:MOST_PARTS], " ".join(filter(None, parts[MOST_PARTS:]))] if len(parts) > MOST_PARTS else parts


def _divided(value: str, between: str) -> str:
    return _UNESCAPED_COMMA.sub(lambda found: between if found[0] == "," else found[0], value)


def escaped(text: str) -> str:
    """Escape a text so that it is one value (RFC 2426, 5)."""
    return re.sub(r"([\\,;])", r"\\\1", text).replace("\n", "\\n")


# An agent's card may begin behind the property's name; a whole one in one line (RFC 2426, 3.5.4) is a text.
_BOUNDARY = re.compile(r"\s*(?:(BEGIN|END)\s*:|AGENT(?:;[^:]*)?:\s*(BEGIN):VCARD\s*$)", re.IGNORECASE)
# KDE writes X-messaging/skype-All.
_HEAD = re.compile(r"\s*(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_/-]+)(?=[;:])")
_PARAM = re.compile(r';([^=;:,"]*)(=?)')
_PARAM_VALUE = re.compile(r'\s*"([^"]*)"[^;:,]*|([^;:,]*)')
_UNESCAPED_SEMICOLON = re.compile(r"(?:^|(?<=;))((?:[^\\;]|\\.|\\$)*)(?:;|$)", re.DOTALL)
_UNESCAPED_COMMA = re.compile(r"\\.|,(?=\S)", re.DOTALL)
_ESCAPE = re.compile(r"\\([nN,;:\\\"])")
# Two files that were put together without a line break between them.
_NEWLINE = re.compile(r"\r+\n?|\n|(?<=\nEND:VCARD)(?=BEGIN:VCARD)", re.IGNORECASE)
_BASE64_LINE = re.compile(r"\s*[A-Za-z0-9+/]+={0,2}\s*")


def _logical_lines(text: str) -> Iterator[str]:
    """Join what folding, quoted-printable and base64 have cut."""
    lines, at, version = _NEWLINE.split(text), 0, ""
    while at < len(lines):
        line, at = lines[at], at + 1
        if not line.strip():
            continue
        head = line[: line.find(":") + 1].upper()
        if head.strip() == "VERSION:":
            version = line.partition(":")[2].strip()
        parts = [line]
        if "QUOTED-PRINTABLE" in head:
            at = _join_quoted_printable(parts, lines, at)
        is_base64 = re.search(r"[;=](?:BASE64|B)[;:]", head) is not None
        while at < len(lines) and lines[at][:1] in {" ", "\t"}:
            # vCard 2.1 folds before a blank that belongs to the text (2.1.3), later versions insert one.
            parts.append(" " + lines[at][1:] if version == "2.1" and not is_base64 else lines[at][1:])
            at += 1
        at = _join_base64(parts, lines, at) if is_base64 else at
        yield "".join(parts)


def _join_quoted_printable(parts: list[str], lines: Sequence[str], at: int) -> int:
    while parts[-1].rstrip(" \t").endswith("="):
        parts[-1] = parts[-1].rstrip(" \t")[:-1]
        # Android has cut its last soft break before the end of the card.
        if at >= len(lines) or not lines[at] or _BOUNDARY.match(lines[at]):
            break
        parts.append(lines[at])
        at += 1
    return at


def _join_base64(parts: list[str], lines: Sequence[str], at: int) -> int:
    """Take the lines that are base64, however they are indented and with empty ones between, as phones write them."""
    ahead = at
    while ahead < len(lines) and (not lines[ahead].strip() or _BASE64_LINE.fullmatch(lines[ahead])):
        if lines[ahead].strip():
            parts.append(lines[ahead])
            at = ahead + 1
        ahead += 1
    return at


def _add_param(params: dict[str, list[str]], name: str, equals: str, values: Sequence[str]) -> None:
    if equals:
        params.setdefault(name, []).extend(values)
    elif name in ENCODINGS:
        params.setdefault("ENCODING", []).append(name)
    elif name:
        # vCard 2.1 gives types without their name: TEL;CELL;PREF.
        params.setdefault("TYPE", []).append(name)


def _caret_decoded(value: str) -> str:
    """Decode RFC 6868."""
    return re.sub(r"\^([n'^])", lambda found: {"n": "\n", "'": '"', "^": "^"}[found[1]], value)


def _after_broken_label(value: str) -> str:
    """Find the value after a LABEL that its writer should have quoted: carets stand in parameters alone."""
    caret = max(value.rfind(each) for each in ("^n", "^'", "^^"))
    return value[value.find(":", caret) + 1 :] if caret >= 0 and ":" in value[caret:] else value


def _property(name: str, value: str, group: str, params: Mapping[str, tuple[str, ...]]) -> Property:
    encodings = {ENCODINGS.get(each.upper(), "") for each in params.get("ENCODING", ())}
    charset = next(iter(params.get("CHARSET", ())), "")
    if "BASE64" in encodings and not value.lower().startswith(("http:", "https:", "data:")):
        data = from_base64(value)
        text = "" if name in BINARY else decoded(data.decode("latin-1"), charset)
        return Property(name, text, group, params, data)
    if "QUOTED-PRINTABLE" in encodings:
        value = binascii.a2b_qp(value.encode("latin-1")).decode("latin-1")
    return Property(name, decoded(value, charset), group, params, guessed=is_guess(value, charset))


def _unreadable(line: str) -> str:
    if len(line) > MOST_LOST_BYTES:
        raise Rejected("damaged", f"a line of {len(line):,} bytes in the card cannot be read; export the contact again")
    return f"a line that cannot be read: {shown(decoded(line))}"
