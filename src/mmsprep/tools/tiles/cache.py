"""The tiles that were fetched before, kept as long as their server allows."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

WEEK_SECONDS = 7 * 86_400.0
"""What OpenStreetMap's tile policy asks for where a server says nothing."""
LONGEST_SECONDS = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What the server said about a tile: until when it holds, and how to ask whether it still does."""

    until: float
    etag: str = ""
    modified: str = ""
    missing: bool = False
    """The server has no such tile, or nothing that could be one."""


class Cache:
    """A folder with two files to a tile: its bytes, and what the server said. Safe among processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> tuple[Kept, bytes] | None:
        """Give a tile that was kept, however old it is."""
        path = self._path(name)
        try:
            kept = Kept(**json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
            return kept, b"" if kept.missing else path.read_bytes()
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, name: str, kept: Kept, data: bytes) -> None:
        """Keep a tile; a cache that cannot be written is no reason to have no map."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not kept.missing:
                _replace(path, data)
            _replace(path.with_suffix(".json"), json.dumps(asdict(kept)).encode())
        except OSError:
            return

    def resting_until(self, host: str) -> float:
        """Say until when a server that refused or failed is left in peace."""
        found = self.find(f"rest {host}")
        return found[0].until if found else 0.0

    def rest(self, host: str, until: float) -> None:
        """Leave a server in peace."""
        self.keep(f"rest {host}", Kept(until, missing=True), b"")

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / digest[:2] / digest[2:]


def _replace(path: Path, data: bytes) -> None:
    """Write beside, then rename, so that nobody reads half a tile."""
    descriptor, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise


def holds_for(cache_control: str, age: str, now: float, expires: float | None) -> float | None:
    """Give the time until which an answer holds (RFC 9111, section 4.2.1), or None where it must not be kept."""
    directives = {}
    for each in cache_control.lower().split(","):
        name, _, value = each.strip().partition("=")
        directives[name] = value.strip('"')
    if "no-store" in directives:
        return None
    if "no-cache" in directives:
        return now
    seconds = directives.get("max-age", "")
    if seconds.isdigit():
        return now + min(int(seconds), LONGEST_SECONDS) - (int(age) if age.isdigit() else 0)
    if expires is not None:
        return min(expires, now + LONGEST_SECONDS)
    return now + WEEK_SECONDS
