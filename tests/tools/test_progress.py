"""Progress rises, phase by phase, and never says more often than a bar can show."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mmsprep.stage import Event
from mmsprep.tools.progress import STEP, Progress


def told(seconds: float, *phases: tuple[float, float, list[float]]) -> list[float]:
    """Give the fractions that are told of phases, each with the seconds that it says it has done."""
    events: list[Event] = []
    progress = Progress(events.append, "video", seconds)
    for start, end, done in phases:
        tell = progress.phase(start, end)
        for each in done:
            tell(each)
    assert all(event.step == "video" and (event.eta_seconds or 0) >= 0 for event in events)
    return [event.fraction or 0.0 for event in events]


def test_each_phase_is_its_part_of_the_whole() -> None:
    assert told(10, (0.0, 0.2, [5, 10]), (0.2, 1.0, [5, 10])) == [0.1, 0.2, 0.6, 1.0]


def test_a_source_that_is_longer_than_it_said_ends_its_phase_and_no_more() -> None:
    assert told(10, (0.0, 0.5, [10, 20, 30])) == [0.5]


def test_an_encode_that_is_repeated_does_not_fall_back() -> None:
    assert told(10, (0.0, 1.0, [5, 8]), (0.0, 1.0, [1, 6, 9])) == [0.5, 0.8, 0.9]


@given(
    st.floats(0, 1e5),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(0, 1e6), max_size=50)), max_size=3),
)
def test_whatever_is_done_fractions_rise_by_a_step_at_least(
    seconds: float, phases: list[tuple[float, float, list[float]]]
) -> None:
    fractions = told(seconds, *((min(a, b), max(a, b), done) for a, b, done in phases))
    assert all(0 < each <= 1 for each in fractions)
    assert all(later - earlier >= STEP - 0.0011 for earlier, later in itertools.pairwise(fractions))
