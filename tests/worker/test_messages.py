"""Jobs are checked before anything is done with them, and say nothing of their content when they are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmsprep.errors import Rejected
from mmsprep.worker import BadJob, BucketSource, ContactSource, Job, PlaceSource

OBJECT = {"bucket": "uploads", "key": "in/Größe 50% + #1.jpg"}
CONTACT = {"contact": {"given_name": "Jane", "family_name": "Doe"}}


def read(**parts: Any) -> Job:
    return Job.read(json.dumps({"id": "a-1", "sources": [OBJECT], **parts}))


def test_a_job_survives_the_journey() -> None:
    job = Job(
        id="order-7.1",
        sources=(BucketSource(**OBJECT), PlaceSource(place="37.77,-122.42"), ContactSource(**CONTACT)),
        profile="telnyx+att.longcode",
        options={"region": "US", "pages": 2, "fast": True},
        captions=("a", "", "ü 👍"),
        destination="acme",
        correlation={"order": "7"},
    )
    assert Job.read(json.dumps(job.document())) == job
    assert Job.read(job.document()) == job


def test_what_is_not_said_is_not_sent_and_ids_differ() -> None:
    one, other = (Job(sources=(BucketSource(**OBJECT),)) for _ in range(2))
    assert one.document() == {"schema": 1, "id": one.id, "sources": [OBJECT]}
    assert one.id != other.id


@pytest.mark.parametrize(
    "parts",
    [
        {"sources": []},
        {"sources": [OBJECT] * 11},
        {"sources": [{"path": "/etc/passwd"}]},
        {"sources": ["/etc/passwd"]},
        {"sources": [{"url": "https://stranger.example/x.jpg"}]},
        {"sources": [{**OBJECT, "path": "/etc/passwd"}]},
        {"sources": [{"bucket": "../x", "key": "y"}]},
        {"sources": [{"bucket": "a/b", "key": "y"}]},
        {"sources": [{"bucket": "uploads", "key": ""}]},
        {"sources": [{"bucket": "uploads", "key": "k" * 1025}]},
        {"id": "../../answers/other"},
        {"id": ""},
        {"id": ".hidden"},
        {"id": "x" * 129},
        {"schema": 2},
        {"unknown": 1},
        {"profile": "$(id)"},
        {"destination": "s3://stranger/x"},
        {"captions": ["one", "two"]},
        {"correlation": {"order": 7}},
        {"correlation": {"a": "x" * 1001}},
        {"options": {"deep": {"a": 1}}},
        {"options": {"progress": "x"}},
        {"sources": [{"place": "x" * 2049}]},
    ],
)
def test_a_job_of_another_form_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(BadJob):
        read(**parts)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"x"', "[" * 100_000, b"\xff\xfe", "{}"])
def test_what_is_no_job_at_all_is_refused(text: str) -> None:
    with pytest.raises(BadJob):
        Job.read(text)


def test_a_job_of_any_size_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadJob, match="200,000 is the most"):
        read(correlation={"a": "x" * 300_000})


def test_a_refusal_repeats_nothing_of_the_content() -> None:
    with pytest.raises(BadJob) as caught:
        read(sources=[{"bucket": "uploads", "key": "k", "note": "my-secret"}], correlation={"x": "my-secret" * 200})
    assert "my-secret" not in str(caught.value)


def test_sources_open_as_what_they_are_and_a_bad_one_is_the_senders() -> None:
    assert BucketSource(**OBJECT).open() == "s3://uploads/in/Größe 50% + #1.jpg"
    assert type(PlaceSource(place="37.77,-122.42").open()).__name__ == "Place"
    assert type(ContactSource(**CONTACT).open()).__name__ == "Contact"
    with pytest.raises(Rejected):
        PlaceSource(place="nowhere at all").open()
    with pytest.raises(Rejected):
        ContactSource(contact=[1, 2]).open()
