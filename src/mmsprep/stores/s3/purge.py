"""Erase what is too old, or what somebody wants gone: ``mmsprep store purge``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from mmsprep.stores import KEY
from mmsprep.stores.s3.client import silence
from mmsprep.stores.s3.faults import code_of, status_of, telling

if TYPE_CHECKING:
    from mmsprep.stores.s3 import S3Store

AT_ONCE = 8
CENTURY_DAYS = 36_500
"""Nothing is older, and dates end."""
NEEDS = "s3:ListBucket, s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion"
Version = tuple[str, str | None]
"""A key below the prefix, and which version of it where the bucket keeps versions."""


def purge(store: S3Store, *, older_than_days: float | None, keys: Collection[str], dry_run: bool) -> Iterator[str]:
    """Erase and yield each key once; only what has the form of our keys is ever touched.

    One by one, for DeleteObjects wants a checksum that older servers and newer clients disagree about.
    """
    ours = {key for key in keys if KEY.fullmatch(key)}
    chosen, told = _chosen(store, older_than_days=older_than_days, keys=ours), ""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while True:
            with telling(store.where, needs=NEEDS):
                batch = list(islice(chosen, 100 * AT_ONCE))
                if not dry_run:
                    list(threads.map(lambda version: _erase(store, version), batch))
            if not batch:
                return
            for key, _ in batch:
                # Versions of a key are listed one after another.
                if key != told:
                    told = key
                    yield key


def _chosen(store: S3Store, *, older_than_days: float | None, keys: Collection[str]) -> Iterator[Version]:
    """List what is to go: by key, or everything whose newest version is old enough."""
    for key in keys:
        yield from ((key, found["id"]) for found in _listed(store, store.prefix + key) if found["key"] == key)
    if older_than_days is None:
        return
    border, old = store.clock() - timedelta(days=min(older_than_days, CENTURY_DAYS)), False
    for found in _listed(store, store.prefix):
        # An older version goes with the newest one, or it would stay where nobody sees it.
        old = found["modified"] <= border if found["latest"] else old
        if old and KEY.fullmatch(found["key"]):
            yield found["key"], found["id"]


def _listed(store: S3Store, prefix: str) -> Iterator[dict[str, Any]]:
    """List objects, or all their versions and deletion marks where the bucket keeps those."""
    client, cut = store.client(), len(store.prefix)
    if not _versioned(store):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=store.bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                yield {"key": each["Key"][cut:], "id": None, "modified": each["LastModified"], "latest": True}
        return
    for page in client.get_paginator("list_object_versions").paginate(Bucket=store.bucket, Prefix=prefix):
        both: Iterable[dict[str, Any]] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for each in sorted(both, key=lambda each: (each["Key"], not each["IsLatest"])):
            modified, latest = each["LastModified"], each["IsLatest"]
            yield {"key": each["Key"][cut:], "id": each["VersionId"], "modified": modified, "latest": latest}


def _versioned(store: S3Store) -> bool:
    from botocore.exceptions import ClientError

    try:
        return "Status" in store.client().get_bucket_versioning(Bucket=store.bucket)
    except ClientError as error:
        if code_of(error) == "NotImplemented" or status_of(error) in (405, 501):
            return False
        raise


def _erase(store: S3Store, version: Version) -> None:
    key, number = version
    which = {"VersionId": number} if number else {}
    # The silence around the whole purge is another thread's.
    with silence():
        store.client().delete_object(Bucket=store.bucket, Key=store.prefix + key, **which)
