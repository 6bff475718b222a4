"""A number goes out as E.164, or is rejected with what is wrong about it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Rejected
from mmsprep.phone import e164, sender


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+12025550143", "+12025550143"),
        (" +1 (202) 555-0143 ", "+12025550143"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+49 (0) 30 123456", "+4930123456"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+39 06 12345678", "+390612345678"),
        ("tel:+1-202-555-0143", "+12025550143"),
    ],
)
def test_punctuation_is_no_fault(written: str, meant: str) -> None:
    assert e164(written) == meant


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("202-555-0143", "no country code"),
        ("12025550143", "no country code"),
        ("+1202555014", "too few or too many digits"),
        ("+120255501434", "too few or too many digits"),
        ("+999 1234567", "no telephone number"),
        ("+12025550143 ext. 5", "an extension"),
        ("", "no telephone number"),
        ("+", "no telephone number"),
        ("jane@example.com", "no telephone number"),
        ("1" * 10_000, "no telephone number"),
        (None, "no telephone number"),
    ],
)
def test_what_is_no_number_is_rejected_with_the_remedy(written: str, fault: str) -> None:
    with pytest.raises(Rejected, match=fault) as rejected:
        e164(written, what="from")
    assert (rejected.value.code, rejected.value.reason) == ("SMS_001", "phone-number")
    assert rejected.value.message.startswith("from: ")
    assert "+12025550143" in rejected.value.message
    assert len(rejected.value.message) < 200


@given(st.text(max_size=30) | st.text("+0123456789 ()-;ext", max_size=30))
def test_whatever_comes_gives_e164_or_rejected(written: str) -> None:
    try:
        number = e164(written)
    except Rejected as rejected:
        assert rejected.message.isprintable()
        return
    assert number[0] == "+"
    assert set(number[1:]) <= set(string.digits)
    assert 1 < len(number) <= 16


def test_a_sender_may_be_a_short_code() -> None:
    assert sender("21212") == "21212"
    assert sender("+1 202 555 0143") == "+12025550143"
    with pytest.raises(Rejected):
        sender("12")
