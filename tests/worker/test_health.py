"""A worker is ready only while something comes through the broker, and alive only while its loop turns."""

from __future__ import annotations

import select
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from tests.servers.s3 import free_port
from tests.worker.conftest import until

from mmsprep.errors import Misconfigured
from mmsprep.worker import health
from mmsprep.worker.metrics import Letters, Metrics


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_nothing_is_ready_before_something_came(time: Time) -> None:
    pulse = health.Pulse(time)
    assert (pulse.alive, pulse.ready) == (True, False)
    pulse.consume()
    assert pulse.ready


def test_a_loop_that_turns_but_consumes_nothing_is_alive_and_not_ready(time: Time) -> None:
    pulse = health.Pulse(time)
    pulse.consume()
    for _ in range(40):
        time.now += 1
        pulse.turn()
    assert (pulse.alive, pulse.ready) == (True, False)
    pulse.consume()
    assert pulse.ready


def test_a_loop_that_stands_still_is_not_alive(time: Time) -> None:
    pulse = health.Pulse(time)
    time.now += 61
    pulse.consume()
    assert (pulse.alive, pulse.ready) == (False, False)


def test_a_worker_that_looks_for_its_broker_is_left_alone_for_ten_minutes(time: Time) -> None:
    pulse = health.Pulse(time)
    pulse.consume()
    pulse.lose()
    time.now += 599
    assert (pulse.alive, pulse.ready) == (True, False)
    time.now += 2
    assert not pulse.alive
    pulse.turn()
    time.now += 61
    assert not pulse.alive, "once it was found, its loop must turn"


def test_a_port_that_is_taken_is_told_before_anything_is_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=r"worker\.listen_port"):
            health.check_free("127.0.0.1", port)


@pytest.fixture
def served(time: Time) -> Iterator[tuple[str, health.Pulse, Metrics]]:
    pulse, metrics, port = health.Pulse(time), Metrics(), free_port()
    server = health.serve("127.0.0.1", port, pulse, metrics)
    yield f"http://127.0.0.1:{port}", pulse, metrics
    server.shutdown()
    server.server_close()


def ask(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_and_metrics_are_answered_by_http(served: tuple[str, health.Pulse, Metrics], time: Time) -> None:
    url, pulse, metrics = served
    assert ask(f"{url}/live")[0] == 200
    assert ask(f"{url}/ready")[0] == 503
    pulse.consume()
    assert ask(f"{url}/ready") == (200, "yes\n")
    metrics.count({"kind": "dead", "reason": "store"})
    assert 'mmsprep_dead_letters_total{reason="store"} 1.0' in ask(f"{url}/metrics")[1]
    assert "mmsprep_ready 1.0" in ask(f"{url}/metrics")[1]
    assert ask(f"{url}/etc/passwd")[0] == 404


def test_letters_of_the_working_processes_are_counted() -> None:
    letters, metrics = Letters(), Metrics()
    done = {"kind": "done", "status": "ready", "reason": "", "seconds": 0.3, "stages": {"image": 0.2, "store": 0.1}}
    letters.post(done | {"in": 1_000, "out": 400, "age": 2.5})
    letters.post({"kind": "done"})
    letters.post({"kind": "x" * select.PIPE_BUF})
    letters.post({"kind": "retry", "reason": "store"})
    letters.read_into(metrics)
    until(lambda: metrics.registry.get_sample_value("mmsprep_retries_total", {"reason": "store"}) == 1, seconds=10)
    value = metrics.registry.get_sample_value
    assert value("mmsprep_jobs_total", {"status": "ready", "reason": ""}) == 1
    assert value("mmsprep_bytes_total", {"direction": "out"}) == 400
    assert value("mmsprep_stage_seconds_sum", {"stage": "image"}) == pytest.approx(0.2)
    assert value("mmsprep_queue_age_seconds_sum") == pytest.approx(2.5)


def test_a_worker_that_counts_slowly_holds_nobody_up() -> None:
    letters = Letters()
    for _ in range(10_000):
        letters.post({"kind": "retry", "reason": "store" * 10})
    metrics = Metrics()
    letters.read_into(metrics)
    until(lambda: metrics.registry.get_sample_value("mmsprep_retries_total", {"reason": "store" * 10}), seconds=10)
    counted = metrics.registry.get_sample_value("mmsprep_retries_total", {"reason": "store" * 10})
    assert counted
    assert 0 < counted < 10_000
