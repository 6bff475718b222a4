"""An answer is read strictly where it matters and forgivingly where it only informs."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsprep.api.answers import NotAsDocumented, error_in, read_json, read_sent

WHOLE = {"message_id": "msg-1", "status": "Queued"}


def test_only_id_and_status_are_needed() -> None:
    sent = read_sent(WHOLE)
    assert (sent.message_id, sent.status, sent.cost, sent.media_urls) == ("msg-1", "queued", None, ())
    assert sent.as_dict() == {"message_id": "msg-1", "status": "queued"}


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("cost", Decimal("0.10"), Decimal("0.10")),
        ("cost", "0.10", Decimal("0.10")),
        ("cost", 1, Decimal(1)),
        ("cost", "free", None),
        ("cost", True, None),
        ("cost", "NaN", None),
        ("segments", "2", None),
        ("segments", True, None),
        ("created_at", "2026-11-22T12:00:00.123Z", datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)),
        ("created_at", "yesterday", None),
        ("created_at", 5, None),
        ("status_details", {"reason": "off"}, '{"reason": "off"}'),
        ("status_details", "a\x1b[31m\nb", "a [31m b"),
        ("status_details", "", None),
        ("currency", 5, None),
    ],
)
def test_what_only_informs_is_read_if_it_can_be(key: str, value: Any, read: Any) -> None:
    assert getattr(read_sent(WHOLE | {key: value}), key) == read


def test_the_same_values_make_the_same_json_again() -> None:
    told = {
        "message_id": "msg-1", "to": "+12025550143", "from": "+12025550100", "text": "Hi", "status": "delivered",
        "media_urls": ["https://cdn.example.com/a.jpg"], "segments": 1, "direction": "outbound", "type": "mms",
        "created_at": "2026-11-22T12:00:00Z", "cost": 0.0275, "currency": "USD", "status_details": "ok",
        "updated_at": "2026-11-22T12:00:01Z", "delivered_at": "2026-11-22T12:00:02Z", "tags": {"a": "b"},
    }  # fmt: skip
    assert read_sent(read_json(json.dumps(told).encode())).as_dict() == told


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{", b"\xff\xfe", b'{"cost": NaN}', b"[" * 200_000])
def test_what_is_no_json_object_is_told(body: bytes) -> None:
    with pytest.raises(NotAsDocumented):
        read_json(body)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["code", "message"]), SCALARS)
KEYS = ["message_id", "status", "error", "errors", "code", "message", "cost", "tags", "media_urls"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES | st.lists(VALUES, max_size=2)))
def test_any_object_is_read_or_told(untrusted: dict[str, Any]) -> None:
    code, words = error_in(untrusted)
    assert code is None or code[:4] in {"SMS_", "MMS_"}
    assert not words or words.isprintable()
    with suppress(NotAsDocumented):
        read_sent(untrusted)
