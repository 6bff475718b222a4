"""What a job does: its sources are prepared, and what became of them is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmsprep.errors import Misconfigured, PrepError, Rejected, Unavailable
from mmsprep.items import cores
from mmsprep.pipeline import Pipeline
from mmsprep.prepared import Prepared
from mmsprep.settings import Settings
from mmsprep.stage import Event
from mmsprep.worker import answers
from mmsprep.worker.messages import Job

CARRIED_PROFILES = 64
"""Pipelines that are kept: they cost little beside the helper, which all of them share."""


@dataclass(frozen=True, slots=True)
class Done:
    """A job's answer, and what it took."""

    answer: dict[str, Any]
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    bytes_in: int = 0
    bytes_out: int = 0


class Preparer:
    """Prepare jobs, one after another, with one helper. A process has one."""

    def __init__(self, settings: Settings, *, at_once: int) -> None:
        options = settings.worker
        limits = settings.limits
        # An item that a busy machine stops is tried once more, and both must fit into the job's time.
        wall = min(limits.wall_seconds, options.job_seconds / 2)
        self._settings = settings.model_copy(
            update={
                "limits": replace(limits, wall_seconds=wall),
                "threads": settings.threads or max(1, cores() // at_once),
            }
        )
        self._first: Pipeline | None = None
        self._pipelines: dict[tuple[str | None, str | None], Pipeline] = {}

    def close(self) -> None:
        """End the helper."""
        if self._first is not None:
            self._first.close()

    def answer(self, job: Job) -> Done:
        """Prepare a job; a file that cannot be sent is an answer too. Raises Unavailable, Misconfigured."""
        started = time.perf_counter()
        clock = _Clock(started)
        try:
            prepared, captions = self._prepared(job, clock)
        except Rejected as error:
            return Done(answers.failed(job, error), time.perf_counter() - started, clock.stop("store"))
        return Done(
            answers.ready(job, prepared, captions),
            time.perf_counter() - started,
            clock.stop("store"),
            bytes_in=sum(each.original.bytes for each in prepared),
            bytes_out=sum(media.facts.bytes for each in prepared for media in each.media),
        )

    def _prepared(self, job: Job, clock: _Clock) -> tuple[tuple[Prepared, ...], tuple[str, ...]]:
        pipeline = self._pipeline(job.profile, job.destination)
        sources = [source.open() for source in job.sources]
        options: dict[str, Any] = dict(job.options)
        if len(sources) > 1:
            message = pipeline.compose(sources, captions=job.captions, **options)
            return message.prepared, message.captions
        prepared = pipeline.prepare(sources[0], progress=clock, **options)
        clock.at("store", since=clock.started + prepared.seconds)
        one = job.captions[0] if job.captions else ""
        captions = (one, *[""] * (len(prepared.media) - 1)) if one and prepared.media else ()
        return (prepared,), captions

    def _pipeline(self, profile: str | None, destination: str | None) -> Pipeline:
        if self._first is None:
            self._first = Pipeline(settings=self._settings)
        key = (profile, destination)
        if key not in self._pipelines:
            if len(self._pipelines) >= CARRIED_PROFILES:
                self._pipelines.clear()
            self._pipelines[key] = self._first.alike(profile, store=self._store(destination))
        return self._pipelines[key]

    def _store(self, destination: str | None) -> str | None:
        if destination is None:
            return None
        stores = self._settings.worker.destinations
        if destination not in stores:
            raise Misconfigured(f"no destination is called {destination}; set worker.destinations")
        return stores[destination]


class _Clock:
    """Take the time of each stage, as progress tells that one began: fetch, the stages by name, store."""

    def __init__(self, started: float) -> None:
        self.started = self._since = started
        self._step = "fetch"
        self._spent: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if event.step and event.step != self._step:
            self.at(event.step)

    def at(self, step: str, *, since: float | None = None) -> None:
        """Note that *step* begins now, or began *since*."""
        moment = time.perf_counter() if since is None else max(since, self._since)
        self._spent[self._step] = self._spent.get(self._step, 0.0) + moment - self._since
        self._since, self._step = moment, step

    def stop(self, step: str) -> Mapping[str, float]:
        """Give the seconds of each step, the last of which was *step* if nothing else has told."""
        self.at(step)
        return self._spent


def given_up(job: Job, error: Exception) -> dict[str, Any]:
    """Answer a job that is given up: whoever waits for it must not wait for ever."""
    if isinstance(error, PrepError):
        return answers.failed(job, error)
    return answers.failed(job, Unavailable("queue", str(error)))
