"""What arrives from an item is taken apart without harm, whatever it is."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.isolate import wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text(), JSON), max_size=5), st.integers(1, 50))
def test_lines_survive_being_cut_anywhere(messages: list[dict[str, Any]], size: int) -> None:
    sent = b"".join(map(wire.as_line, messages))
    lines = wire.Lines()

    received = [line for start in range(0, len(sent), size) for line in lines.feed(sent[start : start + size])]

    assert received == messages


@given(st.binary())
def test_whatever_comes_is_objects_or_garbage(untrusted: bytes) -> None:
    try:
        received = list(wire.Lines().feed(untrusted + b"\n"))
    except wire.Garbage:
        return
    for message in received:
        assert isinstance(message, dict)
        json.dumps(message, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("chunk", [b"x" * 100_000, b'{"a":1}\n' * 10_000, b'{"a":"' + b"y" * 100_000 + b'"}\n'])
def test_no_output_is_without_end(chunk: bytes) -> None:
    lines = wire.Lines()
    with pytest.raises(wire.Garbage):
        [line for _ in range(10_000) for line in lines.feed(chunk)]


def test_a_frame_carries_descriptors() -> None:
    left, right = socket.socketpair()
    reading, writing = os.pipe()
    with left, right:
        wire.send_frame(left, {"a": 1}, [writing])
        wire.send_frame(left, {"b": 2})
        message, descriptors = wire.receive_frame(right)

        assert message == {"a": 1}
        assert len(descriptors) == 1
        assert not os.get_inheritable(descriptors[0])
        os.write(descriptors[0], b"through")
        assert os.read(reading, 10) == b"through"
        assert wire.receive_frame(right) == ({"b": 2}, [])
    for descriptor in (reading, writing, *descriptors):
        os.close(descriptor)


def test_the_end_of_the_other_side_is_told() -> None:
    left, right = socket.socketpair()
    left.close()
    with right, pytest.raises(EOFError):
        wire.receive_frame(right)
