"""The whole way on RabbitMQ: from an event or a job to the answer, and what happens when something dies."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import SecretStr
from tests.servers import rabbitmq, s3
from tests.worker.conftest import House, Worker, open_house, until
from tests.worker.test_events import event, record
from tests.worker.test_webhook import receiving

import mmsprep
from mmsprep.worker import BucketSource, Job, collect, enqueue, queues

pytestmark = pytest.mark.services

SCHEMA = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())


def job(key: str, name: str, **parts: Any) -> Job:
    return Job(id=name, sources=(BucketSource(bucket="uploads", key=key),), **parts)


def begun(gate: Path) -> list[int]:
    file = gate / "begun"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_uploads_and_jobs_come_back_as_answers(house: House, fixtures: Path) -> None:
    house.upload("in/Größe 50% + #1.jpg", (fixtures / "half.jpg").read_bytes())
    house.upload("report.docx", (fixtures / "report.docx").read_bytes())
    names = house.settings.worker.queue
    house.publish(f"{names}-uploads", event(record("in/Gr%C3%B6%C3%9Fe+50%25+%2B+%231.jpg"), record("report.docx")))
    assert house.command("enqueue", "--event", "-", stdin=event(record("gone.jpg", source="ceph:s3"))).returncode == 0
    house.publish(f"{names}-uploads", json.dumps({"Event": "s3:TestEvent"}).encode())
    house.publish(f"{names}-uploads", b"no json at all")
    foreign = json.dumps({"sources": [{"bucket": "strangers", "key": "a.jpg"}]})
    house.publish(f"{names}-uploads", foreign.encode())
    both = (BucketSource(bucket="uploads", key="in/Größe 50% + #1.jpg"),) * 2
    message = Job(id="a-message", sources=both, captions=("one", "two"), correlation={"order": "7"})
    assert enqueue([message], house.settings) == ["a-message"]
    worker = house.start()
    results = {answer["source"]: (answer, body) for answer, body in house.results(4)}
    picture = results["s3://uploads/in/Größe 50% + #1.jpg"][0]
    assert picture["status"] == "ready"
    (media,) = picture["media"]
    kept = house.client.get_object(Bucket="acme", Key=f"mms/{media['url'].rpartition('/')[2]}")["Body"].read()
    assert hashlib.sha256(kept).hexdigest() == media["sha256"]
    assert results["s3://uploads/report.docx"][0]["reason"] == "unknown-type"
    assert results["s3://uploads/gone.jpg"][0]["reason"] == "unreadable"
    for answer, body in results.values():
        jsonschema.validate({"seconds": 0.0, **answer}, SCHEMA)
        assert house.kept(answer["job"]) == body
    together = next(answer for answer, _ in results.values() if answer["job"] == "a-message")
    assert together["captions"] == ["one", "two"]
    assert together["correlation"] == {"order": "7"}
    assert len(together["media"]) == 2
    assert together["original"]["type"] == "multipart/mixed"
    until(lambda: house.depth("dead") == 2, worker.log)
    listed = house.command("dead-letters", "--json")
    reasons = [json.loads(line)["reason"] for line in listed.stdout.splitlines()]
    assert sorted(reasons) == ["bad-event", "rejected"], listed
    assert house.depth("dead") == 2, "listing takes nothing away"
    _logs_and_counts(worker)


def _logs_and_counts(worker: Worker) -> None:
    """Every line that the worker wrote is JSON, names its job and no file; Prometheus sees what happened."""
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    assert {line["job"] for line in lines if line["message"] == "job done"} >= {"a-message"}
    assert "Größe" not in worker.log.read_text()
    status, metrics = worker.ask("/metrics")
    assert status == 200
    assert 'mmsprep_jobs_total{reason="unknown-type",status="rejected"} 1.0' in metrics
    assert 'mmsprep_stage_seconds_count{stage="image"}' in metrics
    assert "mmsprep_queue_age_seconds_count 4.0" in metrics
    assert "mmsprep_jobs_in_flight 0.0" in metrics


def test_a_worker_that_begins_removes_what_a_killed_one_left(house: House) -> None:
    left = house.folder / "tmp" / f"mmsprep-items-{os.geteuid()}-left"
    (left / "item-a").mkdir(parents=True)
    (left / "item-a" / "source").write_bytes(b"a stranger's")
    (left / "lock").touch()
    house.start()
    assert not left.exists()


def test_the_same_job_again_is_answered_with_the_same_bytes_and_done_once(house: House, fixtures: Path) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    worker = house.start()
    enqueue([job("a.jpg", "twice")], house.settings)
    ((_, first),) = house.results(1)
    house.client.delete_object(Bucket="uploads", Key="a.jpg")
    enqueue([job("a.jpg", "twice")], house.settings)
    ((_, second),) = house.results(1)
    assert first == second == house.kept("twice")
    assert "mmsprep_jobs_repeated_total 1.0" in worker.ask("/metrics")[1]


def test_collect_gives_answers_as_the_command_line_does_and_says_who_is_missing(house: House, fixtures: Path) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    house.start()
    answered = list(collect(enqueue([job("a.jpg", "one")], house.settings), house.settings, idle_seconds=60))
    jsonschema.validate(answered[0], SCHEMA)
    assert [each["job"] for each in answered] == ["one"]
    missing = list(collect(["one", "never"], house.settings, idle_seconds=0.5))
    assert [(each["job"], each["status"]) for each in missing] == [("one", "ready"), ("never", "unavailable")]
    jsonschema.validate(missing[1], SCHEMA)


def test_a_job_that_kills_its_process_is_a_dead_letter_and_the_others_are_unharmed(
    house: House, fixtures: Path
) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    strict = house.with_worker(
        queue=f"{house.settings.worker.queue}-strict", deliveries=3, destinations={"poison": "poison://"}
    )
    worker = strict.start()
    jobs = [job("a.jpg", f"good-{n}") for n in range(6)]
    enqueue([*jobs[:3], job("a.jpg", "poisonous", destination="poison"), *jobs[3:]], strict.settings)
    answers = strict.results(6)
    assert {answer["job"] for answer, _ in answers} == {each.id for each in jobs}
    until(lambda: strict.depth("dead") == 1, worker.log)
    assert strict.depth("jobs") == 0
    listed = json.loads(strict.command("dead-letters", "--json").stdout)
    assert (listed["job"], listed["reason"]) == ("poisonous", "killed-its-worker")
    assert "mmsprep_processes_lost_total 3.0" in worker.ask("/metrics")[1]
    assert worker.process.poll() is None


def test_sigterm_lets_what_was_begun_be_ended_and_nothing_be_done_again(
    house: House, fixtures: Path, tmp_path: Path
) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    gated = house.with_worker(destinations={"gate": f"gate://{tmp_path}"})
    worker = gated.start(concurrency=1)
    enqueue([job("a.jpg", "begun", destination="gate"), job("a.jpg", "waiting")], gated.settings)
    until(lambda: begun(tmp_path), worker.log)
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: "Warm shutdown" in worker.log.read_text(), worker.log)
    assert worker.process.poll() is None, "it waits for its job"
    (tmp_path / "open").touch()
    assert worker.process.wait(60) == 0
    assert [answer["job"] for answer, _ in house.results(1)] == ["begun"]
    assert house.depth("jobs") == 1, "what was not begun is left to others"
    gated.start()
    assert [answer["job"] for answer, _ in house.results(1)] == ["waiting"]
    assert len(begun(tmp_path)) == 1


def test_a_worker_killed_in_the_middle_leaves_its_job_to_another_and_no_process_behind(
    house: House, fixtures: Path, tmp_path: Path
) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    gated = house.with_worker(destinations={"gate": f"gate://{tmp_path}"})
    victim = gated.start(concurrency=1)
    enqueue([job("a.jpg", "orphan", destination="gate")], gated.settings)
    until(lambda: begun(tmp_path), victim.log)
    family = victim.family()
    assert len(family) > 2
    victim.process.kill()
    victim.process.wait(10)
    until(lambda: not any(s3.lives(pid) for pid in family), victim.log, seconds=20)
    heir = gated.start(concurrency=1)
    until(lambda: len(begun(tmp_path)) == 2, heir.log)
    (tmp_path / "open").touch()
    ((answer, body),) = house.results(1)
    assert answer["job"] == "orphan"
    assert house.kept("orphan") == body
    assert heir.stop() == 0
    assert list((tmp_path / "tmp").glob("mmsprep*")) == []


def test_what_is_unavailable_is_tried_again_later_and_later_then_buried_and_can_be_put_back(
    house: House, fixtures: Path, tmp_path: Path
) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    broken = house.with_worker(destinations={"down": f"down://{tmp_path}"}, tries=4, retry_seconds=0.5)
    worker = broken.start()
    enqueue([job("a.jpg", "patient", destination="down")], broken.settings)
    ((answer, _),) = house.results(1)
    assert (answer["job"], answer["status"], answer["reason"]) == ("patient", "unavailable", "store")
    until(lambda: house.depth("dead") == 1, worker.log)
    moments = [float(line) for line in (tmp_path / "tried").read_text().splitlines()]
    pauses = [later - earlier for earlier, later in itertools.pairwise(moments)]
    # 0.5, 1 and 2 s, give or take half, and what the broker and a busy machine add.
    assert len(pauses) == 3
    assert all(pause >= least for pause, least in zip(pauses, (0.25, 0.5, 1.0), strict=True))
    (tmp_path / "repaired").touch()
    assert broken.command("dead-letters", "--requeue").returncode == 0
    ((answer, body),) = house.results(1)
    assert (answer["job"], answer["status"]) == ("patient", "ready")
    assert house.kept("patient") == body
    assert house.depth("dead") == 0


def test_a_job_that_takes_too_long_is_ended_and_the_worker_goes_on(
    house: House, fixtures: Path, tmp_path: Path
) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    gated = house.with_worker(destinations={"gate": f"gate://{tmp_path}"}, job_seconds=10, tries=1)
    gated.start(concurrency=1)
    enqueue([job("a.jpg", "endless", destination="gate"), job("a.jpg", "next")], gated.settings)
    answers = {answer["job"]: answer for answer, _ in house.results(2)}
    assert answers["endless"]["reason"] == "tool"
    assert "10 s" in answers["endless"]["message"]
    assert answers["next"]["status"] == "ready"
    assert house.depth("dead") == 1


def test_what_no_worker_knows_is_refused_before_it_is_queued(house: House) -> None:
    for sources, option in (
        (["s3://strangers/a.jpg"], []),
        (["/etc/passwd"], []),
        (["s3://uploads/a.jpg"], ["--profile", "nobody"]),
        (["s3://uploads/a.jpg"], ["--destination", "nowhere"]),
    ):
        ended = house.command("enqueue", *sources, *option)
        assert ended.returncode == 2, ended
    assert house.depth("jobs") == 0


def test_a_message_tells_of_a_job_in_one_place_alone(house: House) -> None:
    enqueue(
        [job("a.jpg", "discreet", profile="pantheon", correlation={"name": "Jane Doe"}, captions=("Jane Doe",))],
        house.settings,
    )
    with house.connection() as connection:
        queue = queues.jobs(house.settings.worker).bind(connection.default_channel)
        until(lambda: house.depth("jobs") == 1)
        message = queue.get(no_ack=True, accept=["json"])
    assert "Jane Doe" in str(message.body)
    assert "Jane Doe" not in str(message.headers)


@pytest.mark.slow
def test_a_worker_whose_broker_falls_silent_is_alive_and_not_ready(
    tmp_path: Path, environment: dict[str, str], fixtures: Path
) -> None:
    if missing := rabbitmq.missing():
        pytest.skip(f"RabbitMQ is not installed: {', '.join(missing)} (package rabbitmq-server)")
    broker = rabbitmq.rabbitmq(tmp_path / "rabbitmq")
    try:
        with open_house({"broker": broker.endpoint}, tmp_path, environment) as house:
            worker = house.start(concurrency=1)
            os.kill(broker.pids[0], signal.SIGSTOP)  # its connections stay open, and nothing comes
            until(lambda: worker.ask("/ready")[0] == 503, worker.log)
            assert worker.ask("/live")[0] == 200
            os.kill(broker.pids[0], signal.SIGCONT)
            until(lambda: worker.ask("/ready")[0] == 200, worker.log)
            assert house.command("worker", "--ready").returncode == 3, "on another port nobody answers"
    finally:
        os.kill(broker.pids[0], signal.SIGCONT)
        s3.stop(broker.pids, seconds=20)


def test_the_webhook_is_told_and_told_again_until_it_listens(house: House, fixtures: Path) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    with receiving() as receiver:
        receiver.status = 503
        told = house.with_worker(webhook_url=receiver.url, webhook_secret=SecretStr("a-secret"), retry_seconds=0.2)
        worker = told.start(concurrency=1)
        enqueue([job("a.jpg", "told")], told.settings)
        until(lambda: len(receiver.asked) >= 2, worker.log)
        receiver.status = 204
        until(lambda: house.depth("jobs") == 0 and receiver.answered(204), worker.log)
        assert {body for _, _, body in receiver.asked} == {house.kept("told")}
        assert "a-secret" not in worker.log.read_text()
        assert "secret-path" not in worker.log.read_text()


READ_ONLY = """
mount --make-rprivate / && mount -t tmpfs -o mode=1777 tmpfs "${TMPDIR:-/tmp}" && mount -o remount,ro,bind / || exit 9
cd / && ! touch /etc/written 2>/dev/null && exec "$@"
"""


def test_a_worker_needs_no_place_to_write_but_a_tmpfs(house: House, fixtures: Path) -> None:
    unshared = ["unshare", *(["--user", "--map-root-user"] if os.geteuid() else []), "--mount", "sh", "-c", READ_ONLY]
    if subprocess.run([*unshared, "sh", "true"]).returncode:
        pytest.skip("this machine lets nobody have a file system of their own (unshare --mount)")
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    worker = house.start(inside=[*unshared, "sh"], concurrency=1)
    enqueue([job("a.jpg", "one")], house.settings)
    assert [(answer["job"], answer["status"]) for answer, _ in house.results(1)] == [("one", "ready")]
    assert worker.stop() == 0


def test_who_runs_celery_runs_the_same_worker(house: House, fixtures: Path) -> None:
    house.upload("a.jpg", (fixtures / "half.jpg").read_bytes())
    worker = house.start(program=("celery", "-A", "mmsprep.worker:app", "worker"), concurrency=1)
    enqueue([job("a.jpg", "one")], house.settings)
    assert [(answer["job"], answer["status"]) for answer, _ in house.results(1)] == [("one", "ready")]
    assert worker.stop() == 0
