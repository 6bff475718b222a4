"""Objects of allowed buckets are sources, bounded by size, whole or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.servers.faults import faulty
from tests.stores.conftest import House

from mmsprep import Pipeline
from mmsprep.errors import Rejected, Unavailable
from mmsprep.source import opened
from mmsprep.stores.s3.download import Downloads

CONTENT = os.urandom(3_000_000)


def read(house: House, key: str, tmp_path: Path, *, max_bytes: int = 10_000_000, endpoint: str = "") -> bytes:
    settings = house.with_settings(endpoint=endpoint).settings if endpoint else house.settings
    fetch = Downloads(settings.s3, [house.store.bucket])
    (tmp_path / "item").mkdir(exist_ok=True)
    (tmp_path / "item" / "source").unlink(missing_ok=True)
    with opened(f"s3://{house.store.bucket}/{key}", tmp_path / "item", max_bytes=max_bytes, fetch=fetch) as source:
        assert source.label == f"s3://{house.store.bucket}/{key}"
        assert source.name == key.rpartition("/")[2]
        with os.fdopen(os.dup(source.descriptor), "rb") as file:
            return file.read()


def plant(house: House, key: str, content: bytes) -> None:
    house.store.client().put_object(Bucket=house.store.bucket, Key=key, Body=content)


@pytest.mark.parametrize("key", ["clip.mov", "in/a folder/Größe 50% + #1.mov"])
def test_an_object_comes_whole_whatever_its_key(bucket: House, tmp_path: Path, key: str) -> None:
    plant(bucket, key, CONTENT)
    assert read(bucket, key, tmp_path) == CONTENT


def test_more_bytes_than_the_limit_are_refused_before_they_are_read(bucket: House, tmp_path: Path) -> None:
    plant(bucket, "clip.mov", CONTENT)
    with pytest.raises(Rejected, match="too-many-bytes: 3,000,000 bytes; 1,000,000 is the most"):
        read(bucket, "clip.mov", tmp_path, max_bytes=1_000_000)
    assert not (tmp_path / "item" / "source").exists()


def test_what_is_not_there_is_the_senders_to_check(bucket: House, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"MMS_002 unreadable: there is no such object in test-.*; check the key"):
        read(bucket, "nothing.mov", tmp_path)


@pytest.mark.parametrize("url", ["s3://other/clip.mov", "s3:///clip.mov", "s3://", "s3://test@other/clip.mov"])
def test_only_the_buckets_that_are_named_may_be_read(bucket: House, tmp_path: Path, url: str) -> None:
    fetch = Downloads(bucket.settings.s3, [bucket.store.bucket])
    with pytest.raises(Rejected, match=r"unreadable: .*add it to source_buckets"), fetch(url):
        pass


def test_a_connection_that_breaks_is_taken_up_where_it_broke(bucket: House, tmp_path: Path) -> None:
    assert bucket.server
    plant(bucket, "clip.mov", CONTENT)
    with faulty(bucket.server.endpoint, "break", "break", methods=("GET",)) as proxy:
        assert read(bucket, "clip.mov", tmp_path, endpoint=proxy.url) == CONTENT
    assert proxy.seen == ["GET", "GET", "GET"]


def test_a_connection_that_always_breaks_is_given_up(bucket: House, tmp_path: Path) -> None:
    assert bucket.server
    plant(bucket, "clip.mov", CONTENT)
    with (
        faulty(bucket.server.endpoint, "break", methods=("GET",), lasting=True) as proxy,
        pytest.raises(Unavailable, match=r"store: .*did not answer"),
    ):
        read(bucket, "clip.mov", tmp_path, endpoint=proxy.url)
    assert len(proxy.seen) == 3


def test_an_object_that_changes_meanwhile_is_not_mixed_with_what_it_was(bucket: House) -> None:
    assert bucket.server
    plant(bucket, "clip.mov", CONTENT)
    with faulty(bucket.server.endpoint, "break", methods=("GET",)) as proxy:
        settings = bucket.with_settings(endpoint=proxy.url).settings
        with Downloads(settings.s3, [bucket.store.bucket])(f"s3://{bucket.store.bucket}/clip.mov") as remote:
            remote.read(1000)
            plant(bucket, "clip.mov", CONTENT[::-1])
            with pytest.raises(Unavailable, match="changed while it was read"):
                list(iter(lambda: remote.read(1_000_000), b""))


def test_a_photo_goes_from_one_bucket_into_another(bucket: House, fixtures: Path) -> None:
    plant(bucket, "in/photo.heic", (fixtures / "photo.heic").read_bytes())
    settings = bucket.settings.model_copy(update={"source_buckets": (bucket.store.bucket,)})
    with Pipeline("pantheon", store=bucket.url, settings=settings) as pipeline:
        prepared = pipeline.prepare(f"s3://{bucket.store.bucket}/in/photo.heic")
        assert prepared.media[0].name == "photo.jpg"
        found, headers = bucket.fetch(prepared.media_urls[0])
        assert headers["content-type"] == "image/jpeg"
        assert len(found) == prepared.media[0].facts.bytes
        with pytest.raises(Rejected, match=r"unreadable: x\.heic: .*add it to source_buckets"):
            pipeline.prepare("s3://other/in/x.heic")


def test_a_plan_for_several_profiles_fetches_an_object_once(bucket: House, fixtures: Path) -> None:
    assert bucket.server
    plant(bucket, "in/photo.heic", (fixtures / "photo.heic").read_bytes())
    with faulty(bucket.server.endpoint, methods=()) as proxy:
        behind = bucket.with_settings(endpoint=proxy.url).settings
        settings = behind.model_copy(update={"source_buckets": (bucket.store.bucket,)})
        with Pipeline("pantheon", settings=settings) as pipeline:
            source = f"s3://{bucket.store.bucket}/in/photo.heic"
            planned = pipeline.plan([source, f"s3://{bucket.store.bucket}/in/none.heic"], ["pantheon", "att.tollfree"])
    assert [(getattr(made, "source", ""), getattr(none, "reason", "")) for made, none in planned.values()] == [
        (source, "unreadable")
    ] * 2
    assert proxy.seen.count("GET") == 3  # the photo once, what is not there for each profile
