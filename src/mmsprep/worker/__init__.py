"""Behind an upload queue: jobs come from RabbitMQ or SQS, results go to the store, answers to whoever asked.

``celery -A mmsprep.worker:app worker`` runs it as ``mmsprep worker`` does. Needs ``pip install 'mmsprep[worker]'``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmsprep.worker.front import collect, enqueue, enqueue_event, upload
    from mmsprep.worker.messages import BadJob, BucketSource, ContactSource, Job, PlaceSource

__all__ = [
    "BadJob",
    "BucketSource",
    "ContactSource",
    "Job",
    "PlaceSource",
    "collect",
    "enqueue",
    "enqueue_event",
    "upload",
]

_HOMES = dict.fromkeys(("BadJob", "BucketSource", "ContactSource", "Job", "PlaceSource"), "messages") | dict.fromkeys(
    ("collect", "enqueue", "enqueue_event", "upload"), "front"
)


def __getattr__(name: str) -> Any:
    if name == "app":
        return _app()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def _app() -> Any:
    """Make the Celery app from this machine's settings, for people who run Celery themselves."""
    from mmsprep.settings import Settings
    from mmsprep.worker.engine import make_app

    return make_app(Settings.load())
