"""The folder store: whole files or none, under names that suit who reads the folder."""

from __future__ import annotations

import os
import resource
import signal
import threading
from pathlib import Path

import pytest

from mmsprep.errors import Unavailable
from mmsprep.media import Facts, Media
from mmsprep.stores.folder import FolderStore


def media(tmp_path: Path, content: bytes = b"1234", name: str = "beach.jpg") -> Media:
    path = tmp_path / f"{abs(hash(content))}.jpg"
    path.write_bytes(content)
    return Media(path, name, Facts(type="image/jpeg", bytes=len(content)))


def kept(root: Path) -> list[str]:
    return sorted(os.listdir(root))


def test_a_persons_folder_keeps_the_files_own_names(tmp_path: Path) -> None:
    root = tmp_path / "new" / "out"
    url = FolderStore(root).put(media(tmp_path), "0123456789abcdef.jpg")
    assert url == (root / "beach.jpg").as_uri()
    assert (root / "beach.jpg").read_bytes() == b"1234"
    assert (root / "beach.jpg").stat().st_mode & 0o777 == 0o644


def test_the_same_content_again_changes_nothing_and_gives_the_same_url(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    first = store.put(media(tmp_path), "0123456789abcdef.jpg")
    before = (tmp_path / "out" / "beach.jpg").stat()
    assert store.put(media(tmp_path), "0123456789abcdef.jpg") == first
    assert (tmp_path / "out" / "beach.jpg").stat() == before
    assert kept(tmp_path / "out") == ["beach.jpg"]


def test_other_content_of_the_same_name_overwrites_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    store.put(media(tmp_path, b"one"), "11111111aaaa.jpg")
    again = [store.put(media(tmp_path, b"two"), "22222222bbbb.jpg") for _ in range(2)]
    assert again[0] == again[1] == (tmp_path / "out" / "beach-22222222.jpg").as_uri()
    assert (tmp_path / "out" / "beach.jpg").read_bytes() == b"one"


@pytest.mark.parametrize(
    ("name", "apart"),
    [
        ("mr._lee.jpg", "mr._lee-22222222.jpg"),
        ("Pier 39.loc.vcf", "Pier 39-22222222.loc.vcf"),
        ("README", "README-22222222"),
    ],
)
def test_a_name_that_is_taken_is_told_apart_before_its_extension(tmp_path: Path, name: str, apart: str) -> None:
    store = FolderStore(tmp_path / "out")
    store.put(media(tmp_path, b"one", name), "11111111aaaa.jpg")
    store.put(media(tmp_path, b"two", name), "22222222bbbb.jpg")
    assert kept(tmp_path / "out") == sorted([apart, name])


def test_a_published_folder_names_files_by_their_content(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out", "https://media.example.com/mms/")
    url = store.put(media(tmp_path, name="Jane Doe's passport.jpg"), "0123456789abcdef.jpg")
    assert url == "https://media.example.com/mms/0123456789abcdef.jpg"
    assert kept(tmp_path / "out") == ["0123456789abcdef.jpg"]


def test_a_name_is_a_valid_url_whatever_it_holds(tmp_path: Path) -> None:
    url = FolderStore(tmp_path / "out").put(media(tmp_path, name="50% #1?.jpg"), "0123.jpg")
    assert url.endswith("/50%25%20%231%3F.jpg")


def test_a_store_that_cannot_be_written_is_unavailable_and_keeps_no_half_file(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    item = media(tmp_path, b"x" * 100_000)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(Unavailable, match=r"unavailable store: cannot write to .*File too large"):
            FolderStore(root).put(item, "0123.jpg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert kept(root) == []


def test_a_file_where_the_folder_should_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(Unavailable, match="store"):
        FolderStore(tmp_path / "out").put(media(tmp_path), "0123.jpg")


def test_many_threads_that_keep_the_same_thing_make_one_file(tmp_path: Path) -> None:
    store, item, urls = FolderStore(tmp_path / "out"), media(tmp_path), list[str]()
    threads = [threading.Thread(target=lambda: urls.append(store.put(item, "0123.jpg"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 8
    assert len(set(urls)) == 1
    assert kept(tmp_path / "out") == ["beach.jpg"]
