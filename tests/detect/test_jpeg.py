"""The segments of a JPEG are found wherever its writer put them, and none is imagined."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmsprep.detect.jpeg import APP0, COM, segments


def written(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def test_each_segment_before_the_picture_is_given_with_its_bytes() -> None:
    data = written(comment=b"from a friend")
    found = {marker: data[start:end] for marker, start, end in segments(data)}
    assert found[APP0][4:9] == b"JFIF\0"
    assert found[COM] == b"\xff\xfe\x00\x0ffrom a friend"
    assert all(marker not in range(0xD0, 0xDB) for marker in found)


def test_fill_bytes_before_a_marker_hide_nothing() -> None:
    data = written(comment=b"hidden").replace(b"\xff\xfe", b"\xff\xff\xff\xfe")
    assert COM in [marker for marker, _, _ in segments(data)]


@given(st.binary(max_size=200), st.integers(0, 700))
def test_whatever_follows_the_segments_lie_within_the_data_one_after_another(tail: bytes, kept: int) -> None:
    data = written(comment=b"x" * 20)[:kept] + tail
    at = 0
    for _, start, end in segments(data):
        assert at <= start < end <= len(data)
        at = end
