"""A bucket on any S3-compatible server: where a provider fetches from."""

from __future__ import annotations

import base64
import hashlib
import logging
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.media import Media
from mmsprep.stores import Step
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.stores.s3.faults import code_of, status_of, telling
from mmsprep.stores.s3.url import divided

if TYPE_CHECKING:
    from mmsprep.settings import Settings
    from mmsprep.stores.s3.options import S3Options

log = logging.getLogger(__name__)

# Content never changes under its key, but what was erased must be gone from caches within the day.
CACHE_CONTROL = "public, max-age=86400, immutable"
# Looking, writing, and being overtaken by another writer in between: more than this is not a coincidence.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, as a server is asked to check it."""

    bytes: int
    sha256: str
    md5: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the file once."""
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(1_048_576):
                sha256.update(chunk)
                md5.update(chunk)
            return cls(file.tell(), sha256.hexdigest(), md5.hexdigest())

    def is_in(self, head: dict[str, Any]) -> bool:
        """Tell whether the object that HEAD shows holds this: by our digest, else by its ETag.

        Servers may lose metadata or spell its names otherwise, and an ETag is the MD5 only of what was neither sent
        in parts nor encrypted by KMS (Amazon S3 API, common response headers).
        """
        known = {name.lower(): value for name, value in head.get("Metadata", {}).items()}.get("sha256")
        same = known == self.sha256 if known else head.get("ETag", "").strip('"') == self.md5
        return bool(head.get("ContentLength") == self.bytes and same)


class S3Store:
    """Keep media in *bucket*, under *prefix*. Nothing is asked of the server before the first file."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        options: S3Options,
        *,
        base_url: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.options = options
        self.base_url = base_url
        self.clock = clock
        self.client = ClientOfProcess(options)
        self._conditional = True

    @property
    def where(self) -> str:
        """Name it as the user did, for messages."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, media: Media, key: str) -> str:
        """Upload once: what is there already, whole and by its digest, is not sent again.

        Writers in a race agree: only one creates the object (If-None-Match, where the server honours it), and the
        others find theirs there. An upload whose answer was lost is found the same way.
        """
        content = Content.of(media.path)
        with telling(self.where):
            for _ in range(ROUNDS):
                status, head = self._head(key)
                done = self._accept if status == 200 else self._create
                if done(media, key, content, head):
                    return self._url(key)
        if status == 403:
            needs = "s3:GetObject on it too, to see what is there"
            raise Unavailable("store", f"{self.where}: it may be written but not read; its owner must allow {needs}")
        raise Unavailable("store", f"{self.where}: others keep changing {key}; try again later")

    def init(self, *, public: bool) -> Iterator[Step]:
        """Make the bucket: encrypted, expiring, without CORS, its prefix readable by all only if *public*."""
        from mmsprep.stores.s3 import bucket

        return bucket.init(self, public=public)

    def purge(
        self, *, older_than_days: float | None = None, keys: Collection[str] = (), dry_run: bool = False
    ) -> Iterator[str]:
        """Erase what is older, or has one of *keys*, with all its versions."""
        from mmsprep.stores.s3 import purge

        return purge.purge(self, older_than_days=older_than_days, keys=keys, dry_run=dry_run)

    def _head(self, key: str) -> tuple[int, dict[str, Any]]:
        """Look at what is there: 200, 404, or 403 where that cannot be told. HEAD has no body to say why."""
        from botocore.exceptions import ClientError

        try:
            return 200, self.client().head_object(Bucket=self.bucket, Key=self.prefix + key)
        except ClientError as error:
            # Without s3:ListBucket AWS answers 403 for what is not there; an expired token is 400. Writing will tell.
            if status_of(error) in (400, 403, 404):
                return 404 if status_of(error) == 404 else 403, {}
            raise

    def _create(self, media: Media, key: str, content: Content, _head: dict[str, Any]) -> bool:
        """Upload unless the key is taken meanwhile; tell whether this upload made the object."""
        from botocore.exceptions import ClientError

        condition = {"IfNoneMatch": "*"} if self._conditional else {}
        try:
            with media.path.open("rb") as body:
                self.client().put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + key,
                    Body=body,
                    ContentLength=content.bytes,
                    ContentMD5=base64.b64encode(bytes.fromhex(content.md5)).decode(),
                    **condition,
                    **self._headers(media, key, content),
                )
        except ClientError as error:
            # 412: it is there, perhaps from our own upload, whose answer was lost. 409: somebody is at it.
            if status_of(error) == 412 or code_of(error) in ("ConditionalRequestConflict", "OperationAborted"):
                return False
            if condition and (code_of(error) == "NotImplemented" or status_of(error) == 501):
                self._conditional = False
                return False
            raise
        return True

    def _accept(self, media: Media, key: str, content: Content, head: dict[str, Any]) -> bool:
        """Accept what is there if its content is ours; renew its headers and age where they are wrong.

        Tell whether it was still there: the server may have just erased it for its age.
        """
        from botocore.exceptions import ClientError

        if not content.is_in(head):
            remedy = "erase it (mmsprep store purge --item), or choose another prefix"
            raise Unavailable("store", f"{self.where}: {key} is there with other content; {remedy}")
        days = self.options.retention_days
        # Else the link of a message that is sent today could die tomorrow.
        aged = bool(days) and self.clock() - head["LastModified"] > timedelta(days=days / 2)
        told = (head.get("ContentType"), head.get("CacheControl")) == (media.facts.type, CACHE_CONTROL)
        if told and not aged:
            return True
        try:
            self.client().copy_object(
                Bucket=self.bucket,
                Key=self.prefix + key,
                CopySource={"Bucket": self.bucket, "Key": self.prefix + key},
                CopySourceIfMatch=head["ETag"],
                MetadataDirective="REPLACE",  # a copy onto itself is refused without
                **self._headers(media, key, content),
            )
        except ClientError as error:
            if code_of(error) in ("NoSuchKey", "PreconditionFailed"):
                return False
            raise
        return True

    def _headers(self, media: Media, key: str, content: Content) -> dict[str, Any]:
        """Say what providers and handsets go by, and ask for encryption where it is wanted."""
        name = _ascii(media.name) if self.options.show_names else f"media.{key.partition('.')[2]}"
        headers: dict[str, Any] = {
            "ContentType": media.facts.type,
            "ContentDisposition": f'inline; filename="{name}"',
            "CacheControl": CACHE_CONTROL,
            "Metadata": {"sha256": content.sha256},
        }
        if self.options.encryption:
            headers["ServerSideEncryption"] = self.options.encryption
        if self.options.kms_key:
            headers["SSEKMSKeyId"] = self.options.kms_key
        return headers

    def _url(self, key: str) -> str:
        """Give the address that boto3 itself would ask, or the one below the public base URL."""
        if self.base_url:
            return f"{self.base_url.rstrip('/')}/{quote(key)}"
        url: str = self.client().generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": self.prefix + key},
            ExpiresIn=self.options.presign_seconds or 60,
        )
        return url if self.options.presign_seconds else url.partition("?")[0]


def from_url(url: str, settings: Settings) -> S3Store:
    """Open ``s3://bucket`` or ``s3://bucket/prefix``."""
    bucket, prefix = divided(url)
    if not bucket or "?" in url or "@" in bucket:
        raise Misconfigured("the store names no bucket; write s3://bucket or s3://bucket/prefix")
    if not prefix.isprintable():
        raise Misconfigured(f"the store's prefix has characters that no URL shows: {prefix!r}; give another")
    if settings.s3.presign_seconds:
        if settings.base_url:
            raise Misconfigured("base_url and s3.presign_seconds exclude one another; a presigned URL has its own host")
        log.warning("presigned URLs answer HEAD with 403, and some providers ask that first; prefer a public base URL")
    prefix = prefix.strip("/")
    return S3Store(bucket, f"{prefix}/" if prefix else "", settings.s3, base_url=settings.base_url)


def _ascii(name: str) -> str:
    """Spell a name as a quoted string of a header can hold it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    quotable = "".join(each if each.isalnum() or each in " ._-()" else "_" for each in plain).strip()
    return f"media{quotable}" if quotable.startswith(".") or not quotable else quotable
