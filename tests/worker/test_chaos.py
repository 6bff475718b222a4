"""Workers are killed every few seconds and the broker crashes once: nothing is lost, nothing is half, nothing stays."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import rabbitmq, s3
from tests.worker.conftest import House, Worker, open_house, until
from tests.worker.uploads import mixed

from mmsprep.stores import key_of
from mmsprep.worker import Job, enqueue

KILL_SECONDS = 5.0

pytestmark = pytest.mark.services


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[list[s3.Server]]:
    """A broker of this test's own, for it is going to be killed; a list, as the one that comes back is another."""
    if missing := rabbitmq.missing():
        pytest.skip(f"RabbitMQ is not installed: {', '.join(missing)} (package rabbitmq-server)")
    servers = [rabbitmq.rabbitmq(tmp_path / "rabbitmq")]
    yield servers
    s3.stop(servers[-1].pids, seconds=20)


class Killer(threading.Thread):
    """Keep two workers running, kill one of them every five seconds, and remember whose processes must be gone.

    A fast machine is done in five seconds: one is killed each *answers* answers too, so that kills always meet work.
    """

    def __init__(self, house: House, answers: int) -> None:
        super().__init__(daemon=True)
        self.house = house
        self.answers = answers
        self.pair: list[Worker] = [house.start(), house.start()]
        self.killed: list[set[int]] = []
        self.enough = threading.Event()

    def run(self) -> None:
        turn = 0
        while self._comes_another():
            victim = self.pair[turn % 2]
            self.killed.append(victim.family())
            victim.process.kill()
            victim.process.wait(20)
            self.pair[turn % 2] = self.house.begin()
            turn += 1

    def _comes_another(self) -> bool:
        """Wait until it is time for the next kill; false when there shall be none."""
        until, known = time.monotonic() + KILL_SECONDS, len(_answered(self.house))
        while time.monotonic() < until and len(_answered(self.house)) < known + self.answers:
            if self.enough.wait(0.2):
                return False
        return not self.enough.is_set()


@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_nothing_is_lost_when_workers_are_killed_and_the_broker_crashes(
    broker: list[s3.Server], count: int, tmp_path: Path, environment: dict[str, str], fixtures: Path
) -> None:
    with open_house({"broker": broker[0].endpoint}, tmp_path, environment) as house:
        patient = house.with_worker(
            queue=f"{house.settings.worker.queue}-c", destinations={"poison": "poison://"}, deliveries=8, concurrency=1
        )
        jobs = mixed(count, fixtures)
        for job, content in jobs:
            if content is not None:
                patient.upload(job.sources[0].model_dump()["key"], content)
        poison = Job(id="poison", sources=jobs[0][0].sources, destination="poison")
        killer = Killer(patient, answers=max(8, count // 10))
        enqueue([job for job, _ in jobs[: count // 4]], patient.settings)
        killer.start()
        started = time.monotonic()
        enqueue([poison, *(job for job, _ in jobs[count // 4 :])], patient.settings)
        until(lambda: len(_answered(house)) > count // 2, seconds=600)
        broker.append(rabbitmq.restart(broker[0]))
        until(lambda: len(_answered(house)) >= count, *(each.log for each in killer.pair), seconds=900)
        killer.enough.set()
        killer.join(60)
        until(lambda: patient.depth("jobs") == 0 and patient.depth("dead") >= 1, seconds=300)
        for worker in killer.pair:
            until(lambda worker=worker: worker.ask("/ready")[0] == 200, worker.log)
            assert worker.stop() == 0, worker.log.read_text()[-4_000:]
        _check(patient, {job.id for job, _ in jobs})
        assert len(killer.killed) >= 2
        assert not any(s3.lives(pid) for family in killer.killed for pid in family)
        assert list((tmp_path / "tmp").glob("mmsprep-items*/item-*")) == []
        seconds = time.monotonic() - started
        print(f"\n{count} jobs, {len(killer.killed)} kills, one crash of the broker: {seconds:.0f} s")  # noqa: T201


def _answered(house: House) -> list[str]:
    pages = house.client.get_paginator("list_objects_v2").paginate(Bucket="acme", Prefix="mms-answers/")
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


def _check(house: House, wanted: set[str]) -> None:
    """Each job was answered, always with the same bytes; each object that an answer names is there, and whole."""
    answers: dict[str, set[bytes]] = {}
    for answer, body in house.results(len(wanted)):
        answers.setdefault(answer["job"], set()).add(body)
    assert answers.keys() == wanted
    assert {len(bodies) for bodies in answers.values()} == {1}
    for job, (body,) in answers.items():
        assert house.kept(job) == body
        for media in json.loads(body).get("media", []):
            key = media["url"].rpartition("/")[2]
            content = house.client.get_object(Bucket="acme", Key=f"mms/{key}")["Body"].read()
            assert hashlib.sha256(content).hexdigest() == media["sha256"]
    pages = house.client.get_paginator("list_objects_v2").paginate(Bucket="acme", Prefix="mms/")
    for found in (each["Key"] for page in pages for each in page.get("Contents", [])):
        content = house.client.get_object(Bucket="acme", Key=found)["Body"].read()
        name = found.removeprefix("mms/")
        assert key_of(hashlib.sha256(content).hexdigest(), "." + name.partition(".")[2]) == name
    letters = [json.loads(line) for line in house.command("dead-letters", "--json").stdout.splitlines()]
    assert {letter["job"] for letter in letters} == {"poison"}
    assert house.depth("jobs") == 0
