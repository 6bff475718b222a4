from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mmsprep.fit import fit

LOW, HIGH = 0.25, 12.5


def power_law(scale: float, exponent: float, step: int, wobble: int) -> Callable[[float], int]:
    """Make a size that grows with quality in steps and, like a real encoder's, not quite monotonously."""
    return lambda quality: (
        600 + step * int(scale * quality**exponent / step) + hash(round(quality * 1e6)) % (wobble + 1)
    )


sizes = st.builds(
    power_law,
    scale=st.floats(10, 1e7),
    exponent=st.floats(0.05, 3),
    step=st.integers(1, 5000),
    wobble=st.integers(0, 2000),
)


@given(
    size_of=sizes,
    limit=st.integers(1, 10_000_000),
    guess=st.floats(1e-3, 1e3),
    slope=st.floats(0.05, 4),
    encodes=st.integers(1, 10),
)
def test_nothing_over_the_limit_is_ever_returned(size_of, limit, guess, slope, encodes):
    found = fit(size_of, limit, size=int, low=LOW, high=HIGH, guess=guess, slope=slope, encodes=encodes)
    if found is None:
        assert size_of(LOW) >= limit
    else:
        assert found.value == found.size < limit
        assert LOW <= found.quality <= HIGH
        assert found.encodes <= encodes + 1


@given(scale=st.floats(2e4, 1e6), exponent=st.floats(0.3, 1.5), aim=st.floats(0.3, 10), off=st.floats(0.7, 1.4))
def test_a_smooth_size_is_filled_in_few_encodes(scale, exponent, aim, off):
    size_of = power_law(scale, exponent, step=1, wobble=0)
    limit = size_of(aim)
    found = fit(size_of, limit, size=int, low=LOW, high=HIGH, guess=aim * off, slope=exponent * 0.9)
    assert found is not None
    assert found.quality == HIGH or found.size >= 0.97 * limit
    assert found.encodes <= 4


def test_a_limit_that_the_best_fits_takes_one_encode():
    tried: list[float] = []

    def encode(quality: float) -> bytes:
        tried.append(quality)
        return b"x" * 10

    found = fit(encode, 1000, size=len, low=LOW, high=HIGH, guess=HIGH)
    assert found is not None
    assert found.quality == HIGH
    assert tried == [HIGH]


def test_a_size_equal_to_the_limit_does_not_fit():
    assert fit(lambda _: b"x" * 100, 100, size=len, low=LOW, high=HIGH, guess=1.0) is None


def test_a_size_that_hardly_follows_quality_is_still_filled():
    def size_of(quality: float) -> int:
        return int(400_000 * quality**0.2) if quality > 0.5 else int(1_300_000 * quality**2)

    found = fit(size_of, 300_000, size=int, low=LOW, high=HIGH, guess=8.0, slope=0.9)
    assert found is not None
    assert found.size > 0.9 * 300_000
