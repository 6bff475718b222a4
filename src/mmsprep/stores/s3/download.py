"""Objects of allowed buckets as sources."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected, Unavailable
from mmsprep.stores.s3.client import ATTEMPTS, ClientOfProcess
from mmsprep.stores.s3.faults import code_of, status_of, telling
from mmsprep.stores.s3.url import divided

if TYPE_CHECKING:
    from mmsprep.stores.s3.options import S3Options

NEEDS = "s3:GetObject, and s3:ListBucket to tell what is not there"


def not_allowed(bucket: str) -> str:
    """Say that the settings name no such bucket of sources, and where they would."""
    return f"no source may come from the bucket {bucket}; add it to source_buckets"


class Remote:
    """An object that is being read: its size, and its bytes one after another."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._which = {"Bucket": bucket, "Key": key}
        self._where = f"s3://{bucket}/{key}"
        self._read = 0
        self._resumed = 0
        answer = self._open()
        self.size: int = answer["ContentLength"]
        self._etag: str = answer["ETag"]

    def read(self, most: int) -> bytes:
        """Give the next bytes; a connection that breaks is taken up where it broke."""
        from botocore.exceptions import BotoCoreError

        with telling(self._where, needs=NEEDS):
            while True:
                try:
                    chunk: bytes = self._body.read(most)
                except BotoCoreError:
                    self._resumed += 1
                    if self._resumed == ATTEMPTS:
                        raise
                    if self._open(Range=f"bytes={self._read}-")["ETag"] != self._etag:
                        raise Unavailable("store", f"{self._where}: it changed while it was read; try again") from None
                else:
                    self._read += len(chunk)
                    return chunk

    def close(self) -> None:
        """Hang up: what was not read is not sent."""
        self._body.close()

    def _open(self, **part: str) -> Any:
        answer = self._client.get_object(**self._which, **part)
        self._body = answer["Body"]
        return answer


class Downloads:
    """Open objects as sources, of *buckets* and no others. Safe to share among threads."""

    def __init__(self, options: S3Options, buckets: Collection[str]) -> None:
        self._buckets = frozenset(buckets)
        self._client = ClientOfProcess(options)

    @contextmanager
    def __call__(self, url: str) -> Iterator[Remote]:
        """Open ``s3://bucket/key``; raises Rejected ``unreadable``, or Unavailable ``store``."""
        from botocore.exceptions import ClientError

        bucket, key = divided(url)
        if bucket not in self._buckets:
            raise Rejected("unreadable", not_allowed(bucket))
        if not key:
            raise Rejected("unreadable", "a bucket, not an object in it; give s3://bucket/key")
        with telling(f"s3://{bucket}/{key}", needs=NEEDS):
            try:
                remote = Remote(self._client(), bucket, key)
            except ClientError as error:
                if status_of(error) == 404 and code_of(error) != "NoSuchBucket":
                    raise Rejected("unreadable", f"there is no such object in {bucket}; check the key") from None
                raise
        try:
            yield remote
        finally:
            remote.close()
