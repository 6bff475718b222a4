"""The queues: what they are called, what the broker promises for each, how Celery is to use them."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import WorkerOptions

if TYPE_CHECKING:
    from kombu import Queue

Engine = Literal["amqp", "sqs", "redis"]
ENGINES: dict[str, Engine] = {"amqp": "amqp", "amqps": "amqp", "sqs": "sqs", "redis": "redis", "rediss": "redis"}

RESULTS_KEPT_SECONDS = 4 * 86_400
"""As SQS does by default; the answer stays in the store. Without an end, results that nobody reads fill the disk."""

FOR_EVER = 1_000_000_000
"""Deliveries of a dead letter: RabbitMQ 4 drops a message after 20 if nothing is said, and listing is a delivery."""

# A broker that starts anew is back within two minutes.
PUBLISH_POLICY = {"max_retries": 30, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 5}

LONGEST_PAUSE_SECONDS = 900
"""Of a message in SQS (DelaySeconds)."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the queues are called."""

    jobs: str
    uploads: str
    results: str
    dead: str

    @classmethod
    def of(cls, options: WorkerOptions) -> Names:
        """Put the chosen name in front of each."""
        return cls(*(f"{options.queue}-{each}" for each in ("jobs", "uploads", "results", "dead")))


def engine(options: WorkerOptions) -> Engine:
    """Tell which broker is meant; raises Misconfigured."""
    scheme = urlsplit(options.broker.get_secret_value()).scheme
    if scheme not in ENGINES:
        raise Misconfigured(f"worker.broker is no URL of a broker; it begins with one of {', '.join(ENGINES)}")
    return ENGINES[scheme]


def jobs(options: WorkerOptions) -> Queue:
    """Where jobs wait: given again when a worker dies, and a dead letter when it dies of them too often."""
    names = Names.of(options)
    return _quorum(names.jobs, options, {"x-delivery-limit": options.deliveries - 1}, dead=names.dead)


def uploads(options: WorkerOptions) -> Queue:
    """Where servers of S3 tell what was uploaded."""
    names = Names.of(options)
    return _quorum(names.uploads, options, {"x-delivery-limit": options.deliveries - 1}, dead=names.dead)


def results(options: WorkerOptions) -> Queue:
    """Where answers wait for whoever reads them."""
    return _quorum(Names.of(options).results, options, {"x-message-ttl": RESULTS_KEPT_SECONDS * 1000})


def dead(options: WorkerOptions) -> Queue:
    """Where what could not be done waits for a person."""
    return _quorum(Names.of(options).dead, options, {"x-delivery-limit": FOR_EVER})


def pauses(options: WorkerOptions) -> list[Queue]:
    """Where jobs wait before another try, a queue per length: RabbitMQ lets messages go from the head alone."""
    names = Names.of(options)
    tries = range(1, options.tries)
    return [_quorum(f"{options.queue}-pause-{each}", options, {}, dead=names.jobs) for each in tries]


