"""Which part of a recording is wanted."""

from __future__ import annotations

import pytest

from mmsprep.errors import Rejected
from mmsprep.tools.window import window


def test_without_a_wish_the_whole_is_wanted_however_short_it_is() -> None:
    assert window({}, 0.05).whole
    assert window({"trim": None, "max_seconds": None}, 0.1).whole
    assert window({}, None).whole


def test_a_wish_behind_the_end_names_its_remedy() -> None:
    with pytest.raises(Rejected, match="choose an earlier start"):
        window({"trim": "5-"}, 3.0)
