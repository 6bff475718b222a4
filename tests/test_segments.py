"""Segments are counted as the network counts them: by alphabet, with headers, two-unit characters kept whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.segments import BASIC, EXTENSION, Segments, segments


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 1),
        ("x" * 160, "GSM-7", 160, 1),
        ("x" * 161, "GSM-7", 161, 2),
        ("x" * 306, "GSM-7", 306, 2),
        ("x" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("é" * 160, "GSM-7", 160, 1),
        ("ê", "UCS-2", 1, 1),
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 134, "UCS-2", 134, 2),
        ("я" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("“quoted”", "UCS-2", 8, 1),
        ("tab\there", "UCS-2", 8, 1),
        ("`", "UCS-2", 1, 1),
    ],
)
def test_sizes_are_those_of_the_standard(text: str, encoding: str, units: int, count: int) -> None:
    assert segments(text) == Segments(encoding, units, count)  # type: ignore[arg-type]


def test_a_two_unit_character_is_not_divided_between_segments() -> None:
    # 152 + an escape and its character: the pair moves on, and 306 septets need a third segment.
    assert segments("x" * 152 + "€" + "x" * 152).count == 3
    assert segments("x" * 151 + "€" + "x" * 153).count == 2
    assert segments("я" * 66 + "😀" + "я" * 66).count == 3


def test_the_alphabet_has_127_characters_and_ten_more() -> None:
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION


@given(st.text(max_size=400))
def test_the_segments_hold_the_text_and_are_hardly_more_than_it_needs(text: str) -> None:
    counted = segments(text)
    room = {"GSM-7": 153, "UCS-2": 67}[counted.encoding]
    if counted.count > 1:
        assert counted.units <= counted.count * room
        assert counted.count <= -(-counted.units // (room - 1))
