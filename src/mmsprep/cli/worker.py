"""``worker``, ``enqueue`` and ``dead-letters``: behind an upload queue."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsprep.cli import common
from mmsprep.errors import Misconfigured

if TYPE_CHECKING:
    from mmsprep.worker.messages import Job

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", "-c", metavar="N", min=1, help="Jobs at a time; one per core if not given."),
]


def worker(
    concurrency: Concurrency = None,
    level: Annotated[str, typer.Option("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING …")] = "INFO",
    init: Annotated[bool, typer.Option("--init", help="Make the queues and end.")] = False,
    ready: Annotated[bool, typer.Option("--ready", help="Ask the worker on this machine whether it is ready.")] = False,
) -> None:
    """Prepare what comes through a queue, until told to end.

    Exit status: 0 after SIGTERM, once what was begun is done; 2 wrong settings; 3 no broker, or with --ready not ready.
    """
    _needs_extra()
    settings = common.settings()
    if ready:
        raise typer.Exit(_ask(settings.worker.listen_host, settings.worker.listen_port))
    if concurrency is not None:
        settings = settings.model_copy(update={"worker": replace(settings.worker, concurrency=concurrency)})
    from mmsprep.worker import run

    with common.told():
        if init:
            run.make_queues(settings)
            typer.echo(f"the queues {settings.worker.queue}-… are there")
            return
        raise typer.Exit(run.run(settings, level=level.upper()))


def enqueue(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE", help="s3://bucket/key, a place, or - for jobs as JSON, one a line.")
    ],
    profile: common.ProfileName = None,
    captions: common.Captions = None,
    destination: Annotated[
        str | None, typer.Option(metavar="NAME", help="One of worker.destinations, instead of the store.")
    ] = None,
    correlation: Annotated[
        list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="Comes back with the answer.")
    ] = None,
    stage_options: common.StageOptions = None,
    together: Annotated[
        bool, typer.Option("--together", help="Put all sources into one message, with one answer.")
    ] = False,
    wait: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="Print the answers; give up when none comes for so long."),
    ] = None,
    event: Annotated[
        bool, typer.Option("--event", help="With -: standard input is an S3 server's upload event.")
    ] = False,
) -> None:
    """Put jobs into the queue; print their ids or answers.

    Exit status: 0; with --wait 1 something rejected, 3 something unavailable or not answered.
    """
    _needs_extra()
    from mmsprep.worker import collect, enqueue, enqueue_event

    settings = common.settings()
    with common.told():
        if event:
            enqueue_event(sys.stdin.buffer.read(), settings)
            return
        asked = {
            "profile": profile,
            "destination": destination,
            "options": common.options(stage_options),
            "correlation": common.pairs(correlation, "a tag"),
        }
        ids = enqueue(_jobs(sources, captions or [], asked, together=together), settings)
        if wait is None:
            typer.echo("\n".join(ids))
            return
        worst = common.Exit.READY
        for answer in collect(ids, settings, idle_seconds=wait):
            typer.echo(json.dumps(answer))
            ended = {"rejected": common.Exit.REJECTED, "unavailable": common.Exit.UNAVAILABLE}
            worst = max(worst, ended.get(answer["status"], common.Exit.READY))
        raise typer.Exit(worst)


def dead_letters(
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Put each job back into the queue to be tried again.")
    ] = False,
    erase: Annotated[bool, typer.Option("--erase", help="Erase each letter.")] = False,
    job: Annotated[str | None, typer.Option("--job", metavar="ID", help="Only this one.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """List what workers could not do, put it back, or erase it.

    Exit status: 0, 2 wrong usage, 3 no broker.
    """
    _needs_extra()
    from mmsprep.show import escaped
    from mmsprep.worker.dead import listed

    if requeue and erase:
        raise Misconfigured("put them back or erase them; not both")
    count = 0
    with common.told():
        for letter in listed(common.settings(), requeue=requeue, erase=erase, job=job):
            count += 1
            if as_json:
                typer.echo(json.dumps(letter.as_dict()))
            else:
                named = letter.job.id if letter.job else "(no job)"
                typer.echo(f"{named}  {letter.reason}  {escaped(letter.message)}".rstrip())
    done = ", put back" if requeue else ", erased" if erase else ""
    typer.echo(f"{count} dead letter{'' if count == 1 else 's'}{done}", err=True)


def _jobs(sources: list[str], captions: list[str], asked: dict[str, Any], *, together: bool) -> Iterator[Job]:
    """Make the jobs that the command line asks for, each checked as a worker would."""
    from mmsprep.worker import BadJob, Job

    try:
        if sources == ["-"]:
            yield from (Job.read(line) for line in sys.stdin.buffer if line.strip())
            return
        read = [_source(each) for each in sources]
        if captions and len(captions) != len(read):
            raise Misconfigured(f"captions: {len(captions)}, sources: {len(read)}; give one each, or none")
        for index in range(1 if together else len(read)):
            part = slice(None) if together else slice(index, index + 1)
            told = {name: value for name, value in asked.items() if value}
            yield Job.read(json.dumps({"sources": read[part], "captions": captions[part], **told}))
    except BadJob as error:
        raise Misconfigured(str(error)) from None


def _source(given: str) -> dict[str, str]:
    from mmsprep import place
    from mmsprep.stores.s3.url import divided

    if given.startswith("s3://"):
        bucket, key = divided(given)
        return {"bucket": bucket, "key": key}
    if place.looks_like_place(given):
        return {"place": given}
    raise Misconfigured(f"{given}: a worker sees no files of this machine; upload it, and give s3://bucket/key")


def _ask(host: str, port: int) -> common.Exit:
    """Ask a worker whether it consumes, for a container without any other program."""
    from http.client import HTTPConnection, HTTPException

    try:
        connection = HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104  compared
        connection.request("GET", "/ready")
        status = connection.getresponse().status
    except (OSError, HTTPException):
        status = 0
    typer.echo("ready" if status == 200 else "not ready" if status else "no worker answers", err=True)
    return common.Exit.READY if status == 200 else common.Exit.UNAVAILABLE


def _needs_extra() -> None:
    if find_spec("celery") is None or find_spec("structlog") is None or find_spec("prometheus_client") is None:
        raise Misconfigured("the queue needs more; pip install 'mmsprep[worker]'")
