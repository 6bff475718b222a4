"""Where a photo was taken, from what cameras write."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mmsprep.place import from_photo


def test_south_and_west_keep_their_signs() -> None:
    place = from_photo({1: "S", 2: (33, 51, Fraction(2976, 100)), 3: b"W\0", 4: (70, Fraction(61, 2), 0)})

    assert place is not None
    assert place.latitude == pytest.approx(-(33 + 51 / 60 + 29.76 / 3600))
    assert place.longitude == pytest.approx(-(70 + 30.5 / 60))


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {2: (0, 0, 0), 4: (0, 0, 0)},
        {2: (float("nan"), 0, 0), 4: (1, 0, 0)},
        {2: (99, 0, 0), 4: (1, 0, 0)},
        {2: 7, 4: 8},
    ],
)
def test_a_camera_without_a_fix_tells_no_place(gps: dict[int, Any]) -> None:
    assert from_photo(gps) is None
