"""Facts are what was measured, and cross the border of the isolation as they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mmsprep.media import Facts
from mmsprep.receive import facts_from

WORDS = st.lists(st.sampled_from(["h264", "aac", "gps", "title"]), max_size=3).map(tuple)
COUNTS = st.none() | st.integers(0, 10**6)
FACTS = st.builds(
    Facts,
    type=st.sampled_from(["image/jpeg", "video/mp4", "application/pdf"]),
    bytes=st.integers(0, 10**9),
    width=COUNTS,
    height=COUNTS,
    frames=COUNTS,
    seconds=st.none() | st.floats(0, 10**6),
    pages=COUNTS,
    codecs=WORDS,
    alpha=st.booleans(),
    progressive=st.booleans(),
    metadata=WORDS,
)


@given(FACTS)
def test_facts_come_out_of_the_isolation_as_they_were_measured(facts: Facts) -> None:
    assert facts_from(json.loads(json.dumps(facts.as_dict()))) == facts


def test_only_what_is_known_is_told() -> None:
    assert Facts(type="image/png", bytes=0, width=3).as_dict() == {"type": "image/png", "bytes": 0, "width": 3}
    assert Facts(type="image/png", bytes=1, metadata=("gps",)).as_dict()["metadata"] == ["gps"]


def test_a_file_without_a_size_has_no_pixels_and_does_not_move() -> None:
    page = Facts(type="application/pdf", bytes=1)
    assert (page.pixels, page.animated, page.kind) == (0, False, "application")
    assert Facts(type="image/gif", bytes=1, width=4, height=3, frames=2).animated
