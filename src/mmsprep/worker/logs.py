"""Logs as JSON, a line per event, with the id of the job that it is about."""

from __future__ import annotations

import logging
import sys
from typing import Any


def configure(level: str = "INFO") -> None:
    """Let everything that is logged go to standard error as JSON; the id is what the current job has bound.

    No line tells the name of a file or the key of an object: they are about people.
    """
    import structlog

    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    # Celery's own line for each task repeats ours; of boto3, pyamqp and the rest only what is wrong matters.
    logging.getLogger("multiprocessing").handlers.clear()  # billiard's, which it gives no form
    logging.getLogger("multiprocessing").propagate = True
    for name in ("celery", "kombu", "amqp", "botocore", "boto3", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
