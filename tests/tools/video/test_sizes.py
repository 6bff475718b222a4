"""The sizes that are tried: of the source's shape, even, never larger than it or what the profile takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mmsprep.profile import Profile
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.sizes import MOST_PIXELS, sizes

CLIP = Clip(
    path=Path("a"),
    ours=False,
    index=0,
    codec="h264",
    profile="High",
    level=40,
    pixel_format="yuv420p",
    width=1920,
    height=1080,
    rate=30,
    seconds=10,
    transfer=1,
    primaries=1,
    matrix=1,
    full_range=False,
    interlaced=False,
    plain=True,
    track=None,
)
ANY = Profile(name="any", types=frozenset({"video/mp4"}))


def test_a_lying_and_an_upright_film_have_the_same_sizes_turned() -> None:
    lying = sizes(CLIP, ANY)
    assert lying[0] == (256, 144)
    assert lying[-1] == (1280, 720)
    assert sizes(replace(CLIP, width=1080, height=1920), ANY) == tuple((height, width) for width, height in lying)


def test_a_small_film_is_not_made_larger() -> None:
    assert sizes(replace(CLIP, width=100, height=50), ANY) == ((100, 50),)


@given(st.integers(2, 8192), st.integers(2, 4320), st.integers(64, 4000))
def test_every_size_is_even_and_within_what_the_profile_takes(width: int, height: int, side: int) -> None:
    profile = replace(ANY, max_side=side)
    for size in sizes(replace(CLIP, width=width, height=height), profile):
        assert size[0] % 2 == size[1] % 2 == 0
        assert size[0] * size[1] <= MOST_PIXELS * 1.02
        assert max(size) <= max(side, 2)
        assert size[0] <= width + 1
        assert size[1] <= height + 1
