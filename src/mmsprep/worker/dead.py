"""Dead letters: what could not be done, to be looked at by a person, and put back or erased."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.worker import queues, results, submit
from mmsprep.worker.messages import BadJob, Job
from mmsprep.worker.queues import Names

if TYPE_CHECKING:
    from celery import Celery

    from mmsprep.settings import Settings, WorkerOptions

MOST = 10_000
KILLED = "killed-its-worker"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: the job, where it can be read, or else what is there instead; why it is here."""

    job: Job | None
    body: bytes
    reason: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        told: dict[str, Any] = {"reason": self.reason, "message": self.message}
        if self.job is not None:
            return told | {"job": self.job.id, "document": self.job.document()}
        return told | {"job": None, "body": self.body.decode(errors="replace")[:2_000]}


def listed(
    settings: Settings, *, requeue: bool = False, erase: bool = False, job: str | None = None
) -> Iterator[Letter]:
    """Give the dead letters, or that of one *job*; each is put back into its queue, or erased, if that is asked for.

    A letter is taken away only once it is where it goes. What is no job can be erased, but not put back.
    Raises Unavailable ``queue``.
    """
    options = settings.worker
    app = submit.client(options)
    read = {"amqp": _from_amqp, "sqs": _from_sqs}.get(queues.engine(options))
    if read is None:
        raise Misconfigured("dead letters are kept by RabbitMQ and SQS only")
    try:
        for letter, done in read(app, options):
            if job is not None and (letter.job is None or letter.job.id != job):
                continue
            if requeue and letter.job is not None:
                submit.submit(app, options, letter.job)
            if erase or (requeue and letter.job is not None):
                done()
            yield letter
    except Unavailable:
        raise
    except Exception as error:  # every transport has errors of its own
        raise results.unavailable(error) from error


def _from_amqp(app: Celery, options: WorkerOptions) -> Iterator[tuple[Letter, Any]]:
    """Read the whole queue; what is not acknowledged returns to its place when the connection ends."""
    with app.connection_for_read() as connection:
        queue = queues.dead(options).bind(connection.default_channel)
        queue.declare()
        for _ in range(MOST):
            message = queue.get(no_ack=False, accept=["json"])
            if message is None:
                return
            body = bytes(message.body) if not isinstance(message.body, str) else message.body.encode()
            headers = message.headers or {}
            deaths = headers.get("x-death") or [{}]
            yield _letter(body, headers.get(submit.HEADER), str(deaths[0].get("reason", ""))), message.ack


def _from_sqs(app: Celery, options: WorkerOptions) -> Iterator[tuple[Letter, Any]]:
    """Read until nothing new comes; what is not erased comes back after the visibility time-out."""
    client = queues.sqs(options)
    url = app.conf.broker_transport_options["predefined_queues"][Names.of(options).dead]["url"]
    seen: set[str] = set()
    while len(seen) < MOST:
        found = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        ).get("Messages", [])
        fresh = [each for each in found if each["MessageId"] not in seen]
        if not fresh:
            return
        for each in fresh:
            seen.add(each["MessageId"])
            body, headers = _unwrapped(each["Body"])
            told = headers.get(submit.HEADER)
            if told is None and "reason" in each.get("MessageAttributes", {}):
                told = {"reason": each["MessageAttributes"]["reason"]["StringValue"]}

            def erase(receipt: str = each["ReceiptHandle"]) -> None:
                client.delete_message(QueueUrl=url, ReceiptHandle=receipt)

            yield _letter(body, told, "delivery_limit"), erase


def _unwrapped(text: str) -> tuple[bytes, dict[str, Any]]:
    """Take a message out of the envelope that kombu makes for SQS; what has none is given as it is."""
    try:
        raw = text if text.lstrip().startswith("{") else base64.b64decode(text, validate=True).decode()
        envelope = json.loads(raw)
        if "body" not in envelope or "properties" not in envelope:
            return raw.encode(), {}
        body: str = envelope["body"]
        encoded = envelope["properties"].get("body_encoding") == "base64"
        return (base64.b64decode(body) if encoded else body.encode()), envelope.get("headers") or {}
    except (ValueError, TypeError, AttributeError):
        return text.encode(), {}


def _letter(body: bytes, told: Any, death: str) -> Letter:
    """Read a letter: one that we buried says why; any other was given up by the broker."""
    told = told if isinstance(told, dict) else {}
    reason, message = told.get("reason"), told.get("message", "")
    job = None
    try:
        document = json.loads(body)
        # Celery's envelope: arguments, named arguments, and what is to follow.
        job = Job.read(document[0][0] if isinstance(document, list) else document)
    except (BadJob, ValueError, LookupError, TypeError):
        reason = reason or "bad-event"
    if reason is None:
        reason = KILLED if death == "delivery_limit" else death or "unknown"
        message = "the worker died each time that it had this job" if reason == KILLED else message
    return Letter(job, body, str(reason), str(message))
