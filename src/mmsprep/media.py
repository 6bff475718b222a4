"""Media: a file on disk and the facts that were measured about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What detection measured: never what a name, a header or a stage claims.

    ``type`` is a MIME type, sizes are bytes and pixels as displayed (upright), times are seconds.
    ``metadata`` names what the file carries besides its content, such as ``gps`` or ``comment``.
    """

    type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    seconds: float | None = None
    pages: int | None = None
    codecs: tuple[str, ...] = ()
    alpha: bool = False
    progressive: bool = False
    metadata: tuple[str, ...] = ()

    @property
    def pixels(self) -> int:
        return (self.width or 0) * (self.height or 0)

    @property
    def kind(self) -> str:
        """The family: ``image``, ``video``, ``audio``, ``text`` or ``application``."""
        return self.type.partition("/")[0]

    @property
    def animated(self) -> bool:
        return (self.frames or 1) > 1

    def as_dict(self) -> dict[str, Any]:
        """Give the facts that are known, as JSON values."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        told = {field.name: known[field.name] for field in fields(self) if known[field.name] != field.default}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Media:
    """A file on disk, the name to show for it, and its facts."""

    path: Path
    name: str
    facts: Facts
