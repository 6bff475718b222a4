"""Where finished media is kept, so that a provider can fetch it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from mmsprep.media import Media

KEY = re.compile(r"[0-9a-f]{40}(\.[a-z0-9]{1,5}){1,2}")
"""What our keys look like: nothing else in a bucket or folder is ever touched."""


class Store(Protocol):
    """A place for finished media. One store serves many threads."""

    def put(self, media: Media, key: str) -> str:
        """Keep *media* under *key*, whole or not at all, and return its URL; the same again changes nothing.

        Raises Unavailable ``store`` when it cannot be kept now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to make a store ready, and whether it holds."""

    name: str
    done: bool
    found: str


@runtime_checkable
class Upkeep(Protocol):
    """What a store offers besides, to whoever looks after it: ``mmsprep store``."""

    def init(self, *, public: bool) -> Iterator[Step]:
        """Make the place ready, telling each step; what is there already stays. Raises Unavailable ``store``."""
        ...

    def purge(
        self, *, older_than_days: float | None = None, keys: Collection[str] = (), dry_run: bool = False
    ) -> Iterator[str]:
        """Erase what is older, or has one of *keys*, and yield the key of each; nothing but our own is touched."""
        ...


def key_of(sha256: str, suffix: str, salt: str | None = None) -> str:
    """Make the key of a content: the same again is the same URL, and a provider's cache never goes stale.

    With a *salt* nobody can tell from a file what its URL is, and two tenants' same file are two objects, so that
    erasing one leaves the other.
    """
    if salt:
        sha256 = hmac.digest(salt.encode(errors="surrogateescape"), bytes.fromhex(sha256), "sha256").hex()
    return f"{sha256[:40]}{suffix}"


def key_in(item: str) -> str | None:
    """Find the key in a key or a URL that we gave, or None when it holds none."""
    last = unquote(urlsplit(item).path).rpartition("/")[2]
    return last if KEY.fullmatch(last) else None
