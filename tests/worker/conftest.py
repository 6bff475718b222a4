"""A whole house for workers: a broker, a bucket for uploads and one for results, and workers as they are run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from tests.servers import s3
from tests.stores.conftest import Servers, credentials, servers

from mmsprep.settings import Settings
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.worker import queues, run
from mmsprep.worker.queues import Names

__all__ = ["credentials", "servers"]

SECONDS = 90
"""Within which anything that is awaited has come, on a machine with other things to do."""

WORKER = ("mmsprep", "worker")


@dataclass
class Worker:
    """A worker that runs: its leading process, where it answers about its health, what it logs."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, path: str) -> tuple[int, str]:
        """Ask about health or metrics; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def family(self) -> set[int]:
        """Give the pids of all that this worker has started, at any depth."""
        found, new = set(), {self.process.pid}
        while new:
            found |= new
            new = {child for pid in new for child in _children(pid)} - found
        return found

    def stop(self) -> int:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@dataclass
class House:
    """Settings, the servers behind them, and what a test does with both."""

    settings: Settings
    folder: Path
    environment: dict[str, str]
    workers: list[Worker] = field(default_factory=list)

    @cached_property
    def client(self) -> Any:
        return ClientOfProcess(self.settings.s3)()

    def with_worker(self, **options: Any) -> House:
        """Give the same house with other options of the table ``worker``."""
        worker = replace(self.settings.worker, **options)
        return replace(self, settings=self.settings.model_copy(update={"worker": worker}))

    def start(self, *, inside: Sequence[str] = (), program: Sequence[str] = WORKER, **options: Any) -> Worker:
        """Start a worker, by the program *inside* of which it is to run if any, and wait until it consumes."""
        worker = self.begin(inside=inside, program=program, **options)
        until(lambda: worker.ask("/ready")[0] == 200 or worker.process.poll() is not None, worker.log)
        assert worker.process.poll() is None, worker.log.read_text()
        return worker

    def begin(self, *, inside: Sequence[str] = (), program: Sequence[str] = WORKER, **options: Any) -> Worker:
        """Start a worker without waiting for it."""
        port = s3.free_port()
        settings = replace(self.settings.worker, listen_port=port, **options)
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = self.environment | _as_environment(self.settings, settings)
        with log.open("ab") as written:
            process = subprocess.Popen(
                [*inside, sys.executable, "-m", *program],
                stdout=written,
                stderr=written,
                env=environment,
                cwd=self.folder,
                start_new_session=True,
            )
        worker = Worker(process, port, log)
        self.workers.append(worker)
        return worker

    def command(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run mmsprep with the settings of this house."""
        ended = subprocess.run(
            [sys.executable, "-m", "mmsprep", *arguments],
            input=stdin,
            capture_output=True,
            env=self.environment | _as_environment(self.settings, self.settings.worker),
            cwd=self.folder,
            timeout=SECONDS,
        )
        return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def upload(self, name: str, content: bytes) -> str:
        """Put a file where people upload."""
        self.client.put_object(Bucket="uploads", Key=name, Body=content)
        return name

    def kept(self, job: str) -> bytes:
        """Read the answer that is kept for a job."""
        bytes_kept: bytes = self.client.get_object(Bucket="acme", Key=f"mms-answers/{job}.json")["Body"].read()
        return bytes_kept

    def publish(self, queue: str, body: bytes) -> None:
        """Put raw bytes into a queue of RabbitMQ, as a server of S3 does."""
        with self.connection() as connection:
            channel = connection.default_channel
            channel.basic_publish(_message(channel, body), exchange="", routing_key=queue)

    def connection(self) -> Connection:
        return Connection(self.settings.worker.broker.get_secret_value(), transport_options={"confirm_publish": True})

    def results(self, count: int) -> list[tuple[dict[str, Any], bytes]]:
        """Take *count* answers from the results queue, each as JSON and as the bytes that came."""
        found: list[tuple[dict[str, Any], bytes]] = []
        with self.connection() as connection:
            queue = queues.results(self.settings.worker).bind(connection.default_channel)

            def take() -> bool:
                while message := queue.get(no_ack=True, accept=["json"]):
                    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
                    found.append((json.loads(body), body))
                return len(found) >= count

            until(take, *(worker.log for worker in self.workers))
        return found

    def depth(self, name: str) -> int:
        """Count what waits in one of the queues (``jobs``, ``dead`` …), without what a worker holds."""
        with self.connection() as connection:
            asked = getattr(Names.of(self.settings.worker), name)
            return int(connection.default_channel.queue_declare(asked, passive=True).message_count)


