"""The objects below a prefix of an allowed bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmsprep.errors import Misconfigured, Rejected
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.stores.s3.download import NEEDS, not_allowed
from mmsprep.stores.s3.faults import status_of, telling
from mmsprep.stores.s3.url import divided

if TYPE_CHECKING:
    from mmsprep.stores.s3.options import S3Options


@dataclass(frozen=True, slots=True)
class Listed:
    """One object: its URL, its size, and its ETag, which changes with its content."""

    url: str
    bytes: int
    version: str


def listed(options: S3Options, buckets: Collection[str], url: str) -> Iterator[Listed]:
    """Yield what lies at or below ``s3://bucket/prefix``, page by page; raises Misconfigured, Unavailable ``store``."""
    bucket, prefix = _allowed(buckets, url)
    where = f"s3://{bucket}/{prefix}"
    with telling(where):
        client = ClientOfProcess(options)()
        pages = iter(client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix))
    while True:
        # Nothing is yielded in here: whoever takes the next may do so in another thread.
        with telling(where, needs="s3:ListBucket"):
            page = next(pages, None)
        if page is None:
            return
        for each in page.get("Contents", ()):
            if not each["Key"].endswith("/"):
                yield Listed(f"s3://{bucket}/{each['Key']}", each["Size"], each["ETag"])


def version_of(options: S3Options, buckets: Collection[str], url: str) -> str:
    """Give the ETag of one object; raises Rejected ``unreadable``, Misconfigured, Unavailable ``store``."""
    from botocore.exceptions import ClientError

    bucket, key = _allowed(buckets, url)
    with telling(url, needs=NEEDS):
        try:
            return str(ClientOfProcess(options)().head_object(Bucket=bucket, Key=key)["ETag"])
        except ClientError as error:
            if status_of(error) == 404:
                raise Rejected("unreadable", f"there is no such object in {bucket}; check the key") from None
            raise


def _allowed(buckets: Collection[str], url: str) -> tuple[str, str]:
    bucket, key = divided(url)
    if bucket not in buckets:
        raise Misconfigured(not_allowed(bucket))
    return bucket, key
