"""Prepare media in a Celery task of your own; `mmsprep worker` is a whole service made this way.

pip install mmsprep celery
celery --app tasks_celery worker
"""

import os
from functools import cache
from typing import Any

from celery import Celery

from mmsprep import Pipeline, Rejected, Unavailable
from mmsprep.prepared import failure_as_dict

app = Celery("media", broker=os.environ.get("BROKER", "amqp://"), backend=os.environ.get("BACKEND", "rpc://"))
# When a worker dies, another gets its task: the same source gives the same bytes and the same URL.
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)


@cache
def pipeline() -> Pipeline:
    """Make one for each process of the worker, when it has its first task."""
    return Pipeline(store=os.environ.get("STORE", "out"))


@app.task(autoretry_for=(Unavailable,), retry_backoff=5, retry_jitter=True, max_retries=6)
def prepare(source: str, **options: Any) -> dict[str, Any]:
    """Prepare a path, an s3:// URL of an allowed bucket, or a place, and answer as prepared.schema.json says."""
    try:
        return pipeline().prepare(source, **options).as_dict()
    except Rejected as rejected:  # an answer, not a failure: trying again changes nothing
        return failure_as_dict(source, rejected)
