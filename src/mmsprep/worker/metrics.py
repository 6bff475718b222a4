"""Metrics for Prometheus. The processes that do the work write letters; the one that leads them counts."""

from __future__ import annotations

import json
import os
import select
import threading
from contextlib import suppress
from typing import Any

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_500)
AGES = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600)


class Metrics:
    """What is counted, in one registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self.jobs = Counter("mmsprep_jobs", "Jobs answered", ["status", "reason"], **own)
        self.seconds = Histogram("mmsprep_job_seconds", "Time to prepare a job", buckets=SECONDS, **own)
        self.stages = Histogram("mmsprep_stage_seconds", "Time of each stage", ["stage"], buckets=SECONDS, **own)
        self.bytes = Counter("mmsprep_bytes", "Bytes of sources and of what came of them", ["direction"], **own)
        self.age = Histogram("mmsprep_queue_age_seconds", "Time a job waited in the queue", buckets=AGES, **own)
        self.in_flight = Gauge("mmsprep_jobs_in_flight", "Jobs being prepared", **own)
        self.again = Counter("mmsprep_jobs_repeated", "Jobs whose answer was there already", **own)
        self.retries = Counter("mmsprep_retries", "Jobs put off until something is available", ["reason"], **own)
        self.dead = Counter("mmsprep_dead_letters", "Jobs and events given up", ["reason"], **own)
        self.lost = Counter("mmsprep_processes_lost", "Processes that died of, or with, a job", **own)
        self.events = Counter("mmsprep_upload_events", "Upload events read", ["outcome"], **own)
        self.ready = Gauge("mmsprep_ready", "1 while jobs are consumed", **own)

    def count(self, letter: dict[str, Any]) -> None:
        """Count what a letter tells."""
        match letter.get("kind"):
            case "done":
                self._count_done(letter)
            case "again":
                self.again.inc()
            case "retry":
                self.retries.labels(letter["reason"]).inc()
            case "dead":
                self.dead.labels(letter["reason"]).inc()

    def _count_done(self, letter: dict[str, Any]) -> None:
        self.jobs.labels(letter["status"], letter["reason"]).inc()
        self.seconds.observe(letter["seconds"])
        for stage, seconds in letter["stages"].items():
            self.stages.labels(stage).observe(seconds)
        self.bytes.labels("in").inc(letter["in"])
        self.bytes.labels("out").inc(letter["out"])
        if letter["age"] is not None:
            self.age.observe(max(0.0, letter["age"]))


class Letters:
    """A pipe from the working processes to the one that counts, made before they are forked.

    A letter is written at once and is shorter than PIPE_BUF, so those of several writers never mix (POSIX, write).
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        # Who works must not wait for who counts.
        os.set_blocking(self._write, False)

    def post(self, letter: dict[str, Any]) -> None:
        """Write a letter; one that cannot be written is lost, and with it nothing but a count."""
        line = json.dumps(letter).encode() + b"\n"
        if len(line) <= select.PIPE_BUF:
            with suppress(OSError):
                os.write(self._write, line)

    def read_into(self, metrics: Metrics) -> threading.Thread:
        """Count letters in a thread of its own until the process ends."""
        thread = threading.Thread(target=self._read_all, args=(metrics,), name="mmsprep-metrics", daemon=True)
        thread.start()
        return thread

    def _read_all(self, metrics: Metrics) -> None:
        with os.fdopen(self._read, "rb") as lines:
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    metrics.count(json.loads(line))
