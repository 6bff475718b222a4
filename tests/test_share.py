"""One message's bytes, divided among its media."""

from __future__ import annotations

import itertools

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


def test_a_busy_picture_gets_more_than_a_smooth_one() -> None:
    busy, smooth = share(600_000, [2_000_000, 500_000])
    assert busy > 300_000 > smooth > 150_000


def test_what_a_screenshot_needs_is_not_taken_for_photos() -> None:
    assert share(1_000_000, [170_000, 31_000, 1_500_000, 3_000_000])[:2] == [170_000, 31_000]


@given(st.integers(1_000, 5_000_000), NEEDS)
def test_nobody_falls_far_below_an_equal_share(total: int, needs: list[int]) -> None:
    equal = total / len(needs)
    assert all(mine >= min(need, 0.74 * equal) - 1 for mine, need in zip(share(total, needs), needs, strict=True))


def test_no_items_share_nothing() -> None:
    assert share(1_000_000, []) == []
