"""What went wrong at an S3 server, told by who must act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.stores.s3.client import ATTEMPTS, silence

_REGION = "the bucket is in another region; set s3.region to its own"
_ENDED = "your credentials were refused: the session has ended; renew it"
_FULL = "the bucket is full; its owner must free space or raise the quota"
_NO_KEY = "your credentials were refused: the server does not know this access key; give another"

# Amazon S3 API, Error responses; and what Ceph, MinIO and others say instead.
ANSWERS = {
    "InvalidAccessKeyId": _NO_KEY,
    "InvalidClientTokenId": _NO_KEY,
    "UnrecognizedClientException": _NO_KEY,
    "SignatureDoesNotMatch": "your credentials were refused: the secret does not belong to this access key; check both",
    "InvalidToken": "your credentials were refused: the session token is not valid; renew the session",
    "ExpiredToken": _ENDED,
    "TokenRefreshRequired": _ENDED,
    "RequestTimeTooSkewed": "this machine's clock is wrong, so no signature holds; set the clock",
    "NoSuchBucket": "there is no such bucket; check its name, or make it: mmsprep store init",
    "BucketAlreadyExists": "a bucket of this name is somebody else's; choose another name",
    "PermanentRedirect": _REGION,
    "301": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "QuotaExceeded": _FULL,
    "InsufficientStorage": _FULL,
    "StorageFull": _FULL,
    "XMinioStorageFull": _FULL,
    "507": _FULL,
    "NotImplemented": "the server cannot do this; ask for less in the settings' table s3, such as no encryption",
}

# By the name of botocore's exception or one of its bases, the special before the general.
NO_ANSWERS = {
    "NoCredentialsError": "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
    "or give this machine a role",
    "PartialCredentialsError": "half of the credentials is missing; set both AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY",
    **dict.fromkeys(
        (
            "CredentialRetrievalError",
            "TokenRetrievalError",
            "SSOError",
            "ProfileNotFound",
            "ConfigParseError",
            "MetadataRetrievalError",
        ),
        "your credentials could not be read ({name}); renew the session, or fix the AWS profile",
    ),
    "NoRegionError": "no region is known; set s3.region",
    "SSLError": "no TLS connection that can be trusted; its operator must renew the certificate, or "
    "name who signed it in AWS_CA_BUNDLE",
    **dict.fromkeys(
        ("ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"),
        f"the server cannot be reached, tried {ATTEMPTS} times; check the network and s3.endpoint",
    ),
    **dict.fromkeys(
        ("HTTPClientError", "IncompleteReadError"),
        f"the server did not answer, or not whole, tried {ATTEMPTS} times; check the network, or try again later",
    ),
}


@contextmanager
def telling(where: str, *, needs: str = "s3:PutObject and s3:GetObject") -> Iterator[None]:
    """Turn what boto3 raises about *where* into Unavailable ``store``, and let its logs tell no secret meanwhile.

    *needs* names the permissions that the bucket's owner would have to give. What boto3 raised is not chained: it
    carries the request, signed.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    with silence():
        try:
            yield
        except ClientError as error:
            raise Unavailable("store", f"{where}: {_answer(error, needs)}") from None
        except ParamValidationError:
            raise Misconfigured(f"{where} is no name that a bucket or object can have") from None
        except (BotoCoreError, Boto3Error) as error:
            raise Unavailable("store", f"{where}: {_no_answer(error)}") from None


def status_of(error: Any) -> int:
    """Give the HTTP status that a ClientError came with."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: Any) -> str:
    """Give the S3 error code that a ClientError came with, or the status where the answer had no body.

    It ends up on terminals and in logs, and anything may call itself a server: nothing but a word of some length.
    """
    return re.sub(r"[^A-Za-z0-9._-]", "?", str(error.response.get("Error", {}).get("Code", "")))[:60]


def _answer(error: Any, needs: str) -> str:
    """Say what an error that the server answered means, and who can do something about it."""
    code, status = code_of(error), status_of(error)
    if code in ANSWERS:
        return ANSWERS[code]
    if code.startswith("KMS."):
        return f"the encryption key cannot be used ({code}); its owner must allow it to these credentials"
    if status in (401, 403):
        return f"access denied; the bucket's owner must allow these credentials {needs}"
    if status >= 500 or code in ("SlowDown", "RequestTimeout"):
        return f"the server failed {ATTEMPTS} times, last with {status} {code}; try again later, or ask its operator"
    return f"the server refused this with {status} {code}; ask the bucket's owner"


def _no_answer(error: Exception) -> str:
    """Say what an error that came before any answer means."""
    name = type(error).__name__
    bases = [each.__name__ for each in type(error).__mro__]
    known = next((NO_ANSWERS[each] for each in NO_ANSWERS if each in bases), None)
    return known.format(name=name) if known else f"boto3 cannot make the request ({name}); check the settings' table s3"
