"""A presigned URL tells when it ends, and providers ask for days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mmsprep.preflight.judge import about_url, expiry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BASE = "https://bucket.s3.amazonaws.com/a.jpg"


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        ("X-Amz-Date=20261122T120000Z&X-Amz-Expires=3600&X-Amz-Signature=x", NOW + timedelta(hours=1)),
        ("X-Goog-Date=20261122T110000Z&X-Goog-Expires=3600", NOW),
        ("AWSAccessKeyId=x&Signature=y&Expires=1795348800", NOW),
        ("sv=2024&se=2026-11-23T12:00:00Z&sig=x", NOW + timedelta(days=1)),
        ("sv=2024&se=2026-11-23&sig=x", datetime(2026, 11, 23, tzinfo=UTC)),
        ("", None),
        ("X-Amz-Expires=3600", None),
        ("X-Amz-Date=yesterday&X-Amz-Expires=3600", None),
        ("X-Amz-Date=20261122T120000Z&X-Amz-Expires=99999999999999999", None),
        ("Signature=y&Expires=1e999", None),
        ("expires=5", None),
    ],
)
def test_the_end_of_a_signature_is_read(query: str, ends: datetime | None) -> None:
    assert expiry(f"{BASE}?{query}") == ends


def test_a_signature_that_ends_too_soon_is_refused_by_who_comes_back() -> None:
    (found,) = about_url(f"{BASE}?X-Amz-Date=20261122T120000Z&X-Amz-Expires=43200", NOW)
    assert (found.reason, found.refused_by, found.fatal) == ("expires", ("infobip",), True)
    assert "ends in 12.0 hours" in found.message
    (ended,) = about_url(f"{BASE}?X-Amz-Date=20261122T100000Z&X-Amz-Expires=60", NOW)
    assert "has ended" in ended.message
    assert list(about_url(f"{BASE}?X-Amz-Date=20261122T120000Z&X-Amz-Expires=604800", NOW)) == []
    assert list(about_url(BASE, NOW)) == []
