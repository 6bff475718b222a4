"""Where a batch writes besides its store: the manifest, the ledger, the report."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mmsprep.batch import ledger
from mmsprep.batch.manifest import LINES, REQUESTS, TABLE
from mmsprep.errors import Misconfigured
from mmsprep.settings import Settings
from mmsprep.stores import Store
from mmsprep.stores.folder import FolderStore


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one batch."""

    manifest: Path
    ledger: Path
    report: Path | None
    own: frozenset[str]
    """Absolute paths of all that it writes, which a walk leaves out."""

    @classmethod
    def of(cls, settings: Settings, store: Store, *, manifest: Path | None, report: Path | None) -> Self:
        """Choose them: beside the results in a person's folder, else in the current folder and the user's cache.

        A folder that a web server publishes is no place for names and numbers.
        """
        folder = store.root if isinstance(store, FolderStore) and not store.base_url else None
        named = hashlib.sha256(str(settings.store).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        books = settings.ledger or (folder / ledger.FILE if folder else _cache() / f"batch-{named}.sqlite")
        lines = manifest or folder or Path()
        files = [books, *(lines / name for name in (LINES, TABLE, REQUESTS)), *([report] if report else [])]
        roots = [store.root] if isinstance(store, FolderStore) else []
        own = frozenset(os.path.abspath(path) for path in (*files, *roots))  # noqa: PTH100  resolve() follows links
        return cls(lines, books, report, own)


def _cache() -> Path:
    """Name the folder where a user's programs keep what they need again; raises Misconfigured for who has no home."""
    try:
        return Path.home() / ".cache" / "mmsprep"
    except RuntimeError as error:
        raise Misconfigured("this user has no home for the ledger; set MMSPREP_LEDGER to a file") from error
