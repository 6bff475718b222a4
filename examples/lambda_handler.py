"""Prepare what is uploaded to one bucket into another, as an AWS Lambda function behind S3's event notifications.

MMSPREP_STORE=s3://acme-mms/mms, MMSPREP_SOURCE_BUCKETS='["acme-uploads"]', and a role that may use them.
Build the image from the project's Dockerfile with awslambdaric added; 2 GB of memory, a minute, 2 GB of /tmp.
"""

import json
import logging
from typing import Any
from urllib.parse import unquote_plus

from mmsprep import Pipeline, Rejected
from mmsprep.prepared import failure_as_dict

log = logging.getLogger(__name__)

# Made once for each instance, at its cold start; every invocation after that finds the helper warm.
pipeline = Pipeline()


def handler(event: dict[str, Any], context: object) -> list[dict[str, Any]]:
    """Answer with one object per upload. Unavailable is not caught: Lambda tries the event again."""
    return [_prepared(record["s3"]) for record in event["Records"]]


def _prepared(upload: dict[str, Any]) -> dict[str, Any]:
    # S3 spells the key of an event as a form's field, with + for a space.
    source = f"s3://{upload['bucket']['name']}/{unquote_plus(upload['object']['key'])}"
    try:
        told = pipeline.prepare(source).as_dict()
    except Rejected as rejected:
        told = failure_as_dict(source, rejected)
    log.info(json.dumps(told))
    return told
