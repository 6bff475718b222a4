"""The wanted part: every spelling of it, and clear words for what cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Rejected
from mmsprep.tools.window import Window, window


@pytest.mark.parametrize(
    ("asked", "start", "seconds"),
    [
        ("5-20", 5, 15),
        ("0:05-0:20", 5, 15),
        ("0:00:05.5-0:00:20", 5.5, 14.5),
        ("5-", 5, 55),
        ("-20", 0, 20),
        ([5, 20], 5, 15),
        ((5, None), 5, 55),
        (None, 0, 60),
        ("50-90", 50, 10),
    ],
)
def test_every_spelling_of_a_part_is_understood(asked: Any, start: float, seconds: float) -> None:
    part = window({"trim": asked}, 60)
    assert (part.start, part.seconds) == (start, pytest.approx(seconds))


def test_max_seconds_shortens_what_trim_leaves() -> None:
    assert window({"trim": "10-50", "max_seconds": 5}, 60) == Window(10, 5, True)
    assert window({"max_seconds": "90"}, 60).whole


def test_only_a_cut_before_the_end_fades() -> None:
    assert window({"trim": "0-20"}, 60).fade_start == 19.5
    assert window({"trim": "40-"}, 60).fade_start is None
    assert window({"trim": "0-0.5"}, 60).fade_start is None


@pytest.mark.parametrize("asked", ["x", "5", "5-3", "1-2-3", "70-80", "5-5", {"a": 1}, "-", ["a", "b"], "1e9-2e9"])
def test_what_cannot_be_a_part_is_refused_in_words(asked: Any) -> None:
    if asked == "-":
        assert window({"trim": asked}, 60).whole
        return
    with pytest.raises(Rejected, match="trim") as refused:
        window({"trim": asked}, 60)
    assert refused.value.reason == "not-accepted"


@pytest.mark.parametrize("asked", ["soon", 0, -1, "nan", float("inf"), []])
def test_a_length_that_is_no_number_of_seconds_is_refused(asked: Any) -> None:
    with pytest.raises(Rejected, match="max_seconds"):
        window({"max_seconds": asked}, 60)


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.1, 100), st.floats(1, 60))
def test_a_window_never_leaves_its_source(start: float, end: float, longest: float, seconds: float) -> None:
    try:
        part = window({"trim": [f"{start:.3f}", f"{end:.3f}"], "max_seconds": longest}, seconds)
    except Rejected:
        return
    assert part.seconds is not None
    assert 0 < part.seconds <= longest + 1e-6
    assert part.start + part.seconds <= seconds + 1e-6
