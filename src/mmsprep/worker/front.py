"""For programs that have something to be prepared: hand it in, and wait for the answer."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured, Rejected, Unavailable
from mmsprep.prepared import failure_as_dict
from mmsprep.source import plain_name
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.stores.s3.download import not_allowed
from mmsprep.worker import queues, results, submit
from mmsprep.worker.events import UPLOADED_BY_US
from mmsprep.worker.messages import BucketSource, Job
from mmsprep.worker.queues import Names
from mmsprep.worker.shelf import open_shelf

if TYPE_CHECKING:
    from mmsprep.settings import Settings
    from mmsprep.stores.s3.options import S3Options

FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.2, 5.0


def enqueue(jobs: Iterable[Job], settings: Settings) -> list[str]:
    """Put jobs into the queue and give their ids, once the broker has confirmed each.

    Raises Misconfigured for what no worker would do: a bucket that is not in ``source_buckets``, a destination or a
    profile that nobody knows. Raises Unavailable ``queue``.
    """
    app = submit.client(settings.worker)
    ids = []
    for job in jobs:
        _check(job, settings)
        submit.submit(app, settings.worker, job)
        ids.append(job.id)
    return ids


def enqueue_event(body: bytes, settings: Settings) -> None:
    """Put an upload event, as a server of S3 sends it, into the uploads queue: for a web server that receives them.

    It is read by the worker, which also says what is wrong with it. Raises Unavailable ``queue``.
    """
    app, options = submit.client(settings.worker), settings.worker
    results.put(app, options, queues.uploads(options), Names.of(options).uploads, body)


def upload(path: Path, settings: Settings) -> BucketSource:
    """Put a file where workers may read it: the first of ``source_buckets``; the same again is not sent again.

    Raises Misconfigured without such a bucket, Rejected ``unreadable``, Unavailable ``store``.
    """
    from mmsprep.stores.s3 import Content
    from mmsprep.stores.s3.faults import telling

    if not settings.source_buckets:
        raise Misconfigured("files are handed to workers through a bucket; set source_buckets")
    bucket = settings.source_buckets[0]
    try:
        content = Content.of(path)
        key = f"{UPLOADED_BY_US}{content.sha256}/{plain_name(path.name)}"
        with telling(f"s3://{bucket}"), path.open("rb") as file:
            client = _client(settings.s3)()
            if not _is_there(client, bucket, key, content.bytes):
                client.put_object(Bucket=bucket, Key=key, Body=file, ContentLength=content.bytes)
    except OSError as error:
        raise Rejected("unreadable", f"{path.name}: cannot be read: {error.strerror or error}") from error
    return BucketSource(bucket=bucket, key=key)


def collect(ids: Iterable[str], settings: Settings, *, idle_seconds: float = 600) -> Iterator[dict[str, Any]]:
    """Give each job's answer as it comes, as the JSON of `Prepared.as_dict` with ``job`` and ``correlation``.

    They are read where they are kept, so this takes nothing from the results queue and may be done again. When no
    answer at all has come for *idle_seconds*, those that are missing are given as ``unavailable``, reason ``queue``.
    """
    shelf = open_shelf(settings)
    missing = set(ids)
    pause, last = FIRST_LOOK_SECONDS, time.monotonic()
    while missing:
        # A batch's ids begin alike, so that one question tells of a thousand of them.
        found = missing.intersection(shelf.jobs(_beginning(missing)))
        for job in sorted(found):
            kept = shelf.get(job)
            if kept is None:
                continue
            missing.discard(job)
            yield {"seconds": 0.0, **json.loads(kept)}
            last = time.monotonic()
        if found:
            pause = FIRST_LOOK_SECONDS
            continue
        if time.monotonic() - last > idle_seconds:
            break
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)
    waited = f"no worker has answered for {idle_seconds:g} s; see that workers run, and mmsprep dead-letters"
    for job in sorted(missing):
        told = failure_as_dict(job, Unavailable("queue", waited))
        yield told | {"job": job, "correlation": {}, "captions": []}


def _beginning(ids: set[str]) -> str:
    """Give what all ids begin with: it is what the first and the last of them share."""
    first, last = min(ids), max(ids)
    same = [index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other]
    return first[: same[0]] if same else min(first, last, key=len)


def _check(job: Job, settings: Settings) -> None:
    for source in job.sources:
        if isinstance(source, BucketSource) and source.bucket not in settings.source_buckets:
            raise Misconfigured(not_allowed(source.bucket))
    if job.destination is not None and job.destination not in settings.worker.destinations:
        raise Misconfigured(f"no destination is called {job.destination}; set worker.destinations")
    if job.profile is not None:
        settings.named_profile(job.profile)


@functools.cache
def _client(options: S3Options) -> ClientOfProcess:
    """Make boto3's client once for all files: it takes as long as many a file."""
    return ClientOfProcess(options)


def _is_there(client: Any, bucket: str, key: str, size: int) -> bool:
    from botocore.exceptions import ClientError

    try:
        return bool(client.head_object(Bucket=bucket, Key=key)["ContentLength"] == size)
    except ClientError:
        return False
