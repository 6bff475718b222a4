"""The worker as a Celery app: one leading process, and as many that work as there are jobs at a time."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured
from mmsprep.isolate import remove_scratch, sweep_scratch
from mmsprep.worker import health, queues, submit
from mmsprep.worker.consumer import Echo, Uploads
from mmsprep.worker.desk import Desk
from mmsprep.worker.metrics import Letters, Metrics
from mmsprep.worker.visibility import Extender

if TYPE_CHECKING:
    from celery import Celery

    from mmsprep.settings import Settings

log = logging.getLogger("mmsprep.worker")

WATCH_SECONDS = 10.0


class Office:
    """What the leading process holds: counts, signs of life, messages that SQS would take back."""

    def __init__(self, settings: Settings, app: Celery) -> None:
        self.settings = settings
        self.options = settings.worker
        self.app = app
        self.metrics = Metrics()
        self.pulse = health.Pulse()
        self.letters = Letters()
        self.desk = Desk(settings, app, self.letters)
        self._in_flight: set[Any] = set()
        self._server: Any = None
        self._extender: Extender | None = None
        self._stop = threading.Event()
        if queues.engine(self.options) == "sqs":
            self._extender = Extender(queues.sqs(self.options), self.options.visibility_seconds)

    def open(self) -> None:
        """Begin to count and to answer about health, once the working processes are forked.

        What a killed worker left is removed now: strangers' files should not lie there until the next job.
        """
        sweep_scratch()
        self.letters.read_into(self.metrics)
        if self.options.listen_port:
            self._server = health.serve(self.options.listen_host, self.options.listen_port, self.pulse, self.metrics)
        if queues.engine(self.options) != "amqp":
            threading.Thread(target=self._watch, name="mmsprep-watch", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._stop.set()
        if self._extender is not None:
            self._extender.close()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def take(self, request: Any) -> None:
        """Note that a job has come."""
        self.pulse.consume()
        self._in_flight.add(id(request))
        self.metrics.in_flight.set(len(self._in_flight))
        receipt, url = _receipt(request)
        if self._extender is not None and receipt:
            self._extender.hold(receipt, url)

    def give(self, request: Any) -> None:
        """Note that a job has gone, whichever way."""
        self._in_flight.discard(id(request))
        self.metrics.in_flight.set(len(self._in_flight))
        if self._extender is not None:
            self._extender.release(_receipt(request)[0])

    def _watch(self) -> None:
        """Look from outside whether something waits although somebody is free: SQS and Redis give no echo."""
        while not self._stop.wait(WATCH_SECONDS):
            try:
                free = len(self._in_flight) < (self.app.conf.worker_concurrency or 1)
                if not (free and self._waiting()):
                    self.pulse.consume()
            except Exception as error:  # it does not answer: no sign, which is the sign
                log.warning("the queue cannot be looked at: %s", type(error).__name__)

    def _waiting(self) -> bool:
        name = queues.Names.of(self.options).jobs
        with self.app.connection_for_read() as connection:
            return bool(connection.default_channel._size(name))


def _receipt(request: Any) -> tuple[str, str]:
    found = request.message.delivery_info or {}
    return (found.get("sqs_message") or {}).get("ReceiptHandle", ""), found.get("sqs_queue", "")


def make_app(settings: Settings) -> Celery:
    """Make the Celery app of a worker; raises Misconfigured, and Unavailable ``queue`` where SQS has no queues."""
    from celery import bootsteps, signals

    _check(settings)
    app = submit.client(settings.worker)
    office = app.office = Office(settings, app)

    class Open(bootsteps.StartStopStep):  # type: ignore[misc]
        """Open the office once the working processes are there."""

        requires = ("celery.worker.components:Pool",)

        def start(self, _: Any) -> None:
            office.open()

        def stop(self, _: Any) -> None:
            office.close()

    app.steps["worker"].add(Open)
    app.steps["consumer"].update({Uploads, Echo})
    app.task(name=submit.TASK, bind=True, Request=_request_class(office))(_prepare)
    signals.worker_process_shutdown.connect(lambda **_: _leave(office), weak=False)
    return app


def _check(settings: Settings) -> None:
    """Raise Misconfigured at the start for what would otherwise fail with the first event."""
    if not settings.source_buckets:
        log.warning("no source_buckets are set, so jobs cannot name objects of any bucket")
    if settings.store is None:
        raise Misconfigured("a worker needs a store; set store to s3://bucket/prefix or a folder")


def _prepare(task: Any, document: Any) -> None:
    """Do one job; when not even the broker can be told of it, let the broker give it again."""
    from celery.exceptions import Reject

    from mmsprep.errors import Unavailable

    told = getattr(task.request, submit.HEADER, None)
    try:
        task.app.office.desk.work(document, told if isinstance(told, dict) else {})
    except Unavailable as error:
        time.sleep(1)  # the broker is away: asking it faster does not bring it back
        raise Reject(error.message, requeue=True) from None


def _request_class(office: Office) -> type:
    """Make the class of Celery's that stands for a job in the leading process, telling when one comes and goes."""
    from billiard.exceptions import WorkerLostError
    from celery.worker.request import Request

    class Watched(Request):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            office.take(self)

        def acknowledge(self) -> None:
            office.give(self)
            super().acknowledge()

        def reject(self, requeue: bool = False) -> None:
            office.give(self)
            super().reject(requeue=requeue)

        def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
            error = exc_info.exception
            # billiard wraps what happened when it has a traceback to carry with it.
            if isinstance(getattr(error, "exc", error), WorkerLostError):
                office.metrics.lost.inc()
                log.error("a process died with its job", extra={"job": self.id})
            return super().on_failure(exc_info, send_failed_event, return_ok)

    return Watched


def _leave(office: Office) -> None:
    """End the helper and remove its folder: a working process ends without its own handlers for that."""
    office.desk.close()
    remove_scratch()
