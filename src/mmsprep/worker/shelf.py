"""Answers on a shelf: what became of each job, kept once and for all as ``ID.json``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mmsprep import defaults
from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings
from mmsprep.stores.folder import FolderStore
from mmsprep.stores.s3 import S3Store
from mmsprep.stores.s3.faults import code_of, status_of, telling
from mmsprep.stores.s3.url import divided

SUFFIX = ".json"


class Shelf(Protocol):
    """Where answers are kept. The first that is kept for a job stays: who comes later gets it back."""

    def get(self, job: str) -> bytes | None:
        """Give the answer that is kept; raises Unavailable ``store``."""
        ...

    def put(self, job: str, answer: bytes) -> bytes:
        """Keep *answer*, whole or not at all, and give what is kept now; raises Unavailable ``store``."""
        ...

    def jobs(self, prefix: str) -> Iterator[str]:
        """List the jobs whose ids begin with *prefix* and that are answered; raises Unavailable ``store``."""
        ...


class FolderShelf:
    """Keep answers in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, job: str) -> bytes | None:
        try:
            return (self.root / f"{job}{SUFFIX}").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read from", error) from error

    def put(self, job: str, answer: bytes) -> bytes:
        path = self.root / f"{job}{SUFFIX}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.root, prefix=".mmsprep-", delete=False) as beside:
                try:
                    beside.write(answer)
                    beside.flush()
                    os.fsync(beside.fileno())
                    with suppress(FileExistsError):
                        path.hardlink_to(beside.name)
                finally:
                    Path(beside.name).unlink(missing_ok=True)
            return path.read_bytes()
        except OSError as error:
            raise self._unavailable("write to", error) from error

    def jobs(self, prefix: str) -> Iterator[str]:
        try:
            found = sorted(self.root.glob(f"{prefix}*{SUFFIX}"))
        except OSError as error:
            raise self._unavailable("read from", error) from error
        yield from (path.name.removesuffix(SUFFIX) for path in found)

    def _unavailable(self, what: str, error: OSError) -> Unavailable:
        return Unavailable("store", f"cannot {what} {self.root}: {error.strerror}; free space or fix its permissions")


class S3Shelf:
    """Keep answers in a bucket."""

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._conditional = True

    def get(self, job: str) -> bytes | None:
        from botocore.exceptions import ClientError

        with telling(self._store.where):
            try:
                found = self._store.client().get_object(Bucket=self._store.bucket, Key=self._key(job))
            except ClientError as error:
                if status_of(error) == 404 and code_of(error) != "NoSuchBucket":
                    return None
                # Without s3:ListBucket AWS answers 403 for what is not there; writing will tell.
                if status_of(error) == 403 and code_of(error) == "AccessDenied":
                    return None
                raise
            answer: bytes = found["Body"].read()
            return answer

    def put(self, job: str, answer: bytes) -> bytes:
        from botocore.exceptions import ClientError

        with telling(self._store.where):
            for _ in range(3):
                condition = {"IfNoneMatch": "*"} if self._conditional else {}
                try:
                    self._store.client().put_object(
                        Bucket=self._store.bucket,
                        Key=self._key(job),
                        Body=answer,
                        ContentType="application/json",
                        **condition,
                    )
                    return answer
                except ClientError as error:
                    if condition and (code_of(error) == "NotImplemented" or status_of(error) == 501):
                        self._conditional = False
                    elif status_of(error) != 412 and code_of(error) != "ConditionalRequestConflict":
                        raise
                if kept := self.get(job):
                    return kept
        raise Unavailable("store", f"{self._store.where}: others keep changing the answer of {job}; try again later")

    def jobs(self, prefix: str) -> Iterator[str]:
        with telling(self._store.where, needs="s3:ListBucket"):
            pages = self._store.client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._store.bucket, Prefix=self._store.prefix + prefix):
                for each in page.get("Contents", []):
                    name = each["Key"].removeprefix(self._store.prefix)
                    if name.endswith(SUFFIX):
                        yield name.removesuffix(SUFFIX)

    def _key(self, job: str) -> str:
        return f"{self._store.prefix}{job}{SUFFIX}"


def open_shelf(settings: Settings) -> Shelf:
    """Open where answers are kept; raises Misconfigured.

    It is never below the store itself: what is there may be public, and answers tell names and correlations.
    """
    url = settings.worker.answers or _beside(settings.store)
    store = defaults.open_store(url, settings)
    if isinstance(store, S3Store):
        return S3Shelf(store)
    if isinstance(store, FolderStore):
        return FolderShelf(store.root)
    raise Misconfigured("answers are kept in a folder or a bucket; set worker.answers to one")


def _beside(store: str | None) -> str:
    if not store:
        raise Misconfigured("a worker needs a store; set store to s3://bucket/prefix or a folder")
    if store.startswith("s3://") and not divided(store)[1].strip("/"):
        raise Misconfigured("the store is a whole bucket; set worker.answers to a private place for the answers")
    return f"{store.rstrip('/')}-answers"
