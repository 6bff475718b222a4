"""The desk: where a working process takes a job, does it, and tells what became of it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.items import cores
from mmsprep.worker import answers, results, submit, webhook
from mmsprep.worker.messages import BadJob, Job
from mmsprep.worker.perform import Done, Preparer, given_up
from mmsprep.worker.shelf import Shelf, open_shelf

if TYPE_CHECKING:
    from celery import Celery

    from mmsprep.settings import Settings
    from mmsprep.worker.metrics import Letters

log = logging.getLogger("mmsprep.worker")


class Desk:
    """Do jobs, one after another. What is costly is made with the first, in the process that does it."""

    def __init__(self, settings: Settings, app: Celery, letters: Letters) -> None:
        webhook.check(settings.worker)
        self.settings = settings
        self.options = settings.worker
        self.letters = letters
        self._app = app
        self._shelf: Shelf = open_shelf(settings)
        self._preparer: Preparer | None = None

    def close(self) -> None:
        """End what the last job left warm."""
        if self._preparer is not None:
            self._preparer.close()
            self._preparer = None

    def work(self, document: Any, told: dict[str, Any]) -> None:
        """Do a job to its end: answered, put off, or among the dead letters.

        It may be done twice, by two processes at once or after one has died: the answer is kept once, and given
        again as it was. Raises Unavailable ``queue`` when the broker takes nothing any more.
        """
        try:
            job = Job.read(document)
        except BadJob as error:
            log.error("job refused", extra={"reason": "bad-job", "why": str(error)})
            self._bury(document, told, "bad-job", str(error))
            return
        with _bound(job.id):
            try:
                self._answer(job, told)
            except Unavailable as error:
                self._put_off(job, told, error)
            except Misconfigured as error:
                self._give_up(job, told, "misconfigured", error)
            except Exception as error:  # our own mistake, or the end of the job's time: another try may go well
                log.exception("job failed")
                self._put_off(job, told, Unavailable("tool", _why(error, self.options.job_seconds)))

    def _answer(self, job: Job, told: dict[str, Any]) -> None:
        age = time.time() - told["enqueued"] if isinstance(told.get("enqueued"), int | float) else None
        kept = self._shelf.get(job.id)
        seconds = 0.0
        if kept is None:
            done = self._prepare(job)
            seconds = done.seconds
            kept = self._shelf.put(job.id, answers.written(done.answer))
            self._count(done, age)
        else:
            self.letters.post({"kind": "again"})
        results.publish(self._app, self.options, job.id, kept, seconds=seconds)
        webhook.post(self.options, job.id, kept)
        answer = json.loads(kept)
        outcome = {"status": answer["status"], "reason": answer.get("reason", "")}
        log.info("job done", extra=outcome | {"seconds": round(seconds, 3), "age": age and round(age, 3)})

    def _prepare(self, job: Job) -> Done:
        if self._preparer is None:
            self._preparer = Preparer(self.settings, at_once=self.options.concurrency or cores())
        return self._preparer.answer(job)

    def _put_off(self, job: Job, told: dict[str, Any], error: Unavailable) -> None:
        attempt = told["attempt"] if isinstance(told.get("attempt"), int) else 1
        if attempt >= self.options.tries:
            self._give_up(job, told, error.reason, error)
            return
        pause = submit.put_off(self._app, self.options, job, told, attempt)
        self.letters.post({"kind": "retry", "reason": error.reason})
        extra = {"reason": error.reason, "why": error.message, "attempt": attempt, "pause": round(pause, 1)}
        log.warning("job put off", extra=extra)

    def _give_up(self, job: Job, told: dict[str, Any], reason: str, error: Exception) -> None:
        """Tell that a job was given up, and bury it. It is not kept as the answer: asked again, it may go well."""
        message = getattr(error, "message", str(error))
        log.error("job given up", extra={"reason": reason, "why": message})
        answer = answers.written(given_up(job, error))
        results.publish(self._app, self.options, job.id, answer, seconds=0.0)
        with suppress(Unavailable):
            webhook.post(self.options, job.id, answer)
        self._bury(job.document(), told, reason, message)

    def _bury(self, document: Any, told: dict[str, Any], reason: str, message: str) -> None:
        submit.bury(self._app, self.options, document, told, reason, message)
        self.letters.post({"kind": "dead", "reason": reason})

    def _count(self, done: Done, age: float | None) -> None:
        self.letters.post(
            {
                "kind": "done",
                "status": done.answer["status"],
                "reason": done.answer.get("reason", ""),
                "seconds": round(done.seconds, 4),
                "stages": {name: round(seconds, 4) for name, seconds in done.stages.items()},
                "in": done.bytes_in,
                "out": done.bytes_out,
                "age": age,
            }
        )


@contextmanager
def _bound(job: str) -> Iterator[None]:
    """Let every line that is logged meanwhile, by whichever part, carry the job's id."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(job=job, process=os.getpid()):
        yield


def _why(error: Exception, job_seconds: int) -> str:
    if type(error).__name__ == "SoftTimeLimitExceeded":
        return f"not finished after {job_seconds} s; send a shorter one, or raise worker.job_seconds"
    return f"it failed unexpectedly ({type(error).__name__}); see the worker's log"
