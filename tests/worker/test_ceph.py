"""What Ceph's gateway really sends when something is uploaded, read as the docs show."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from tests.servers import s3
from tests.stores.conftest import Servers
from tests.worker.conftest import until
from tests.worker.test_webhook import receiving

from mmsprep.settings import Settings
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.worker import BucketSource
from mmsprep.worker.events import jobs_in

pytestmark = pytest.mark.services

KEY = "in/Größe 50% + #1.jpg"


def test_ceph_tells_of_an_upload_and_its_key_is_the_one_that_was_given(servers: Servers, fixtures: Path) -> None:
    server = servers("ceph")
    bucket = f"uploads-{uuid.uuid4().hex[:10]}"
    settings = Settings.load(store="s3://acme/mms", source_buckets=(bucket,), s3={"endpoint": server.endpoint})
    client = ClientOfProcess(settings.s3)()
    client.create_bucket(Bucket=bucket)
    topics = boto3.client(
        "sns",
        endpoint_url=server.endpoint,
        region_name="default",
        aws_access_key_id=s3.ACCESS_KEY,
        aws_secret_access_key=s3.SECRET_KEY,
        config=Config(signature_version="v4"),
    )
    with receiving() as receiver:
        topic = topics.create_topic(Name=bucket, Attributes={"push-endpoint": receiver.url})["TopicArn"]
        told = {"TopicConfigurations": [{"Id": "uploads", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
        client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
        client.put_object(Bucket=bucket, Key=KEY, Body=(fixtures / "half.jpg").read_bytes())
        until(lambda: receiver.asked)
        bodies = [body for _, _, body in receiver.asked]
    assert json.loads(bodies[0])["Records"][0]["eventSource"] == "ceph:s3"
    (job,) = jobs_in(bodies[0], settings)
    assert job.sources == (BucketSource(bucket=bucket, key=KEY),)
    assert client.head_object(Bucket=bucket, Key=KEY)["ContentLength"] > 0
