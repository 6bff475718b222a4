"""A source is a path, bytes or an open file, and never a link, a pipe or a surprise."""

from __future__ import annotations

import io
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmsprep.errors import Rejected, Unavailable
from mmsprep.source import Source, opened, plain_name


def read(source: Source, tmp_path: Path, *, max_bytes: int = 100) -> tuple[str, str, bytes]:
    with opened(source, tmp_path, max_bytes=max_bytes) as each:
        return each.label, each.name, os.pread(each.descriptor, 1_000, 0)


@pytest.fixture
def item(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "item"
    path.mkdir()
    return path


def test_a_path_is_opened_and_keeps_its_name(item: Path, tmp_path: Path) -> None:
    (tmp_path / "a b.jpg").write_bytes(b"1234")
    assert read(tmp_path / "a b.jpg", item) == (str(tmp_path / "a b.jpg"), "a b.jpg", b"1234")


def test_bytes_and_streams_are_read_from_where_they_stand(item: Path) -> None:
    stream = io.BytesIO(b"skipped1234")
    stream.seek(7)
    assert read(stream, item)[2] == b"1234"
    (item / "source").unlink()
    assert read(b"1234", item) == ("<bytes>", "_bytes_", b"1234")


def test_a_stream_without_end_is_cut_off_at_the_limit(item: Path) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    with pytest.raises(Rejected, match="too-many-bytes"):
        read(Endless(), item)  # type: ignore[arg-type]
    assert (item / "source").stat().st_size < 3_000_000


def test_a_disk_that_is_full_is_ours_to_empty_and_not_the_senders(item: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(Unavailable, match=r"tool: cannot copy it to .*: File too large; free space there"):
            read(io.BytesIO(b"x" * 100_000), item, max_bytes=1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("make", [lambda path: b"x" * 101, lambda path: path.write_bytes(b"x" * 101) and path])
def test_more_bytes_than_the_limit_are_refused(make, item: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Rejected, match=r"too-many-bytes: 101 bytes; 100 is the most"):
        read(make(tmp_path / "large"), item)


def test_what_is_no_regular_file_is_named_with_its_remedy(item: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    said = {
        tmp_path: "a folder",
        tmp_path / "link": "a link; give the path that it points to",
        tmp_path / "pipe": "a pipe",
        Path("/dev/zero"): "a device",
        tmp_path / "missing": "no such file",
        tmp_path / "nul\0.jpg": "cannot be opened",
        tmp_path / ("long" * 100): "cannot be opened",
    }
    for path, fact in said.items():
        with pytest.raises(Rejected, match="MMS_002 unreadable") as caught:
            read(path, item)
        assert fact in caught.value.message


@pytest.mark.parametrize("url", ["https://example.com/a.jpg", "http://example.com/a.jpg?x=1"])
def test_a_web_address_is_told_from_a_missing_file(url: str, item: Path) -> None:
    with pytest.raises(Rejected, match="a web address, and nothing is fetched; give the file itself"):
        read(url, item)


def test_a_name_is_made_plain_whatever_its_bytes() -> None:
    assert plain_name("beach.jpg") == "beach.jpg"
    assert plain_name("../../etc/passwd") == "_.._etc_passwd"
    assert plain_name("a\x1b[31m\n\u202egpj.exe") == "a_[31m__gpj.exe"
    assert plain_name(os.fsdecode(b"\xff\xfe.jpg")) == "__.jpg"
    assert plain_name("..") == "file"
    assert len(plain_name("x" * 500)) == 80


@given(st.text(max_size=120))
@example("x" * 79 + ". y")
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)
