"""Who must act, for every way to end."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import PrepError, Rejected, Unavailable
from mmsprep.isolate.verdict import Cancelled, Ending, judge, printable
from mmsprep.limits import Limits

LIMITS = Limits(wall_seconds=10)
DONE = {"result": 1}


def verdict(ending: Ending, outcome: Any = None) -> str:
    with pytest.raises(PrepError) as caught:
        judge(ending, outcome, "", LIMITS)
    return caught.value.reason


def test_only_a_clean_end_gives_the_result() -> None:
    assert judge(Ending(how="ended", code=0), DONE, "", LIMITS) == 1
    assert verdict(Ending(how="ended", code=1), DONE) == "damaged"
    assert verdict(Ending(how="ended", code=0, signal=signal.SIGSEGV), DONE) == "damaged"
    assert verdict(Ending(how="wall"), DONE) == "tool"
    assert verdict(Ending(how="lost"), DONE) == "tool"


def test_a_wall_limit_is_the_senders_fault_when_half_of_it_was_computing() -> None:
    assert verdict(Ending(how="wall", cpu_seconds=5.0)) == "too-costly"
    assert verdict(Ending(how="wall", cpu_seconds=4.9)) == "tool"


def test_minus_nine_is_told_apart_by_what_was_used() -> None:
    killed = {"how": "ended", "code": 0, "signal": signal.SIGKILL, "memory_limit": 100.0, "cpu_limit": 10.0}

    assert verdict(Ending(**killed, cpu_seconds=10.0)) == "too-costly"
    assert verdict(Ending(**killed, peak_bytes=90)) == "too-costly"
    assert verdict(Ending(**killed)) == "tool"


def test_a_crash_near_the_memory_limit_is_the_limit() -> None:
    near = Ending(how="ended", code=0, signal=signal.SIGABRT, peak_bytes=90, memory_limit=100)

    assert verdict(near) == "too-costly"


@pytest.mark.parametrize("error", ["exception", "memory", "disk", "file-size", "setup", "rejected", "nonsense"])
def test_every_error_has_a_remedy(error: str) -> None:
    with pytest.raises((Rejected, Unavailable)) as caught:
        judge(Ending(how="ended", code=0, memory_limit=1e9), {"error": error, "message": "because"}, "", LIMITS)

    assert any(word in caught.value.message for word in ("send", "export", "retry", "doctor"))


def test_cancelled_is_neither() -> None:
    with pytest.raises(Cancelled):
        judge(Ending(how="cancelled"), None, "", LIMITS)


@given(st.dictionaries(st.sampled_from(["error", "reason", "message", "traceback", "x"]), st.text() | st.integers()))
def test_whatever_an_item_says_is_an_error_of_ours(untrusted: dict[str, Any]) -> None:
    with pytest.raises(PrepError) as caught:
        judge(Ending(how="ended", code=0, memory_limit=1e9), untrusted, "", LIMITS)

    assert caught.value.message.isprintable()


@given(st.text())
def test_printable_text_is_printable(untrusted: str) -> None:
    assert printable(untrusted).isprintable()
