"""The ledger: what was made of which content and where it is kept, so that nothing is done twice.

One SQLite file in WAL mode: a process that is killed at any moment leaves it whole, up to the last item that ended.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mmsprep.errors import Unavailable
from mmsprep.receive import Preview

FILE = ".mmsprep.sqlite"
FORM = 1
"""Of the tables below: a ledger of another form is begun anew."""

TABLES = """
CREATE TABLE IF NOT EXISTS made (key TEXT PRIMARY KEY, at REAL NOT NULL, result TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
  sha256 TEXT NOT NULL, store TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (sha256, store, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preview (
  key TEXT NOT NULL, part INTEGER NOT NULL, words TEXT NOT NULL, picture BLOB, PRIMARY KEY (key, part)
);
"""
BUSY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """One file in a store: its URL, and when it was put there."""

    url: str
    at: float


class Ledger:
    """Keep results at *path*, or as long as this lives. Safe to share among threads, and processes of one machine."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        with self._telling():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                # Thumbnails and cards' words are nobody else's business.
                path.touch(mode=0o600)
            self._base = sqlite3.connect(
                path or ":memory:", timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            self._prepare()

    def _prepare(self) -> None:
        self._base.execute("PRAGMA journal_mode = WAL")
        # Whole after a crash of the machine too, if perhaps without the last items: they are done again.
        self._base.execute("PRAGMA synchronous = NORMAL")
        (form,) = self._base.execute("PRAGMA user_version").fetchone()
        if form not in (0, FORM):
            for table in ("made", "kept", "preview"):
                self._base.execute(f"DROP TABLE IF EXISTS {table}")
        self._base.executescript(TABLES)
        self._base.execute(f"PRAGMA user_version = {FORM}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def made(self, key: str, *, since: float = 0.0) -> dict[str, Any] | None:
        """Give what was made under *key*, if that was not before *since*."""
        rows = self._rows("SELECT result FROM made WHERE key = ? AND at >= ?", key, since)
        return dict(json.loads(rows[0][0])) if rows else None

    def kept(self, sha256: str, store: str, name: str) -> Kept | None:
        """Give where the file of this digest is kept in *store* under *name*."""
        rows = self._rows("SELECT url, at FROM kept WHERE sha256 = ? AND store = ? AND name = ?", sha256, store, name)
        return Kept(*rows[0]) if rows else None

    def elsewhere(self, sha256: str) -> Iterator[Kept]:
        """Yield everywhere that the file of this digest was kept."""
        for url, at in self._rows("SELECT url, at FROM kept WHERE sha256 = ?", sha256):
            yield Kept(url, at)

    def previews(self, key: str) -> Iterator[Preview]:
        """Yield what shows the parts of a result."""
        found = self._rows("SELECT part, picture, words FROM preview WHERE key = ? ORDER BY part", key)
        for part, picture, words in found:
            yield Preview(part, picture, json.loads(words))

    def record(
        self,
        key: str,
        result: dict[str, Any] | None = None,
        *,
        store: str = "",
        kept: Sequence[tuple[str, str, str]] = (),
        previews: Sequence[Preview] = (),
    ) -> None:
        """Write down at once what was made under *key* and where its files are kept: (sha256, name, URL) of each."""
        now = time.time()
        with self._lock, self._telling(), self._base:
            self._base.execute("BEGIN IMMEDIATE")
            if result is not None:
                self._base.execute("INSERT OR REPLACE INTO made VALUES (?, ?, ?)", (key, now, json.dumps(result)))
            self._base.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
                [(sha256, store, name, url, now) for sha256, name, url in kept],
            )
            self._base.executemany(
                "INSERT OR REPLACE INTO preview VALUES (?, ?, ?, ?)",
                [(key, each.part, json.dumps(dict(each.words)), each.picture) for each in previews],
            )

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock, self._telling():
            return self._base.execute(query, values).fetchall()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            remedy = "free space or fix its permissions, remove it to begin anew, or set MMSPREP_LEDGER to another file"
            raise Unavailable("store", f"the ledger {self.path} cannot be used: {error}; {remedy}") from error
