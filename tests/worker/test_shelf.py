"""Answers are kept once: the first stays, whole, and who comes later gets it back."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.stores.conftest import House, Servers, bucket, credentials, opened, servers

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings
from mmsprep.worker.shelf import FolderShelf, Shelf, open_shelf

__all__ = ["bucket", "credentials", "servers"]


@pytest.fixture(params=["folder", "s3"])
def shelf(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    if request.param == "folder":
        return open_shelf(Settings.load(store=str(tmp_path / "out")))
    house = opened("rclone", servers, tmp_path, monkeypatch)
    return open_shelf(house.settings.model_copy(update={"store": house.url}))


def test_what_is_kept_first_stays(shelf: Shelf) -> None:
    assert shelf.get("a-1") is None
    assert shelf.put("a-1", b'{"n":1}') == b'{"n":1}'
    assert shelf.get("a-1") == b'{"n":1}'


def test_answers_are_listed_by_the_beginning_of_their_jobs(shelf: Shelf) -> None:
    for name in ("batch-1", "batch-2", "other"):
        shelf.put(name, b"{}")
    assert sorted(shelf.jobs("batch-")) == ["batch-1", "batch-2"]
    assert sorted(shelf.jobs("")) == ["batch-1", "batch-2", "other"]


def test_of_many_that_answer_at_once_one_is_kept_and_all_know_it(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path / "answers")
    with ThreadPoolExecutor(16) as threads:
        kept = set(threads.map(lambda n: shelf.put("a-1", b'{"n":%d}' % n), range(64)))
    assert kept == {shelf.get("a-1")}
    assert os.listdir(tmp_path / "answers") == ["a-1.json"]


# Not rclone's server, which knows no conditions and takes the last; there the worker looks before it writes.
@pytest.mark.services
@pytest.mark.parametrize("bucket", ["moto", "ceph"], indirect=True)
def test_a_bucket_that_knows_conditions_keeps_the_first_too(bucket: House) -> None:
    shelf = open_shelf(bucket.settings.model_copy(update={"store": bucket.url}))
    assert shelf.put("a-1", b'{"n":1}') == b'{"n":1}'
    assert shelf.put("a-1", b'{"n":2}') == b'{"n":1}'


def test_answers_are_never_where_the_public_reads() -> None:
    settings = Settings.load(store="s3://acme/mms/")
    shelf = open_shelf(settings)
    assert shelf._store.where == "s3://acme/mms-answers"  # type: ignore[attr-defined]
    with pytest.raises(Misconfigured, match=r"worker\.answers"):
        open_shelf(Settings.load(store="s3://acme"))
    with pytest.raises(Misconfigured, match="needs a store"):
        open_shelf(Settings.load())


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    shelf = FolderShelf(tmp_path / "file" / "answers")
    with pytest.raises(Unavailable, match="store"):
        shelf.put("a-1", b"{}")
