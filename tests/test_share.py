"""One message's bytes, divided among its media."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.share import share

NEEDS = st.lists(st.integers(1, 5_000_000), min_size=1, max_size=10)


@given(st.integers(1, 5_000_000), NEEDS)
def test_the_total_is_never_exceeded_and_nobody_gets_more_than_they_need(total: int, needs: list[int]) -> None:
    shares = share(total, needs)
    assert len(shares) == len(needs)
    assert sum(shares) <= total
    assert all(0 <= given <= need for given, need in zip(shares, needs, strict=True))


@given(st.integers(1_000, 5_000_000), NEEDS)
def test_nothing_is_left_over_while_somebody_needs_it(total: int, needs: list[int]) -> None:
    assert sum(share(total, needs)) >= min(total, sum(needs)) - 5 * len(needs)


@given(st.integers(1_000, 5_000_000), NEEDS)
def test_who_needs_more_never_gets_less(total: int, needs: list[int]) -> None:
    ordered = sorted(needs)
    shares = share(total, ordered)
    assert all(one <= other for one, other in itertools.pairwise(shares))


def test_small_items_stay_whole_and_the_rest_is_divided() -> None:
    small, *large = share(1_000_000, [20_000, 3_000_000, 3_000_000])
    assert small == 20_000
    assert all(489_990 <= each <= 490_000 for each in large)


def test_a_message_that_fits_is_left_alone() -> None:
    assert share(1_000_000, [200_000, 300_000]) == [200_000, 300_000]


def test_who_weighs_more_gets_more_and_nobody_loses_more_than_half() -> None:
    shares = share(900_000, [2_000_000] * 3, [3.0, 1.5, 0.1])
    assert shares == pytest.approx([500_000, 250_000, 150_000], abs=2)


def test_what_a_screenshot_needs_is_not_taken_for_photos() -> None:
    assert share(1_000_000, [170_000, 31_000, 1_500_000, 3_000_000])[:2] == [170_000, 31_000]


@given(
    st.integers(1_000, 5_000_000),
    st.lists(st.tuples(st.integers(1, 5_000_000), st.floats(1e-3, 1e6)), min_size=1, max_size=10),
)
def test_weights_take_from_nobody_what_they_are_promised(total: int, items: list[tuple[int, float]]) -> None:
    needs, weights = [need for need, _ in items], [weight for _, weight in items]
    shares = share(total, needs, weights)
    assert sum(shares) <= total
    assert sum(shares) >= min(total, sum(needs)) * 0.999 - 5 * len(needs)
    equal = total / len(needs)
    assert all(int(min(need, equal / 2)) - 1 <= mine <= need for mine, need in zip(shares, needs, strict=True))


def test_no_items_share_nothing() -> None:
    assert share(1_000_000, []) == []
