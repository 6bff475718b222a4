"""Make a bucket fit to keep people's media for a while: ``mmsprep store init``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured
from mmsprep.stores import Step
from mmsprep.stores.s3.faults import ANSWERS, code_of, status_of, telling

if TYPE_CHECKING:
    from mmsprep.stores.s3 import S3Store

# Of a server that has no such thing; rclone's takes every PUT to a bucket for making it.
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "BucketAlreadyExists"}
NOTHING = {
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchCORSConfiguration",
}


def init(store: S3Store, *, public: bool) -> Iterator[Step]:
    """Make the bucket if there is none and set what is ours in it, telling each step.

    In a bucket that was there before, others' rules stay as they are. Raises Unavailable ``store``.
    """
    if public and store.options.encryption == "aws:kms":
        # Amazon S3 user guide, Using server-side encryption with KMS keys: every request must be signed.
        raise Misconfigured("nobody can read without credentials what KMS encrypts; set s3.encryption to AES256")
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
    found = _asked(lambda: store.client().get_bucket_lifecycle_configuration(Bucket=store.bucket).get("Rules"))
    others = [rule for rule in found or [] if rule.get("ID") != name]
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
    if not _asked(lambda: store.client().get_bucket_cors(Bucket=store.bucket).get("CORSRules")):
        return "off"
    if not created:
        return "on, by rules that others made; take them off if nobody needs them"
    store.client().delete_bucket_cors(Bucket=store.bucket)
    return "off"


def _publish(store: S3Store, *, public: bool, created: bool) -> str:
    """Allow everybody to read objects below the prefix, and nothing else; or see to it that nobody may."""
    # A statement's name may hold letters and digits only.
    client, name = store.client(), f"mmsprep{hashlib.sha256(store.prefix.encode()).hexdigest()[:12]}"
    if created or public:
        # Where a server does not have it, nothing blocks the policy.
        _try("", lambda: _block(store, public=public))
    found = _policy(store)
    if found is None and not public:
        return "none"
    found = found or {}
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


def _block(store: S3Store, *, public: bool) -> str:
    """Let no policy open more than ours, and no object's own list anything at all.

    ``BlockPublicAcls`` stays as it is: Ceph 16 then refuses every upload, and ignored lists need no blocking.
    """
    client = store.client()
    found = _asked(lambda: client.get_public_access_block(Bucket=store.bucket)["PublicAccessBlockConfiguration"])
    ours = {"IgnorePublicAcls": True, "BlockPublicPolicy": not public, "RestrictPublicBuckets": not public}
    client.put_public_access_block(Bucket=store.bucket, PublicAccessBlockConfiguration={**(found or {}), **ours})
    return ""


def _policy(store: S3Store) -> dict[str, Any] | None:
    """Read the bucket's policy; None where there is none, or the server answers with something else."""
    text = _asked(lambda: store.client().get_bucket_policy(Bucket=store.bucket)["Policy"])
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


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
        refused = status_of(error) in (400, 405, 501) and code_of(error) not in ANSWERS
        if refused or code_of(error) in UNKNOWN:
            return Step(name, False, f"this server cannot ({code_of(error)}){REMEDIES.get(name, '')}")
        raise


REMEDIES = {
    "encryption": "; encrypt its disks",
    "retention": "; run mmsprep store purge --older-than DAYS every day",
    "public read": "; set s3.presign_seconds, or base_url to a server that publishes the bucket",
}
