"""``s3://bucket/key``: how an object, or a prefix of a bucket, is named."""

from __future__ import annotations


def divided(url: str) -> tuple[str, str]:
    """Divide an ``s3://`` URL into its bucket and the key or prefix in it, either of which may be empty."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key
