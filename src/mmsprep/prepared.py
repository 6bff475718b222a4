"""Prepared: what became of one source, as an object and as the JSON that every front door gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsprep.errors import PrepError
from mmsprep.media import Facts

SCHEMA_VERSION = 1
"""The version of ``prepared.schema.json`` beside this module: one more with each change that could break a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """One file that may be sent: where it is kept, its name to show, the digest of its bytes, its facts."""

    path: Path | None
    url: str | None
    name: str
    sha256: str
    facts: Facts

    def as_dict(self) -> dict[str, Any]:
        """Give what a sender needs to know, as JSON values."""
        measured = self.facts.as_dict()
        shown = ("type", "bytes", "width", "height", "frames", "seconds", "pages")
        return {
            "url": self.url,
            "path": str(self.path) if self.path else None,
            "name": self.name,
            "sha256": self.sha256,
            **{key: measured[key] for key in shown if key in measured},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What one source is, and what it tells in words: where a photo was taken, whom a card is about."""

    facts: Facts
    tells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One source that is ready to be sent, with everything that the sender would want to know about it."""

    source: str
    media: tuple[Deliverable, ...]
    original: Facts
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def media_urls(self) -> list[str]:
        """The URLs for the request, in order; empty without a store."""
        return [each.url for each in self.media if each.url]

    def as_dict(self) -> dict[str, Any]:
        """Give the result as published in ``prepared.schema.json``."""
        return {
            "schema": SCHEMA_VERSION,
            "source": self.source,
            "status": "ready",
            "media": [each.as_dict() for each in self.media],
            "text": list(self.text),
            "original": {"type": self.original.type, "bytes": self.original.bytes},
            "steps": list(self.steps),
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
        }


def failure_as_dict(source: str, error: PrepError) -> dict[str, Any]:
    """Give a source that was not prepared as published in ``prepared.schema.json``."""
    return {
        "schema": SCHEMA_VERSION,
        "source": source,
        "status": error.status,
        "code": error.code,
        "reason": error.reason,
        "message": error.message,
    }
