"""Run a worker in this process, until it is told to end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mmsprep.worker import logs, queues

if TYPE_CHECKING:
    from mmsprep.settings import Settings


def run(settings: Settings, *, level: str = "INFO") -> int:
    """Work until SIGTERM, which lets what was begun be ended; give the exit status.

    Raises Misconfigured, and Unavailable ``queue`` where SQS has no queues.
    """
    from celery import signals

    from mmsprep.items import cores
    from mmsprep.worker.engine import make_app
    from mmsprep.worker.health import check_free

    logs.configure(level)
    if settings.worker.listen_port:
        check_free(settings.worker.listen_host, settings.worker.listen_port)
    # Celery leaves the logs alone when somebody answers this signal.
    signals.setup_logging.connect(_leave_logs_alone, weak=False)
    app = make_app(settings)
    declare(app, settings)
    worker = app.Worker(
        pool="prefork",
        concurrency=settings.worker.concurrency or cores(),
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
        quiet=True,
    )
    sys.argv[:] = ["mmsprep", "worker"]  # what Celery shows as its processes' name
    worker.start()
    return int(worker.exitcode or 0)


def make_queues(settings: Settings) -> None:
    """Make the queues where they are not there; raises Unavailable ``queue``."""
    from mmsprep.worker import submit

    if queues.engine(settings.worker) == "sqs":
        queues.make_sqs_queues(settings.worker)
    else:
        declare(submit.client(settings.worker), settings)


def declare(app: object, settings: Settings) -> None:
    """Declare in RabbitMQ what jobs pass through; raises Unavailable ``queue``."""
    from mmsprep.worker.results import unavailable

    options = settings.worker
    if queues.engine(options) != "amqp":
        return
    wanted = [queues.dead, queues.jobs, queues.uploads, queues.results]
    try:
        with app.connection_for_write() as connection:  # type: ignore[attr-defined]
            connection.ensure_connection(max_retries=30, interval_start=0.5, interval_step=0.5, interval_max=3)
            for queue in [*(make(options) for make in wanted), *queues.pauses(options)]:
                queue.bind(connection.default_channel).declare()
    except Exception as error:  # every transport has errors of its own
        raise unavailable(error) from error


def _leave_logs_alone(**_: object) -> None:
    pass
