"""The calendar stage: events as programs export them in; the same events, without guests and attachments, out."""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect.calendar import TYPE, read_text
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools import calendar


def accepts(media: Media, profile: Profile) -> bool:
    """Take every calendar where calendars may leave."""
    return media.facts.type == TYPE and TYPE in profile.types


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the calendar that is sent for *media*."""
    data, dropped = calendar.rebuild(read_text(media.path, media.facts.bytes, job.limits))
    for what, count in sorted(dropped.items()):
        job.warn(f"removed: {count} × {what}")
    limit = job.profile.limit(TYPE)
    if len(data) >= limit:
        raise Rejected("cannot-fit", f"{len(data):,} bytes of events; {limit:,} is the limit: export fewer")
    path = job.new_path(".ics")
    path.write_bytes(data)
    return (path,)


STAGE = Stage("calendar", accepts, run)
