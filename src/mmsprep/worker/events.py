"""Raw upload events: what servers of S3 send when an object was made, read into jobs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from mmsprep.worker.messages import BadJob, BucketSource, Job

if TYPE_CHECKING:
    from mmsprep.settings import Settings

UPLOADED_BY_US = "mmsprep-batch/"
"""Below this, `upload` keeps files for which there is a job already."""

MOST_BYTES = 262_144
MOST_RECORDS = 1_000


class BadEvent(ValueError):
    """The message is neither an event of S3 nor a job."""


def jobs_in(body: bytes | str, settings: Settings) -> list[Job]:
    """Read the jobs that an event asks for: one per object that was made, none for a test or a deletion.

    Understood are the notifications of AWS, Ceph and MinIO, the same wrapped by SNS or as EventBridge writes them,
    and a job as `Job.read` reads it. The id is made of what the event says, so that an event that comes twice is
    one job. Raises BadEvent.
    """
    document = _parsed(body)
    if isinstance(document.get("Message"), str) and document.get("Type") == "Notification":
        document = _parsed(document["Message"])
    if "sources" in document:
        try:
            return [Job.read(document)]
        except BadJob as error:
            raise BadEvent(str(error)) from None
    if document.get("Event") == "s3:TestEvent":
        return []  # AWS sends it when notifications are switched on
    if "detail" in document:
        records: list[Mapping[str, Any]] = [_from_event_bridge(document)]
    else:
        records = _records(document)
    try:
        return [job for record in records for job in _job(record, settings)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadEvent(f"a record is not as S3 writes them ({type(error).__name__})") from None


def _parsed(body: bytes | str) -> dict[str, Any]:
    if len(body) > MOST_BYTES:
        raise BadEvent(f"{len(body):,} bytes; {MOST_BYTES:,} is the most")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEvent("it is no JSON") from None
    if not isinstance(document, dict):
        raise BadEvent("it is no object of JSON")
    return document


def _records(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    records = document.get("Records")
    if not isinstance(records, list) or len(records) > MOST_RECORDS:
        raise BadEvent("it has no Records")
    return records


def _job(record: Mapping[str, Any], settings: Settings) -> Iterator[Job]:
    """Make the job of one record, unless nothing was made or it was made by us."""
    name = record["eventName"].removeprefix("s3:")
    if not name.startswith("ObjectCreated"):
        return
    bucket, found = record["s3"]["bucket"]["name"], record["s3"]["object"]
    key = _key(found["key"], record.get("eventSource", ""))
    # A folder that a console makes is an object whose key ends in a slash.
    if key.endswith("/") or _is_ours(bucket, key, settings):
        return
    told = [bucket, key, *(str(found.get(name) or "") for name in ("eTag", "versionId", "sequencer"))]
    if not any(told[2:]):
        told.append(str(record.get("eventTime", "")))
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    yield Job(id=f"upload-{digest[:40]}", sources=(BucketSource(bucket=bucket, key=key),))


def _key(key: str, source: str) -> str:
    """Decode a key as its server wrote it: AWS and MinIO as a web form does, Ceph's gateway and EventBridge plainly."""
    return key if source.startswith(("ceph:", "aws.events")) else unquote_plus(key, errors="strict")


def _is_ours(bucket: str, key: str, settings: Settings) -> bool:
    """Tell what we wrote ourselves: prepared again, it would be an upload for ever."""
    stores = [settings.store, settings.worker.answers, *settings.worker.destinations.values()]
    prefixes = [store.removeprefix("s3://").rstrip("/") for store in stores if store and store.startswith("s3://")]
    where = f"{bucket}/{key}"
    return key.startswith(UPLOADED_BY_US) or any(
        where.startswith((f"{prefix}/", f"{prefix}-answers/")) for prefix in prefixes
    )


def _from_event_bridge(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn what EventBridge delivers into the record that S3 itself would have sent."""
    if document.get("source") != "aws.s3" or not isinstance(document["detail"], dict):
        raise BadEvent("it is an event, but not of S3")
    detail = document["detail"]
    made = document.get("detail-type") == "Object Created"
    found = detail.get("object", {})
    return {
        "eventSource": "aws.events",
        "eventName": "ObjectCreated" if made else "Other",
        "eventTime": document.get("time", ""),
        "s3": {
            "bucket": detail.get("bucket", {}),
            "object": {**found, "eTag": found.get("etag"), "versionId": found.get("version-id")},
        },
    }
