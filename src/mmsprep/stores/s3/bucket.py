"""Make a bucket fit to keep people's media for a while: ``mmsprep store init``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mmsprep.stores import Step
from mmsprep.stores.s3.faults import code_of, status_of, telling

if TYPE_CHECKING:
    from mmsprep.stores.s3 import S3Store

# Of a server that has no such thing; AWS has all of them.
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "XNotImplemented"}
NOTHING = {"NoSuchBucketPolicy", "NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration"}


def init(store: S3Store, *, public: bool) -> Iterator[Step]:
    """Make the bucket if there is none and set what is ours in it, telling each step.

    In a bucket that was there before, others' rules stay as they are. Raises Unavailable ``store``.
    """
    with telling(store.where, needs="s3:CreateBucket"):
        created = _create(store)
    yield Step("bucket", True, "made" if created else "was there")
    steps: dict[str, Callable[[], str]] = {
        "encryption": lambda: _encrypt(store, created=created),
        "retention": lambda: _expire(store),
        "CORS": lambda: _no_cors(store, created=created),
        "public read": lambda: _publish(store, public=public, created=created),
    }
    for name, act in steps.items():
        with telling(store.where, needs=f"to set the bucket's {name}"):
            step = _try(name, act)
        yield step


def _create(store: S3Store) -> bool:
    from botocore.exceptions import ClientError

    client = store.client()
    try:
        client.head_bucket(Bucket=store.bucket)
    except ClientError as error:
        if status_of(error) != 404:
            client.get_bucket_location(Bucket=store.bucket)  # HEAD has no body to say why; this does
            return False
    else:
        return False
    region = client.meta.region_name
    # us-east-1 must not be named (Amazon S3 API, CreateBucket); other servers know only their own.
    elsewhere = not store.options.endpoint and region not in (None, "us-east-1", "aws-global")
    location = {"CreateBucketConfiguration": {"LocationConstraint": region}} if elsewhere else {}
    client.create_bucket(Bucket=store.bucket, **location)
    return True


def _encrypt(store: S3Store, *, created: bool) -> str:
    if not created and not store.options.encryption:
        return "left as it was; s3.encryption sets it"
    rule: dict[str, Any] = {"SSEAlgorithm": store.options.encryption or "AES256"}
    if store.options.kms_key:
        rule["KMSMasterKeyID"] = store.options.kms_key
    store.client().put_bucket_encryption(
        Bucket=store.bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    return f"{rule['SSEAlgorithm']} by default"


def _expire(store: S3Store) -> str:
    """Let the server erase what is old, and forget what was left of broken uploads and old versions."""
    name, days = f"mmsprep {store.prefix}".strip(), store.options.retention_days
    found = _asked(lambda: store.client().get_bucket_lifecycle_configuration(Bucket=store.bucket)) or {}
    others = [rule for rule in found.get("Rules", []) if rule.get("ID") != name]
    ours: dict[str, Any] = {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": store.prefix},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    rules = [*others, ours] if days else others
    if rules:
        store.client().put_bucket_lifecycle_configuration(Bucket=store.bucket, LifecycleConfiguration={"Rules": rules})
    elif found:
        store.client().delete_bucket_lifecycle(Bucket=store.bucket)
    return f"erased after {days} days" if days else "kept for ever"


def _no_cors(store: S3Store, *, created: bool) -> str:
    """Let no web page read what it shows: providers do not ask for it."""
    if _asked(lambda: store.client().get_bucket_cors(Bucket=store.bucket)) is None:
        return "off"
    if not created:
        return "on, by rules that others made; take them off if nobody needs them"
    store.client().delete_bucket_cors(Bucket=store.bucket)
    return "off"


def _publish(store: S3Store, *, public: bool, created: bool) -> str:
    """Allow everybody to read objects below the prefix, and nothing else; or see to it that nobody may."""
    client, name = store.client(), f"mmsprep{''.join(each for each in store.prefix if each.isalnum())}"
    if created or public:
        # Where a server does not have it, nothing blocks the policy.
        blocked = dict.fromkeys(("BlockPublicPolicy", "RestrictPublicBuckets"), not public)
        acls = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls"), True)
        _try("", lambda: _blocked(store, {**blocked, **acls}))
    found = _asked(lambda: json.loads(client.get_bucket_policy(Bucket=store.bucket)["Policy"])) or {}
    others = [each for each in found.get("Statement", []) if each.get("Sid") != name]
    ours = {
        "Sid": name,
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{store.bucket}/{store.prefix}*"],
    }
    statements = [*others, ours] if public else others
    if statements:
        policy = {"Version": "2012-10-17", **found, "Statement": statements}
        client.put_bucket_policy(Bucket=store.bucket, Policy=json.dumps(policy))
    elif found:
        client.delete_bucket_policy(Bucket=store.bucket)
    return f"of s3://{store.bucket}/{store.prefix}*" if public else "none; --public allows it"


def _blocked(store: S3Store, configuration: dict[str, bool]) -> str:
    store.client().put_public_access_block(Bucket=store.bucket, PublicAccessBlockConfiguration=configuration)
    return ""


def _asked(ask: Callable[[], Any]) -> Any:
    """Give what is configured, or None for nothing."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if code_of(error) in NOTHING:
            return None
        raise


def _try(name: str, act: Callable[[], str]) -> Step:
    """Do one step; a server that does not have such a thing is told, not an error."""
    from botocore.exceptions import ClientError

    try:
        return Step(name, True, act())
    except ClientError as error:
        if code_of(error) in UNKNOWN or status_of(error) in (405, 501):
            return Step(name, False, f"this server does not have it{REMEDIES.get(name, '')}")
        raise


REMEDIES = {
    "encryption": "; encrypt its disks",
    "retention": "; run mmsprep store purge --older-than DAYS every day",
    "public read": "; set s3.presign_seconds, or base_url to a server that publishes the bucket",
}
