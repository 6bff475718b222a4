"""Put plain JSON into a queue and be sure that the broker has it: above all what became of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmsprep.errors import Unavailable
from mmsprep.worker import queues
from mmsprep.worker.queues import PUBLISH_POLICY, Names

if TYPE_CHECKING:
    from kombu import Queue

    from mmsprep.settings import WorkerOptions


def publish(app: Any, options: WorkerOptions, job: str, answer: bytes, *, seconds: float) -> None:
    """Put an answer into the results queue, as plain JSON; raises Unavailable ``queue`` unless the broker has it.

    How long it took travels beside it, as a header: the answer itself is the same however often it is given.
    """
    if options.publish:
        told = {"seconds": round(seconds, 3)}
        put(app, options, queues.results(options), Names.of(options).results, answer, job=job, headers=told)


def put(
    app: Any,
    options: WorkerOptions,
    queue: Queue,
    name: str,
    body: bytes,
    *,
    job: str = "",
    headers: dict[str, Any] | None = None,
) -> None:
    """Put plain JSON into a queue, confirmed; raises Unavailable ``queue``."""
    try:
        if queues.engine(options) == "sqs":
            _send(app, options, name, body, headers or {})
            return
        with app.producer_or_acquire() as producer:
            producer.publish(
                body,
                exchange="",
                routing_key=name,
                declare=[queue],
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=job,
                headers=headers or {},
                retry=True,
                retry_policy=PUBLISH_POLICY,
            )
    except Exception as error:  # every transport has errors of its own
        raise unavailable(error) from error


def _send(app: Any, options: WorkerOptions, name: str, body: bytes, headers: dict[str, Any]) -> None:
    attributes = {key: {"DataType": "String", "StringValue": str(value)} for key, value in headers.items()}
    url = app.conf.broker_transport_options["predefined_queues"][name]["url"]
    queues.sqs(options).send_message(QueueUrl=url, MessageBody=body.decode(), MessageAttributes=attributes)


def unavailable(error: Exception) -> Unavailable:
    """Say that the broker did not take a message; its URL, which has a password in it, is not repeated."""
    if type(error).__name__ == "PreconditionFailed":
        told = "delete it when it is empty, or choose another worker.queue"
        return Unavailable("queue", f"a queue of that name is there with other settings ({error}); {told}")
    return Unavailable(
        "queue",
        f"the broker does not answer, or refuses ({type(error).__name__}); check that it runs, and worker.broker",
    )
