"""What a batch is made of: entries, each of one source, or of a list's row with all that its message holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmsprep.errors import Rejected
from mmsprep.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One source: what is read, the name to show for it, the folder below the store's that its results go to."""

    source: Source
    name: str
    folder: str = ""
    version: str | None = None
    """Of a remote object: what changes when its content does, so that it need not be fetched to be known."""
    bytes: int = 0
    """As far as it is known before it is opened, for the bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a list: whom the message is for and what it says, the columns filled in."""

    number: int
    columns: Mapping[str, str]
    captions: tuple[str, ...] = ()
    text: str | None = None

    def __getitem__(self, column: str) -> str:
        return self.columns.get(column, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What gives one result: a file or object by itself, or a row of a list; *problem* says why it cannot be one."""

    label: str
    parts: tuple[Part, ...] = ()
    row: Row | None = None
    problem: Rejected | None = field(default=None, compare=False)
