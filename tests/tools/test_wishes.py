"""Options: what is said is meant, and what cannot be meant is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from mmsprep.errors import Rejected
from mmsprep.tools.wishes import is_wanted, number, one_of


def test_what_is_said_is_given_back_and_silence_is_none() -> None:
    assert one_of({"gif": "keep"}, "gif", ("auto", "keep")) == "keep"
    assert one_of({}, "gif", ("auto", "keep")) is None
    assert (is_wanted({"fast": True}, "fast"), is_wanted({"fast": False}, "fast"), is_wanted({}, "fast")) == (1, 0, 0)
    assert (number({"loudness": "-16"}, "loudness", ""), number({}, "loudness", "")) == (-16.0, None)


@pytest.mark.parametrize("asked", ["sometimes", "", 7, [], {"a": 1}])
def test_a_word_that_is_none_of_those_known_is_refused_with_them(asked: Any) -> None:
    with pytest.raises(Rejected, match=r"gif is .*; give auto or keep") as caught:
        one_of({"gif": asked}, "gif", ("auto", "keep"))
    assert caught.value.reason == "not-accepted"


@pytest.mark.parametrize("asked", ["maybe", "true", 2, []])
def test_what_is_neither_true_nor_false_is_refused(asked: Any) -> None:
    with pytest.raises(Rejected, match=r"fast is .*; give true or false"):
        is_wanted({"fast": asked}, "fast")


@pytest.mark.parametrize("asked", ["loud", [], {}])
def test_what_is_no_number_is_refused_with_an_example(asked: Any) -> None:
    with pytest.raises(Rejected, match=r"loudness is .*; give a level such as -16"):
        number({"loudness": asked}, "loudness", "a level such as -16")
