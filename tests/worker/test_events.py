"""Upload events of each server become jobs; what is none becomes nothing, and nonsense is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.settings import Settings, WorkerOptions
from mmsprep.worker import BucketSource
from mmsprep.worker.events import BadEvent, jobs_in

SETTINGS = Settings(store="s3://acme/mms", source_buckets=("uploads",))


def record(key: str, *, source: str = "aws:s3", name: str = "ObjectCreated:Put", **found: Any) -> dict[str, Any]:
    told = {"key": key, "eTag": "37b51d194a7513e45b56f6524f2d51f2", "sequencer": "F7E6D75DC742D108"} | found
    return {
        "eventVersion": "2.1",
        "eventSource": source,
        "eventName": name,
        "eventTime": "2026-11-22T13:47:35.124724Z",
        "s3": {"bucket": {"name": "uploads"}, "object": told},
    }


def event(*records: dict[str, Any]) -> bytes:
    return json.dumps({"Records": list(records)}).encode()


def keys(body: bytes | str, settings: Settings = SETTINGS) -> list[str]:
    sources = [source for job in jobs_in(body, settings) for source in job.sources]
    assert all(isinstance(each, BucketSource) for each in sources)
    return [source.key for source in sources if isinstance(source, BucketSource)]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("aws:s3", "in/Gr%C3%B6%C3%9Fe+50%25+%2B+%231.jpg"),
        ("minio:s3", "in/Gr%C3%B6%C3%9Fe+50%25+%2B+%231.jpg"),
        ("ceph:s3", "in/Größe 50% + #1.jpg"),
    ],
)
def test_a_key_is_read_as_its_server_wrote_it(source: str, written: str) -> None:
    name = "s3:ObjectCreated:Put" if source != "aws:s3" else "ObjectCreated:Put"
    assert keys(event(record(written, source=source, name=name))) == ["in/Größe 50% + #1.jpg"]


def test_each_record_is_a_job_of_its_own() -> None:
    jobs = jobs_in(event(record("a.jpg"), record("b.jpg"), record("c.jpg", name="ObjectRemoved:Delete")), SETTINGS)
    assert [job.sources[0].model_dump()["key"] for job in jobs] == ["a.jpg", "b.jpg"]
    assert len({job.id for job in jobs}) == 2


def test_the_same_event_is_the_same_job_and_a_new_upload_another() -> None:
    first, again = (jobs_in(event(record("a.jpg")), SETTINGS)[0] for _ in range(2))
    assert first == again
    assert jobs_in(event(record("a.jpg", sequencer="F7E6D75DC742D109")), SETTINGS)[0].id != first.id
    assert jobs_in(event(record("a.jpg", eTag="0")), SETTINGS)[0].id != first.id


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}).encode(),
        event(record("a.jpg", name="ObjectRemoved:Delete")),
        event(record("a.jpg", name="s3:ObjectAccessed:Get")),
        event(record("a.jpg", name="s3:BucketCreated:*")),
        event(record("a+folder/")),
        event(),
        event(record("mmsprep-batch/0123/a.jpg")),
    ],
)
def test_what_makes_no_new_object_asks_for_nothing(body: bytes) -> None:
    assert jobs_in(body, SETTINGS) == []


@pytest.mark.parametrize("prefix", ["mms", "mms-answers"])
def test_what_we_wrote_ourselves_is_no_upload(prefix: str) -> None:
    settings = Settings(store="s3://uploads/mms")
    assert keys(event(record(f"{prefix}/x.jpg"), record("in/x.jpg")), settings) == ["in/x.jpg"]
    elsewhere = Settings(store="out", worker=WorkerOptions(destinations={"other": f"s3://uploads/{prefix}"}))
    assert keys(event(record(f"{prefix}/x.jpg"), record("in/x.jpg")), elsewhere) == ["in/x.jpg"]


def test_sns_and_event_bridge_wrap_the_same() -> None:
    plain = event(record("a.jpg"))
    assert keys(json.dumps({"Type": "Notification", "Message": plain.decode()})) == ["a.jpg"]
    detail = {"bucket": {"name": "uploads"}, "object": {"key": "50% a+b.jpg", "etag": "0", "sequencer": "1"}}
    bridged = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail, "time": "2026-11-22T13:47:35Z"}
    assert keys(json.dumps(bridged)) == ["50% a+b.jpg"]
    assert keys(json.dumps(bridged | {"detail-type": "Object Deleted"})) == []


def test_a_job_may_come_as_it_is() -> None:
    body = json.dumps({"id": "mine", "sources": [{"bucket": "uploads", "key": "a.jpg"}], "correlation": {"n": "1"}})
    (job,) = jobs_in(body, SETTINGS)
    assert (job.id, job.correlation) == ("mine", {"n": "1"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"Records": 7}',
        b'{"Records": [7]}',
        b'{"Records": [{}]}',
        b'{"Records": [{"eventName": 7}]}',
        event(record("")),
        event(record("%FF%FE")),
        event(record("k" * 2_000)),
        event(*[record("a.jpg")] * 1_001),
        b'{"sources": [{"path": "/etc/passwd"}]}',
        b'{"detail": {}, "source": "aws.ec2"}',
        b'{"Type": "Notification", "Message": "hello"}',
        b"[" * 100_000,
        b" " * 300_000,
    ],
)
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(BadEvent):
        jobs_in(body, SETTINGS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Records", "s3", "bucket", "object", "key", "name", "eventName", "detail", "Message"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_event_raises_anything_but_a_refusal(value: Any) -> None:
    try:
        jobs = jobs_in(json.dumps(value), SETTINGS)
    except BadEvent:
        return
    assert all(job.sources for job in jobs)
