"""Job: what is asked of a worker, as a message that is checked before anything is done with it."""

from __future__ import annotations

import json
import secrets
import time
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from mmsprep.contact import Contact
from mmsprep.source import Source

MOST_BYTES = 200_000
"""Of a job as JSON: SQS takes 262,144 bytes of a message, and Celery and base64 want their part."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""It names an object in a bucket and a file in a folder, so it has neither slashes nor spaces."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Short = Annotated[str, StringConstraints(max_length=1_000)]


class BadJob(ValueError):
    """The message is no job; doing it again will not make it one."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BucketSource(_Frozen):
    """An object of a bucket, which must be one of ``source_buckets``."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$")]
    key: Annotated[str, StringConstraints(min_length=1, max_length=1_024)]

    def open(self) -> Source:
        """Name it as `Pipeline` reads it."""
        return f"s3://{self.bucket}/{self.key}"


class ContactSource(_Frozen):
    """A contact, written out."""

    contact: dict[str, JsonValue] | list[JsonValue]

    def open(self) -> Source:
        """Build the contact; raises Rejected."""
        return Contact.from_json(json.dumps(self.contact).encode())


class PlaceSource(_Frozen):
    """A place, in any spelling that `mmsprep.place.parse` reads."""

    place: Annotated[str, StringConstraints(min_length=1, max_length=2_048)]

    def open(self) -> Source:
        """Read the place; raises Rejected."""
        from mmsprep import place

        return place.parse(self.place)


def new_id() -> str:
    """Make an id that nobody has: of the time, so that ids sort as they were made, and of chance."""
    return f"{int(time.time() * 1000):012x}-{secrets.token_hex(10)}"


class Job(_Frozen):
    """What is to be prepared, for whom, and what the answer must carry back.

    Several sources go out in one message and share its bytes; one outcome is given for all of them. There are no
    paths in it, and no URLs: a job comes from a queue, and who can write to that must not choose what we read.
    """

    # An alias, for "schema" is a name of pydantic's own.
    version: Annotated[Literal[1], Field(alias="schema")] = 1
    id: Id = Field(default_factory=new_id)
    sources: Annotated[tuple[BucketSource | ContactSource | PlaceSource, ...], Field(min_length=1, max_length=10)]
    profile: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._+-]{1,128}$")] | None = None
    options: Annotated[dict[Name, bool | int | float | Short], Field(max_length=20)] = {}
    captions: Annotated[tuple[Short, ...], Field(max_length=10)] = ()
    destination: Name | None = None
    correlation: Annotated[dict[Name, Short], Field(max_length=20)] = {}

    @model_validator(mode="after")
    def _has_no_option_of_ours(self) -> Self:
        if taken := {"name", "progress", "captions"} & set(self.options):
            raise ValueError(f"no stage has the option {', '.join(sorted(taken))}")
        return self

    @model_validator(mode="after")
    def _has_a_caption_for_each(self) -> Self:
        if self.captions and len(self.captions) != len(self.sources):
            raise ValueError(f"captions: {len(self.captions)}, sources: {len(self.sources)}; give one each, or none")
        return self

    @classmethod
    def read(cls, document: object) -> Self:
        """Read a job from JSON, as text or parsed; raises BadJob, which repeats nothing of the content."""
        try:
            text = document if isinstance(document, bytes | str) else json.dumps(document)
            if len(text) > MOST_BYTES:
                raise BadJob(f"the job has {len(text):,} bytes; {MOST_BYTES:,} is the most")
            return cls.model_validate_json(text)
        except ValidationError as error:
            # The places where a source fits none of its three forms are named by the form; the first is enough.
            found = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(map(str, found["loc"][:3]))
            raise BadJob(f"the job is not of the form of docs/worker.md: {where or 'it'}: {found['msg']}") from None
        except (TypeError, ValueError, RecursionError) as error:
            raise BadJob(str(error) if isinstance(error, BadJob) else "the job is no JSON") from None

    def document(self) -> dict[str, Any]:
        """Give the job as the JSON that travels, without what is at its default."""
        told = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {"schema": self.version, "id": self.id, **told}
