"""Calendars (iCalendar, RFC 5545): looked at line by line, nothing expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

TYPE = "text/calendar"

NESTING = 3
"""VCALENDAR, VEVENT, VALARM: nothing in RFC 5545 lies deeper."""

_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")

PERSONAL = {"ATTENDEE": "attendee", "ORGANIZER": "organizer", "ATTACH": "attachment", "CONTACT": "contact"}


def sniff(head: bytes) -> str | None:
    """Name the type of a file that starts like a calendar, be it after a byte order mark or empty lines."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:15]
    return TYPE if start.upper() == b"BEGIN:VCALENDAR" else None


def parse(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Measure a calendar's facts and hold it against *limits*."""
    text = read_text(path, size, limits)
    depth, ended, metadata = 0, False, set[str]()
    for name, value in lines(text):
        if name == "BEGIN":
            depth += 1
        elif name == "END":
            depth -= 1
            ended = ended or (depth == 0 and value.strip().upper() == "VCALENDAR")
        elif name == "VERSION" and depth == 1 and value.strip() == "1.0":
            raise Rejected(
                "unknown-type",
                "is a vCalendar of the nineties, which phones no longer read; save it as iCalendar (.ics)",
            )
        elif name.startswith("X-"):
            metadata.add("private")
        elif name in PERSONAL:
            metadata.add(PERSONAL[name])
        if depth > NESTING or depth < 0:
            raise _damaged()
    if not ended or depth:
        raise _damaged()
    return Facts(type=mime, bytes=size, metadata=tuple(sorted(metadata)))


def read_text(path: Path, size: int, limits: Limits) -> str:
    """Read a calendar as text; raises Rejected ``too-many-bytes`` or ``damaged``."""
    if size > limits.card_bytes:
        raise Rejected(
            "too-many-bytes", f"{size:,} bytes; a calendar may have {limits.card_bytes:,}: send fewer events"
        )
    data = path.read_bytes()
    if b"\0" in data:
        raise _damaged()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older programs wrote the encoding of their system.
        return data.decode("cp1252", "replace")


def lines(text: str) -> Iterator[tuple[str, str]]:
    """Give each unfolded line's property name in capitals, and what follows it."""
    for line in re.split(r"\r?\n", _FOLD.sub("", text)):
        if found := _NAME.match(line):
            value = line.partition(":")[2]
            yield found[0].upper(), value


def _damaged() -> Rejected:
    return Rejected("damaged", "starts like a calendar but is not a whole one; export it again")
