"""How an S3 store is reached and what it promises: the table ``s3`` of the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

WEEK_SECONDS = 604_800
"""The longest that AWS Signature Version 4 lets a presigned URL live (Amazon S3 API, Signature Calculations)."""


def _server(endpoint: str) -> str | None:
    """Give *endpoint* back when it names a server and nothing more; raises ValueError, which does not repeat it."""
    if not endpoint:
        return None
    # A user name or password in it would end up in messages.
    if not re.fullmatch(r"https?://[^@\s/?#]+/?", endpoint):
        raise ValueError("it is http:// or https://, a host and perhaps a port, such as https://s3.example.com")
    return endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """Name the server and say how objects are kept there. Credentials stay in boto3's own chain."""

    endpoint: Annotated[str, AfterValidator(_server)] | None = None
    """Of any S3-compatible server; AWS without it."""
    region: str | None = None
    addressing: Literal["auto", "path", "virtual"] = "auto"
    """Whether the bucket stands in the path or in the host's name."""
    checksums: Literal["auto", "when_supported", "when_required"] = "auto"
    """Whether requests carry CRC trailers, which older servers refuse: ``auto`` sends them to AWS alone."""
    encryption: Literal["AES256", "aws:kms"] | None = None
    """Asked for with each object; without it the bucket decides."""
    kms_key: str | None = None
    presign_seconds: Annotated[int, Field(ge=60, le=WEEK_SECONDS)] | None = None
    """Give URLs that end after so long instead of public ones."""
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    """Days until an object is erased, a century at most; 0 keeps it. Sent again in the second half, it starts anew."""
    show_names: bool = False
    """Whether the sender's own file name may stand in Content-Disposition."""
