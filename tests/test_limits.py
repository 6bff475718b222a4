"""What one item may take follows from what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.limits import MB, Limits, allowance
from mmsprep.media import Facts

LIMITS = Limits()


def facts(mime: str, **known: float) -> Facts:
    return Facts(type=mime, bytes=1_000_000, **known)  # type: ignore[arg-type]


def test_a_card_gets_least() -> None:
    card = allowance(facts("text/x-vcard"), LIMITS)
    assert (card.memory_bytes, card.cpu_seconds) == (128 * MB, 2.0)
    for other in ("image/jpeg", "video/mp4", "audio/mpeg", "application/pdf"):
        more = allowance(facts(other, width=1, height=1, seconds=1), LIMITS)
        assert more.memory_bytes > card.memory_bytes
        assert more.cpu_seconds > card.cpu_seconds


def test_a_picture_gets_what_its_bare_decode_holds_and_256_mb() -> None:
    small = allowance(facts("image/png", width=100, height=100), LIMITS)
    large = allowance(facts("image/png", width=10_000, height=10_000), LIMITS)
    assert small.memory_bytes == pytest.approx(256 * MB, rel=0.01)
    assert large.memory_bytes == 256 * MB + 400 * MB


def test_a_large_jpeg_is_decoded_reduced_and_needs_less_than_its_pixels() -> None:
    assert allowance(facts("image/jpeg", width=20_000, height=10_000), LIMITS).memory_bytes <= 416 * MB


def test_a_heic_of_a_phone_gets_up_to_the_ceiling_and_no_more() -> None:
    assert allowance(facts("image/heic", width=8_064, height=6_048), LIMITS).memory_bytes > 768 * MB
    assert allowance(facts("image/heic", width=20_000, height=10_000), LIMITS).memory_bytes == LIMITS.memory_bytes


def test_a_film_gets_time_by_its_length() -> None:
    clip = allowance(facts("video/mp4", width=1280, height=720, seconds=10), LIMITS)
    hour = allowance(facts("video/mp4", width=1920, height=1080, seconds=3600), LIMITS)
    assert clip.memory_bytes == hour.memory_bytes == 768 * MB
    assert clip.cpu_seconds < 200
    assert 3600 < hour.cpu_seconds < LIMITS.cpu_seconds


def test_a_document_gets_time_by_its_pages() -> None:
    assert allowance(facts("application/pdf", pages=1), LIMITS).cpu_seconds < 15
    assert allowance(facts("application/pdf", pages=2_000), LIMITS).cpu_seconds > 500


def test_a_slow_machine_gets_more_time_and_the_same_memory() -> None:
    usual, slow = (
        allowance(facts("image/png", width=10, height=10), limits) for limits in (LIMITS, Limits(slowness=3))
    )
    assert slow.cpu_seconds == 3 * usual.cpu_seconds
    assert slow.memory_bytes == usual.memory_bytes


SIZES = st.one_of(st.none(), st.integers(0, 10**12))


@given(
    st.sampled_from(["image/png", "image/heic", "image/gif", "video/mp4", "audio/mpeg", "application/pdf", "a/b"]),
    SIZES,
    SIZES,
    SIZES,
    st.one_of(st.none(), st.floats(0, 1e12)),
)
def test_nothing_that_a_file_says_raises_a_ceiling(
    mime: str, width: int | None, height: int | None, count: int | None, seconds: float | None
) -> None:
    limits = Limits(memory_bytes=300 * MB, cpu_seconds=40, wall_seconds=50)
    said = Facts(type=mime, bytes=10**12, width=width, height=height, frames=count, pages=count, seconds=seconds)
    given_ = allowance(said, limits)
    assert 0 < given_.memory_bytes <= limits.memory_bytes
    assert 0 < given_.cpu_seconds <= limits.cpu_seconds
    assert 0 < given_.wall_seconds <= limits.wall_seconds
