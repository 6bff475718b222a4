"""What the leading process does beside handing out jobs: it reads upload events, and listens for its own echo."""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from typing import Any

from celery import bootsteps
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu import Consumer as Receiver
from kombu import Queue

from mmsprep.errors import Unavailable
from mmsprep.stores.s3.download import not_allowed
from mmsprep.worker import events, queues, results, submit
from mmsprep.worker.queues import Names

log = logging.getLogger("mmsprep.worker")

ECHO_SECONDS = 5.0
EVENTS_AT_ONCE = 10


class Consumer(CeleryConsumer):  # type: ignore[misc]  # Celery has no types
    """Celery's own consumer without its queues for delayed tasks: ours wait in queues of ours."""

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[misc]
        default_steps = tuple(
            step for step in CeleryConsumer.Blueprint.default_steps if "delayed_delivery" not in str(step)
        )


class Uploads(bootsteps.ConsumerStep):  # type: ignore[misc]
    """Read upload events and put a job for each object into the queue; then, and not before, acknowledge."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, c: Any) -> None:
        """Begin to listen, on a channel of its own, so that events do not take the places of jobs."""
        self._office = c.app.office
        channel = c.connection.channel()
        queue = queues.uploads(self._office.options)
        receiver = Receiver(channel, queues=[queue], on_message=self._read, accept=None)
        receiver.qos(prefetch_count=EVENTS_AT_ONCE)
        receiver.consume()
        self.consumers = [receiver]

    def _read(self, message: Any) -> None:
        office = self._office
        office.pulse.consume()
        body = bytes(message.body) if isinstance(message.body, memoryview) else message.body
        try:
            jobs = events.jobs_in(body, office.settings)
            allowed = set(office.settings.source_buckets)
            for job in jobs:
                if foreign := {each.bucket for each in job.sources if hasattr(each, "bucket")} - allowed:
                    raise events.BadEvent(not_allowed(", ".join(sorted(foreign))))
                submit.submit(office.app, office.options, job)
        except events.BadEvent as error:
            log.error("upload event refused", extra={"reason": "bad-event", "why": str(error)})
            office.metrics.events.labels("refused").inc()
            self._bury(message, body)
            return
        except Unavailable as error:
            log.warning("upload event put back", extra={"reason": error.reason, "why": error.message})
            message.requeue()
            return
        office.metrics.events.labels("read" if jobs else "ignored").inc()
        message.ack()

    def _bury(self, message: Any, body: Any) -> None:
        """Let RabbitMQ make it a dead letter; SQS would do so only after it was refused some times more."""
        office = self._office
        office.metrics.dead.labels("bad-event").inc()
        if queues.engine(office.options) == "amqp":
            message.reject()
            return
        raw = body if isinstance(body, bytes) else str(body).encode()
        try:
            dead = queues.dead(office.options)
            told = {"reason": "bad-event"}
            results.put(office.app, office.options, dead, Names.of(office.options).dead, raw, headers=told)
            message.ack()
        except Unavailable:
            message.requeue()


class Echo(bootsteps.ConsumerStep):  # type: ignore[misc]
    """Send a message through RabbitMQ to ourselves every few seconds: only what comes back shows that we consume."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, c: Any) -> None:
        """Make a queue that ends with the connection, and begin to call."""
        self._office = c.app.office
        pulse = self._office.pulse
        self._timers = [c.timer.call_repeatedly(1.0, pulse.turn)]
        if queues.engine(self._office.options) != "amqp":
            return
        name = f"{self._office.options.queue}-echo-{uuid.uuid4().hex[:12]}"
        queue = Queue(name, exchange="", routing_key=name, exclusive=True, durable=False, auto_delete=True)
        receiver = Receiver(c.connection.channel(), queues=[queue], on_message=lambda _: pulse.consume(), no_ack=True)
        receiver.consume()
        self.consumers = [receiver]
        self._call(name)
        self._timers.append(c.timer.call_repeatedly(ECHO_SECONDS, self._call, (name,)))

    def stop(self, c: Any) -> None:
        """End the calls with the connection: the next one makes a queue of its own."""
        for timer in getattr(self, "_timers", []):
            timer.cancel()
        c.app.office.pulse.lose()
        super().stop(c)

    def _call(self, name: str) -> None:
        # A call that fails is a call that does not come back.
        with suppress(Exception), self._office.app.producer_or_acquire() as producer:
            producer.publish({"at": time.time()}, exchange="", routing_key=name, expiration=30, retry=False)
