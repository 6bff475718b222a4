"""Put jobs into their queues: new ones, ones to be tried later, and ones that are given up."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from mmsprep.worker import queues
from mmsprep.worker.results import unavailable

if TYPE_CHECKING:
    from celery import Celery

    from mmsprep.settings import WorkerOptions
    from mmsprep.worker.messages import Job

TASK = "mmsprep.prepare"
HEADER = "mmsprep"
"""Of a message: what it carries beside the job. ``enqueued`` (seconds since 1970), ``attempt``, and for a dead
letter ``reason``, ``message`` and ``buried``."""


def client(options: WorkerOptions) -> Celery:
    """Make a Celery that can put jobs into the queues; raises Misconfigured, Unavailable ``queue``."""
    from celery import Celery

    app = Celery("mmsprep", set_as_current=False)
    app.conf.update(queues.celery_settings(options))
    # Celery repeats the arguments in a header, for its logs: they would tell names, and take room in SQS.
    app.amqp.argsrepr_maxsize = 16
    return app


def submit(app: Celery, options: WorkerOptions, job: Job) -> None:
    """Put a job into the queue; raises Unavailable ``queue`` unless the broker has it."""
    _send(app, job.document(), job.id, queues.jobs(options), {"enqueued": time.time(), "attempt": 1})


def put_off(app: Celery, options: WorkerOptions, job: Job, told: dict[str, Any], attempt: int) -> float:
    """Put a job back for later: the pause doubles with each attempt, give or take half; give its seconds.

    Who was kept waiting together must not all come back together.
    """
    longest: float = options.retry_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311  no secret
    pause: float = min(longest, queues.LONGEST_PAUSE_SECONDS)
    told = told | {"attempt": attempt + 1}
    document = job.document()
    match queues.engine(options):
        case "amqp":
            _send(app, document, job.id, queues.pauses(options)[attempt - 1], told, expiration=pause)
        case "sqs":
            _send(app, document, job.id, queues.jobs(options), told, DelaySeconds=round(pause))
        case "redis":
            _send(app, document, job.id, queues.jobs(options), told, countdown=pause)
    return pause


def bury(app: Celery, options: WorkerOptions, document: Any, told: dict[str, Any], reason: str, message: str) -> None:
    """Put what cannot be done among the dead letters; raises Unavailable ``queue``."""
    job = document.get("id") if isinstance(document, dict) else None
    told = told | {"reason": reason, "message": message[:500], "buried": time.time()}
    _send(app, document, str(job or ""), queues.dead(options), told)


def _send(app: Celery, document: Any, job: str, queue: Any, told: dict[str, Any], **properties: Any) -> None:
    try:
        app.send_task(
            TASK,
            args=(document,),
            task_id=job or None,
            queue=queue,
            headers={HEADER: told},
            retry=True,
            retry_policy=queues.PUBLISH_POLICY,
            **properties,
        )
    except Exception as error:  # every transport has errors of its own
        raise unavailable(error) from error