def _quorum(name: str, options: WorkerOptions, arguments: dict[str, int], *, dead: str | None = None) -> Queue:
    """Make a queue that survives its node, and that loses nothing on the way to *dead*.

    RabbitMQ manual, Quorum Queues: dead-lettering is at least once only where overflow is ``reject-publish``.
    """
    from kombu import Queue

    if engine(options) != "amqp":
        return Queue(name, routing_key=name)
    asked: dict[str, Any] = {"x-queue-type": "quorum", **arguments}
    if dead is not None:
        asked |= {
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
    return Queue(name, exchange="", routing_key=name, queue_arguments=asked)


def celery_settings(options: WorkerOptions) -> dict[str, Any]:
    """Give what makes Celery lose nothing: late acknowledgements, one job per process, no clock of its own."""
    chosen: dict[str, Any] = {
        "broker_url": options.broker.get_secret_value(),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport(options),
        "task_queues": [jobs(options)],
        "task_default_queue": Names.of(options).jobs,
        "task_default_exchange": "",
        "task_default_routing_key": Names.of(options).jobs,
        "task_create_missing_queues": False,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure": False,
        "task_acks_on_timeout": False,
        "task_soft_time_limit": options.job_seconds,
        # For what does not hear the first: the process is killed and the job given again.
        "task_time_limit": options.job_seconds + 30,
        "task_publish_retry_policy": dict(PUBLISH_POLICY),
        "worker_consumer": "mmsprep.worker.consumer:Consumer",
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "accept_content": ["json"],
        "task_serializer": "json",
    }
    if options.concurrency:
        chosen["worker_concurrency"] = options.concurrency
    if engine(options) == "sqs" and options.sqs_endpoint:
        # kombu takes the address from the URL of the broker.
        chosen["broker_url"] = f"sqs://{urlsplit(options.sqs_endpoint).netloc}"
    return chosen


def _transport(options: WorkerOptions) -> dict[str, Any]:
    match engine(options):
        case "amqp":
            return {"confirm_publish": True, "confirm_timeout": 30.0, "client_properties": {"product": "mmsprep"}}
        case "redis":
            return {"visibility_timeout": options.job_seconds + 60}
    urls = queue_urls(options)
    region: dict[str, Any] = {"region": options.sqs_region} if options.sqs_region else {}
    return region | {
        "predefined_queues": {name: {"url": url, **region} for name, url in urls.items()},
        "visibility_timeout": options.visibility_seconds,
        "is_secure": not (options.sqs_endpoint or "").startswith("http://"),
        "wait_time_seconds": 10,
        "polling_interval": 0.1,
    }


@functools.cache
def sqs_client(endpoint: str | None, region: str | None) -> Any:
    """Make boto3's client for SQS; boto3's clients may be shared among threads."""
    import boto3
    from botocore.config import Config

    from mmsprep.stores.s3.client import ATTEMPTS, CONNECT_SECONDS

    bounds = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=25,  # a question that waits for messages does so for 20 s at most
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return boto3.client("sqs", endpoint_url=endpoint, region_name=region, config=bounds)


def sqs(options: WorkerOptions) -> Any:
    """Give the client for the settings' server."""
    return sqs_client(options.sqs_endpoint, options.sqs_region)


def queue_urls(options: WorkerOptions) -> dict[str, str]:
    """Look up where the queues are in SQS; raises Unavailable ``queue``."""
    from botocore.exceptions import BotoCoreError, ClientError

    names = Names.of(options)
    try:
        found = {each: sqs(options).get_queue_url(QueueName=each)["QueueUrl"] for each in _each(names)}
    except (ClientError, BotoCoreError) as error:
        told = "make the queues (mmsprep worker --init), or check the credentials and worker.sqs_region"
        raise Unavailable("queue", f"SQS has no queues {names.jobs} …, or not for us ({error}); {told}") from None
    return found


def make_sqs_queues(options: WorkerOptions) -> None:
    """Make the queues in SQS where they are not there; the dead letters are kept as long as SQS can, 14 days."""
    from botocore.exceptions import BotoCoreError, ClientError

    names, client = Names.of(options), sqs(options)
    try:
        kept = {"MessageRetentionPeriod": str(14 * 86_400)}
        url = client.create_queue(QueueName=names.dead, Attributes=kept)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": str(options.deliveries)}
        watched = {
            "VisibilityTimeout": str(options.visibility_seconds),
            "RedrivePolicy": json.dumps(redrive),
            "ReceiveMessageWaitTimeSeconds": "10",
        }
        client.create_queue(QueueName=names.jobs, Attributes=watched | kept)
        client.create_queue(QueueName=names.uploads, Attributes=watched | kept)
        results = {"MessageRetentionPeriod": str(RESULTS_KEPT_SECONDS)}
        client.create_queue(QueueName=names.results, Attributes=results)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable("queue", f"the queues cannot be made in SQS: {error}; ask who owns the account") from None


def _each(names: Names) -> tuple[str, str, str, str]:
    return names.jobs, names.uploads, names.results, names.dead
