"""A calendar that leaves has its events and their times, and nobody's address or file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import icalendar
import pytest

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job
from mmsprep.stages.calendar import STAGE

EVENT = """UID:one@example.com
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Brussels:20260105T100000
DTEND;TZID=Europe/Brussels:20260105T113000
SUMMARY:Lunch\\, with a very long name that has to be folded because it is longer than a line may be: ééééé
LOCATION:Rue de la Loi 1
RRULE:FREQ=WEEKLY;COUNT=4
"""
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Brussels
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""


def calendar(inside: str = "", around: str = "") -> str:
    entry = f"BEGIN:VEVENT\n{EVENT}{inside}END:VEVENT\n"
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{around}{ZONE}{entry}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def send(tmp_path: Path, data: str | bytes, max_bytes: int = 600_000) -> tuple[Path, list[str]]:
    path = tmp_path / "source.ics"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (tmp_path / "work").mkdir(exist_ok=True)
    media = Media(path, "source.ics", detect(path, Limits()))
    assert media.facts.type == "text/calendar"
    profile = replace(load("twilio"), max_bytes=max_bytes)
    job = Job(profile=profile, workdir=tmp_path / "work")
    assert STAGE.accepts(media, profile)
    (out,) = STAGE.run(media, job)
    facts = detect(out, job.limits)
    assert facts.type == "text/calendar"
    assert facts.metadata == ()
    return out, job.warnings


def event(path: Path) -> icalendar.Component:
    (found,) = icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    return found


def test_an_event_keeps_its_times_zone_words_and_repetition(tmp_path):
    out, warnings = send(tmp_path, calendar())
    made, source = event(out), icalendar.Calendar.from_ical(calendar()).walk("VEVENT")[0]
    for key in ("DTSTART", "DTEND"):
        assert made.decoded(key) == source.decoded(key)
    assert [str(made[key]) for key in ("SUMMARY", "LOCATION", "UID")] == [
        str(source[key]) for key in ("SUMMARY", "LOCATION", "UID")
    ]
    assert made["RRULE"] == source["RRULE"]
    assert b"BEGIN:VTIMEZONE" in out.read_bytes()
    assert warnings == []


def test_lines_are_folded_by_bytes_and_end_as_the_standard_has_it(tmp_path):
    out, _ = send(tmp_path, calendar())
    lines = out.read_bytes().split(b"\r\n")
    assert lines[-1] == b""
    assert max(len(each) for each in lines) <= 75
    assert all(b"\n" not in each for each in lines)


@pytest.mark.parametrize(
    "line",
    [
        "ATTENDEE;CN=planted:mailto:planted@example.com",
        "ORGANIZER;CN=planted:mailto:planted@example.com",
        "ATTACH:http://example.com/planted.exe",
        "ATTACH;ENCODING=BASE64;VALUE=BINARY:cGxhbnRlZA==",
        "X-PLANTED:planted",
        "URL:javascript:planted",
        "CONTACT:planted",
    ],
)
def test_people_files_and_private_lines_go(line, tmp_path):
    out, warnings = send(tmp_path, calendar(f"{line}\n"))
    assert b"planted" not in out.read_bytes().lower()
    assert b"cGxhbnRlZA" not in out.read_bytes()
    assert bool(warnings) == line.startswith("ATT") or line.startswith("ORG")


def test_an_invitation_asks_nobody_to_answer(tmp_path):
    out, _ = send(tmp_path, calendar(around="METHOD:REQUEST\n"))
    assert icalendar.Calendar.from_ical(out.read_bytes())["METHOD"] == "PUBLISH"


def test_an_alarm_shows_a_line_and_does_nothing_else(tmp_path):
    alarm = "BEGIN:VALARM\nACTION:{}\nTRIGGER:-PT15M\nATTACH:http://example.com/planted\nEND:VALARM\n"
    out, _ = send(tmp_path, calendar(alarm.format("AUDIO") + alarm.format("EMAIL") + alarm.format("PROCEDURE")))
    alarms = event(out).walk("VALARM")
    assert [str(each["ACTION"]) for each in alarms] == ["DISPLAY"]
    assert b"planted" not in out.read_bytes()


def test_an_event_without_a_name_gets_the_same_one_each_time(tmp_path):
    bare = calendar().replace("UID:one@example.com\r\n", "").replace("DTSTAMP:20260101T000000Z\r\n", "")
    made = [send(tmp_path, bare)[0].read_bytes() for _ in range(2)]
    assert made[0] == made[1]
    assert b"UID:" in made[0]


@pytest.mark.parametrize(
    "data",
    [
        calendar()[:200],
        calendar().replace("END:VEVENT\r\n", ""),
        calendar().replace("DTSTART;TZID=Europe/Brussels:20260105T100000", "DTSTART:soon"),
        calendar().replace("RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:W1 MO #4"),
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "BEGIN:VEVENT\r\n" * 2000 + "END:VCALENDAR\r\n",
        calendar().encode() + b"\0",
    ],
    ids=["cut off", "not closed", "no time", "no rule", "empty", "deep", "nul"],
)
def test_what_is_no_whole_calendar_is_damaged(data, tmp_path):
    with pytest.raises(Rejected) as raised:
        send(tmp_path, data)
    assert raised.value.reason == "damaged"


def test_an_old_calendar_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(Rejected) as raised:
        send(tmp_path, calendar().replace("VERSION:2.0", "VERSION:1.0"))
    assert raised.value.reason == "unknown-type"
    assert ".ics" in raised.value.message


@pytest.mark.parametrize("name", ["CONFERENCE;VALUE=URI", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"])
def test_a_lost_link_to_a_video_call_is_told_unless_the_text_has_it(name, tmp_path):
    link = "https://meet.example.com/abc"
    _, warnings = send(tmp_path, calendar(f"{name}:{link}\n"))
    assert len(warnings) == 1
    assert "video call" in warnings[0]
    out, warnings = send(tmp_path, calendar(f"{name}:{link}\nDESCRIPTION:Join {link}\n"))
    assert warnings == []
    assert link in str(event(out)["DESCRIPTION"])


def test_a_calendar_that_is_too_large_is_told(tmp_path):
    with pytest.raises(Rejected) as raised:
        send(tmp_path, calendar(), max_bytes=300)
    assert raised.value.reason == "cannot-fit"
    with pytest.raises(Rejected) as raised:
        send(tmp_path, calendar("COMMENT:" + "x" * 300_000 + "\n"))
    assert raised.value.reason == "too-many-bytes"


def test_an_old_encoding_and_a_byte_order_mark_are_read(tmp_path):
    out, _ = send(tmp_path, b"\xef\xbb\xbf" + calendar().encode())
    assert "ééé" in str(event(out)["SUMMARY"])
    out, _ = send(tmp_path, calendar().encode("cp1252"))
    assert "ééé" in str(event(out)["SUMMARY"])
