"""Build a calendar anew of what a handset shows: events and tasks, their times, their alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected

if TYPE_CHECKING:
    from icalendar import Component

# Property names of RFC 5545, 3.8, and of RFC 7986 without pictures and conferences, by component.
_SHARED = (
    "UID DTSTAMP DTSTART SUMMARY DESCRIPTION LOCATION GEO URL STATUS CLASS CATEGORIES PRIORITY SEQUENCE "
    "RRULE RDATE EXDATE RECURRENCE-ID CREATED LAST-MODIFIED COMMENT"
).split()
_ZONE = "DTSTART TZOFFSETFROM TZOFFSETTO TZNAME RRULE RDATE COMMENT".split()
PROPERTIES = {
    "VEVENT": frozenset([*_SHARED, "DTEND", "DURATION", "TRANSP"]),
    "VTODO": frozenset([*_SHARED, "DUE", "DURATION", "COMPLETED", "PERCENT-COMPLETE"]),
    "VJOURNAL": frozenset(_SHARED),
    "VALARM": frozenset("ACTION TRIGGER DESCRIPTION SUMMARY DURATION REPEAT".split()),
    "VTIMEZONE": frozenset("TZID LAST-MODIFIED".split()),
    "STANDARD": frozenset(_ZONE),
    "DAYLIGHT": frozenset(_ZONE),
}
PARAMETERS = frozenset("TZID VALUE LANGUAGE RELATED RANGE".split())
INSIDE = {
    "VCALENDAR": frozenset("VEVENT VTODO VJOURNAL VTIMEZONE".split()),
    "VEVENT": frozenset({"VALARM"}),
    "VTODO": frozenset({"VALARM"}),
    "VTIMEZONE": frozenset({"STANDARD", "DAYLIGHT"}),
}
ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
TIMES = frozenset("DTSTART DTEND DUE DURATION RRULE RDATE EXDATE RECURRENCE-ID".split())
OPENED = ("http://", "https://", "tel:", "mailto:", "geo:")
MOST_ENTRIES = 1_000

_TOLD = {"ATTENDEE": "guest", "ORGANIZER": "organizer", "ATTACH": "attachment"}
_CALLS = frozenset("CONFERENCE X-GOOGLE-CONFERENCE X-MICROSOFT-SKYPETEAMSMEETINGURL".split())
"""Where programs put the link of a video call (RFC 7986, 5.11; Google's; Outlook's)."""


def rebuild(text: str) -> tuple[bytes, Counter[str]]:
    """Parse a calendar and write it anew from allow-lists; count what a sender may miss.

    Raises Rejected ``damaged`` for what is no calendar or has no entry with a start.
    """
    import icalendar

    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
    except MemoryError:
        raise
    except Exception as error:  # ValueError, and KeyError, IndexError, RecursionError of odd lines
        raise Rejected("damaged", "is not a calendar that can be read; export it again") from error
    dropped = Counter[str]()
    made = icalendar.Calendar()
    made.add("version", "2.0")
    made.add("prodid", "-//mmsprep//EN")
    # An invitation would ask the handset to answer somebody; what is sent is only to be known.
    made.add("method", "PUBLISH")
    for calendar in calendars:
        _copy_inside(calendar, made, dropped)
    entries = [each for each in made.subcomponents if each.name in ENTRIES]
    if not entries:
        raise Rejected("damaged", "is a calendar without events; export it again")
    if len(entries) > MOST_ENTRIES:
        raise Rejected("too-costly", f"{len(entries):,} events; {MOST_ENTRIES:,} is the most: export fewer")
    return made.to_ical(sorted=False), dropped


def _copy_inside(source: Component, target: Component, dropped: Counter[str]) -> None:
    for each in source.subcomponents:
        name = str(each.name).upper()
        if name in INSIDE.get(str(source.name).upper(), ()):
            if (copy := _copy(each, name, dropped)) is not None:
                target.add_component(copy)
        elif name == "VALARM" or name in ENTRIES:
            dropped[name] += 1


def _copy(source: Component, name: str, dropped: Counter[str]) -> Component | None:
    """Copy one component by the allow-lists; None for an alarm that does more than show a line."""
    import icalendar

    if name == "VALARM" and str(source.get("ACTION", "")).upper() not in ("DISPLAY", "AUDIO"):
        dropped["alarm"] += 1
        return None
    made: Any = icalendar.Component.get_component_class(name)()
    for key, value in source.property_items(recursive=False, sorted=False):
        if key in ("BEGIN", "END"):
            continue
        if key not in PROPERTIES[name] or (key == "URL" and not str(value).lower().startswith(OPENED)):
            if key in _TOLD and name in ENTRIES:
                dropped[_TOLD[key]] += 1
            elif key in _CALLS and not _says(source, str(value)):
                dropped["link to a video call, which the event's text does not have"] += 1
            continue
        _trim_parameters(value)
        made.add(key, value, encode=False)
    if name == "VALARM":
        _make_silent(made)
    if name in ENTRIES:
        _demand_times(made, name, [key for key, _ in source.errors])
    _copy_inside(source, made, dropped)
    return made  # type: ignore[no-any-return]


def _says(entry: Component, link: str) -> bool:
    return any(link in str(entry.get(key, "")) for key in ("DESCRIPTION", "LOCATION", "URL"))


def _trim_parameters(value: Any) -> None:
    for key in [each for each in getattr(value, "params", {}) if each.upper() not in PARAMETERS]:
        del value.params[key]


def _make_silent(alarm: Any) -> None:
    """Let an alarm show a line: a sound would be a file, which does not travel."""
    if "ACTION" in alarm:
        del alarm["ACTION"]
    alarm.add("action", "DISPLAY")
    if "DESCRIPTION" not in alarm:
        alarm.add("description", "Reminder")


def _demand_times(entry: Any, name: str, unread: Collection[str | None]) -> None:
    """Reject an event without a start, and give what RFC 5545 demands of each."""
    if name == "VEVENT" and "DTSTART" not in entry:
        raise Rejected("damaged", "has an event without a start; export it again")
    rules = entry.get("RRULE", [])
    if any("FREQ" not in each for each in (rules if isinstance(rules, list) else [rules])):
        unread = (*unread, "RRULE")
    if not TIMES.isdisjoint(unread):
        raise Rejected("damaged", "has an event whose times cannot be read; export it again")
    if "UID" not in entry:
        import hashlib

        entry.add("uid", f"{hashlib.sha256(entry.to_ical()).hexdigest()[:32]}@mmsprep")
    if "DTSTAMP" not in entry:
        from datetime import UTC, datetime

        # A fixed time, for the same source is to give the same bytes.
        entry.add("dtstamp", datetime(2000, 1, 1, tzinfo=UTC))