def until(done: Callable[[], object], *logs: Path, seconds: float = SECONDS) -> None:
    """Wait until something is so; tell what the workers logged when it never is."""
    ends = time.monotonic() + seconds
    while not done():
        if time.monotonic() > ends:
            told = "\n".join(log.read_text()[-4_000:] for log in logs)
            raise TimeoutError(f"not within {seconds} s:\n{told}")
        time.sleep(0.1)


def _children(pid: int) -> set[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except OSError:
        return set()


def _message(channel: Any, body: bytes) -> Any:
    return channel.prepare_message(body, content_type="application/json", properties={"delivery_mode": 2})


def _as_environment(settings: Settings, worker: Any) -> dict[str, str]:
    """Spell the settings as a person does who starts a worker."""
    told = {
        "MMSPREP_STORE": str(settings.store),
        "MMSPREP_SOURCE_BUCKETS": json.dumps(settings.source_buckets),
        "MMSPREP_S3__ENDPOINT": str(settings.s3.endpoint),
    } | {f"MMSPREP_WORKER__DESTINATIONS__{name}": url for name, url in worker.destinations.items()}
    for name in worker.__slots__:
        value = getattr(worker, name)
        if name != "destinations" and value is not None:
            secret = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            told[f"MMSPREP_WORKER__{name.upper()}"] = str(secret)
    return told


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What workers and commands run in: stores that go wrong are plugged in as a package of somebody's would be."""
    plugins = tmp_path / "plugins"
    info = plugins / "stores_of_a_test-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("stores_of_a_test.py"), plugins)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stores-of-a-test\nVersion: 1.0\n")
    names = "".join(f"{each} = stores_of_a_test:{each}\n" for each in ("poison", "gate", "down"))
    (info / "entry_points.txt").write_text(f"[mmsprep.stores]\n{names}")
    (tmp_path / "tmp").mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MMSPREP_")}
    return kept | {"PYTHONPATH": str(plugins), "TMPDIR": str(tmp_path / "tmp"), "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def house(servers: Servers, tmp_path: Path, environment: dict[str, str]) -> Iterator[House]:
    """RabbitMQ and rclone, with queues and buckets of this test's own."""
    with open_house({"broker": servers("rabbitmq").endpoint}, tmp_path, environment) as opened:
        yield opened


@contextmanager
def open_house(broker: dict[str, Any], tmp_path: Path, environment: dict[str, str]) -> Iterator[House]:
    """Make buckets and queues of one test's own, and end all workers at its end."""
    (tmp_path / "s3").mkdir()
    storage = s3.rclone(tmp_path / "s3")
    settings = Settings.load(
        store="s3://acme/mms",
        source_buckets=("uploads",),
        s3={"endpoint": storage.endpoint},
        worker={**broker, "queue": f"test-{uuid.uuid4().hex[:10]}", "concurrency": 2},
    )
    house = House(settings, tmp_path, environment)
    for bucket in ("uploads", "acme"):
        house.client.create_bucket(Bucket=bucket)
    run.make_queues(settings)
    try:
        yield house
    finally:
        for worker in house.workers:
            family = worker.family()
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait(SECONDS)
            for pid in family:
                if s3.lives(pid):
                    until(lambda pid=pid: not s3.lives(pid), worker.log, seconds=20)
        s3.stop(storage.pids)
