"""Answers: what became of a job, as the JSON that every front door gives, with what the job wants back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mmsprep.errors import PrepError
from mmsprep.prepared import Prepared, failure_as_dict
from mmsprep.worker.messages import Job


def ready(job: Job, prepared: Sequence[Prepared], captions: Sequence[str]) -> dict[str, Any]:
    """Tell a job that is ready: one source's outcome as it is, several as the one message that they make.

    How long it took is not in it, so that the same job has the same answer, byte by byte, however often it is done.
    """
    told = [each.as_dict() for each in prepared]
    answer = told[0]
    if len(told) > 1:
        answer |= {name: [item for each in told for item in each[name]] for name in ("media", "text", "warnings")}
        answer["steps"] = list(dict.fromkeys(step for each in told for step in each["steps"]))
        answer["source"] = " ".join(each["source"] for each in told)
        # A message of several parts is of this type on the air too (OMA MMS Encapsulation, 1.3).
        total = sum(each.original.bytes for each in prepared)
        answer["original"] = {"type": "multipart/mixed", "bytes": total}
    del answer["seconds"]
    return answer | _asked(job) | {"captions": list(captions)}


def failed(job: Job, error: PrepError) -> dict[str, Any]:
    """Tell a job that cannot be sent, or that was given up."""
    source = " ".join(_named(job))
    return failure_as_dict(source, error) | _asked(job) | {"captions": []}


def written(answer: dict[str, Any]) -> bytes:
    """Write an answer in the one way that the same answer is always written."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _asked(job: Job) -> dict[str, Any]:
    return {"job": job.id, "correlation": dict(sorted(job.correlation.items()))}


def _named(job: Job) -> list[str]:
    """Name a job's sources without opening them: one of them may be what is wrong."""
    names = []
    for source in job.sources:
        told = source.model_dump()
        if "key" in told:
            names.append(f"s3://{told['bucket']}/{told['key']}")
        else:
            names.append("<contact>" if "contact" in told else str(told["place"]))
    return names
