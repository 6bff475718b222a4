"""The whole way on SQS, as moto has it: an upload, S3's own event, the job, the answer; and what dies on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.stores.conftest import Servers
from tests.worker.conftest import House, until

from mmsprep.settings import Settings
from mmsprep.worker import BucketSource, Job, collect, enqueue, run
from mmsprep.worker.dead import listed
from mmsprep.worker.queues import Names, queue_urls

pytestmark = pytest.mark.services


@pytest.fixture
def amazon(servers: Servers, tmp_path: Path, environment: dict[str, str]) -> Iterator[House]:
    """moto as S3 and SQS, with a bucket that tells a queue what is uploaded."""
    server = servers("moto")
    name = f"sqs-{time.monotonic_ns():x}"
    settings = Settings.load(
        store=f"s3://{name}/mms",
        source_buckets=(f"{name}-uploads",),
        s3={"endpoint": server.endpoint, "region": "us-east-1"},
        worker={
            "broker": "sqs://",
            "queue": name,
            "sqs_endpoint": server.endpoint,
            "sqs_region": "us-east-1",
            "visibility_seconds": 6,
            "deliveries": 2,
            "concurrency": 1,
            "destinations": {"gate": f"gate://{tmp_path}", "poison": "poison://"},
        },
    )
    house = House(settings, tmp_path, environment | {"AWS_DEFAULT_REGION": "us-east-1"})
    run.make_queues(settings)
    for bucket in (name, f"{name}-uploads"):
        house.client.create_bucket(Bucket=bucket)
    try:
        yield house
    finally:
        for worker in house.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait(30)


def queue(house: House, name: str) -> tuple[Any, str]:
    options = house.settings.worker
    client = boto3.client("sqs", endpoint_url=options.sqs_endpoint, region_name=options.sqs_region)
    return client, queue_urls(options)[getattr(Names.of(options), name)]


def answers(house: House, count: int) -> list[dict[str, Any]]:
    client, url = queue(house, "results")
    found: list[dict[str, Any]] = []

    def take() -> bool:
        for each in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found.append(json.loads(each["Body"]))
            client.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(found) >= count

    until(take, *(worker.log for worker in house.workers))
    return found


def test_an_upload_to_s3_is_prepared_by_way_of_its_own_event(amazon: House, fixtures: Path) -> None:
    client, uploads = queue(amazon, "uploads")
    arn = client.get_queue_attributes(QueueUrl=uploads, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (bucket,) = amazon.settings.source_buckets
    told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    amazon.client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
    key = "in/Größe 50% + #1.jpg"
    amazon.client.put_object(Bucket=bucket, Key=key, Body=(fixtures / "half.jpg").read_bytes())
    client.send_message(QueueUrl=uploads, MessageBody="no json at all")
    worker = amazon.start()
    (answer,) = answers(amazon, 1)
    assert (answer["source"], answer["status"]) == (f"s3://{bucket}/{key}", "ready")
    until(lambda: [letter.reason for letter in listed(amazon.settings)] == ["bad-event"], worker.log)
    left = client.get_queue_attributes(QueueUrl=uploads, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    assert worker.stop() == 0


@pytest.mark.slow
def test_a_job_that_takes_longer_than_its_visibility_is_not_given_to_anybody_else(
    amazon: House, fixtures: Path, tmp_path: Path
) -> None:
    (bucket,) = amazon.settings.source_buckets
    amazon.client.put_object(Bucket=bucket, Key="a.jpg", Body=(fixtures / "half.jpg").read_bytes())
    source = (BucketSource(bucket=bucket, key="a.jpg"),)
    first, second = amazon.start(), amazon.start()
    ids = enqueue([Job(id="long", sources=source, destination="gate")], amazon.settings)
    begun = tmp_path / "begun"
    until(begun.exists, first.log, second.log)
    client, jobs = queue(amazon, "jobs")
    since = time.monotonic()

    def nobody_else_may_have_it() -> bool:
        assert not client.receive_message(QueueUrl=jobs, VisibilityTimeout=0).get("Messages")
        return time.monotonic() - since > 2.5 * amazon.settings.worker.visibility_seconds

    until(nobody_else_may_have_it)
    assert len(begun.read_text().splitlines()) == 1
    (tmp_path / "open").touch()
    (answer,) = collect(ids, amazon.settings, idle_seconds=30)
    assert answer["status"] == "ready"


def test_a_job_that_kills_its_process_is_a_dead_letter_in_sqs_too(amazon: House, fixtures: Path) -> None:
    (bucket,) = amazon.settings.source_buckets
    amazon.client.put_object(Bucket=bucket, Key="a.jpg", Body=(fixtures / "half.jpg").read_bytes())
    source = (BucketSource(bucket=bucket, key="a.jpg"),)
    worker = amazon.start()
    jobs = [Job(id="poisonous", sources=source, destination="poison"), Job(id="good", sources=source)]
    enqueue(jobs, amazon.settings)
    assert [each["job"] for each in answers(amazon, 1)] == ["good"]
    found = []

    def buried() -> bool:
        found.extend(letter for letter in listed(amazon.settings))
        return bool(found)

    until(buried, worker.log)
    assert [(letter.job and letter.job.id, letter.reason) for letter in found] == [("poisonous", "killed-its-worker")]
    assert worker.process.poll() is None


def test_without_queues_the_worker_says_how_to_make_them(servers: Servers, amazon: House) -> None:
    elsewhere = amazon.with_worker(queue="nothing-here")
    ended = elsewhere.command("worker")
    assert ended.returncode == 3
    assert "mmsprep worker --init" in ended.stderr
    assert elsewhere.command("worker", "--init").returncode == 0
    assert elsewhere.command("worker", "--init").returncode == 0, "what is there stays"
