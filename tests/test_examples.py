"""The examples do what they say, run as their readers would run them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import boto3
import jsonschema
import pytest
from celery import signals
from celery.contrib.testing.worker import start_worker
from fastapi.testclient import TestClient
from tests.servers import s3

import mmsprep

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCHEMA = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())


def loaded(name: str) -> ModuleType:
    """Import an example anew, as the program that serves it does."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, with settings of its own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MMSPREP_")]:
        monkeypatch.delenv(name)
    return tmp_path


def test_an_upload_is_answered_with_urls_and_a_refusal_with_its_reason(
    fixtures: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMSPREP_BASE_URL", "https://media.example.com")
    with TestClient(loaded("upload_fastapi").app) as client:
        ready = client.post("/media", files={"file": ("photo.heic", (fixtures / "photo.heic").read_bytes())})
        assert ready.status_code == 200
        (url,) = ready.json()["media_urls"]
        assert url.startswith("https://media.example.com/")
        sent = (folder / "out" / url.rpartition("/")[2]).read_bytes()
        assert sent.startswith(b"\xff\xd8\xff")
        assert b"PLANTED" not in sent
        refused = client.post("/media", files={"file": ("report.docx", (fixtures / "report.docx").read_bytes())})
    assert refused.status_code == 422
    assert refused.json() == {
        "code": "MMS_002",
        "reason": "unknown-type",
        "message": "report.docx: a Word document; send it as PDF",
    }


def test_an_upload_that_cannot_be_kept_is_worth_another_try(
    fixtures: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "MMSPREP_S3__ENDPOINT": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": s3.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": s3.SECRET_KEY,
    }.items():
        monkeypatch.setenv(name, value)
    source = (EXAMPLES / "upload_fastapi.py").read_text().replace('store="out"', 'store="s3://acme/mms"')
    (folder / "elsewhere.py").write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "EXAMPLES", folder)
    with TestClient(loaded("elsewhere").app) as client:
        answer = client.post("/media", files={"file": ("logo.png", (fixtures / "logo.png").read_bytes())})
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"reason": "store"}, "30")


def test_a_task_answers_what_became_of_its_source(fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", "memory://")
    monkeypatch.setenv("BACKEND", "cache+memory://")
    tasks = loaded("tasks_celery")

    def leave_logs_alone(**_: object) -> None:
        """Answer Celery's question who sets up logging: else it does, for all tests that come after."""

    signals.setup_logging.connect(leave_logs_alone)
    with start_worker(tasks.app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        ready = tasks.prepare.delay(str(fixtures / "half.jpg")).get(timeout=60)
        refused = tasks.prepare.delay(str(fixtures / "report.docx")).get(timeout=60)
    tasks.pipeline().close()
    assert ready["status"] == "ready"
    assert ready["warnings"] == ["part of the picture is damaged"]
    assert Path(ready["media"][0]["url"].removeprefix("file://")).stat().st_size == ready["media"][0]["bytes"]
    assert (refused["status"], refused["reason"]) == ("rejected", "unknown-type")
    for answer in (ready, refused):
        jsonschema.validate(answer, SCHEMA)


@pytest.mark.services
def test_an_upload_to_a_bucket_is_prepared_into_another(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.shared(s3.moto, tmp_path / "moto") as server:
        for name, value in {
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "MMSPREP_S3__ENDPOINT": server.endpoint,
            "MMSPREP_STORE": "s3://acme-mms/mms",
            "MMSPREP_SOURCE_BUCKETS": '["acme-uploads"]',
        }.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=server.endpoint)
        for bucket in ("acme-mms", "acme-uploads"):
            client.create_bucket(Bucket=bucket)
        client.upload_file(str(fixtures / "logo.png"), "acme-uploads", "new logo.png")
        client.upload_file(str(fixtures / "report.docx"), "acme-uploads", "report.docx")
        records = [
            {"s3": {"bucket": {"name": "acme-uploads"}, "object": {"key": key}}}
            for key in ("new+logo.png", "report.docx")
        ]
        function = loaded("lambda_handler")
        ready, refused = function.handler({"Records": records}, None)
        function.pipeline.close()
        (kept,) = client.list_objects_v2(Bucket="acme-mms")["Contents"]
    assert ready["status"] == "ready"
    assert ready["media"][0]["url"].endswith(kept["Key"])
    assert ready["media"][0]["bytes"] == kept["Size"]
    assert (refused["code"], refused["reason"]) == ("MMS_002", "unknown-type")
    for answer in (ready, refused):
        jsonschema.validate(answer, SCHEMA)


def test_a_campaign_writes_a_request_for_everybody_who_can_be_reached(fixtures: Path, folder: Path) -> None:
    (folder / "people.csv").write_text("name,phone\nJane,+1 202 555 0143\nJohn,12\nZoë,+12025550144\n")
    command = [sys.executable, EXAMPLES / "campaign.py", "people.csv", fixtures / "half.jpg", fixtures / "logo.png"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    requests = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [each["to"] for each in requests] == ["+12025550143", "+12025550144"]
    assert requests[1]["text"].startswith("Hello Zoë")
    assert len(requests[0]["media_urls"]) == 2
    assert requests[0]["media_urls"] == requests[1]["media_urls"]
    assert sum(path.stat().st_size for path in (folder / "out").iterdir()) < 600_000
    assert "part of the picture is damaged" in ended.stderr
    assert "John: " in ended.stderr
