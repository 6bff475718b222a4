"""One part's way through a batch: known by its content, looked up, else made in a child, then kept in the store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mmsprep import defaults
from mmsprep.batch.content import Contents
from mmsprep.batch.entry import Part
from mmsprep.batch.ledger import Kept, Ledger
from mmsprep.batch.outcome import Done
from mmsprep.errors import Rejected
from mmsprep.isolate import item_directory
from mmsprep.items import Items, Made, output_names
from mmsprep.media import Facts, Media
from mmsprep.prepared import Deliverable, Prepared
from mmsprep.profile import Profile
from mmsprep.receive import facts_from
from mmsprep.settings import Settings
from mmsprep.stage import Event
from mmsprep.stores import Store, key_of
from mmsprep.stores.folder import FolderStore

FRESH = 0.5
"""The part of an object's or presigned URL's life within which it may be given out again."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What came out of the isolation and is in no store yet: the files, or the refusal, and how to clear up."""

    made: Made | Rejected
    cpu_seconds: float
    clear: Callable[[], None]


class Parts:
    """Prepare parts for batches that share settings and a ledger. Safe to share among threads."""

    def __init__(self, settings: Settings, store: Store, ledger: Ledger, options: Mapping[str, Any]) -> None:
        self.settings = settings
        self.ledger = ledger
        self._store = store
        self.options = dict(options)
        stages = defaults.stage_names()
        defaults.check_options(options, stages)
        self._items = Items(settings, stages)
        self.key = Contents(settings, stages, options).key
        self._salt = salt.get_secret_value() if (salt := settings.key_salt) else None
        # Names matter only where people look at the files themselves.
        self._by_name = isinstance(store, FolderStore) and not store.base_url

    def close(self) -> None:
        """End what is still at work in a child."""
        self._items.close()

    def fresh_since(self) -> float:
        """Give the time before which a URL in a bucket may be too old to be given out again."""
        lives = [self.settings.s3.retention_days * 86_400, self.settings.s3.presign_seconds or 0]
        return max((time.time() - FRESH * seconds for seconds in lives if seconds), default=0.0)

    def look_up(self, key: str, part: Part, *, since: float = 0.0) -> Done | None:
        """Give the result that is there from before, its files kept under this part's own name; None if it is not."""
        known = self.ledger.made(key, since=since)
        if known is None:
            return None
        if "reason" in known:
            return Done(result=_refusal(part, known), key=key, again=True)
        media = self._found(key, part, known["outputs"])
        links = self._found(key, part, known["links"])
        if media is None or links is None:
            return None
        texts = (*known["texts"], *(str(each.url) for each in links))
        return Done(result=_prepared(part, known, media, texts), key=key, again=True)

    def known(self, key: str, part: Part) -> Prepared | Rejected | None:
        """Give the result from before without a look at the store, for who only wants to know."""
        known = self.ledger.made(key)
        if known is None:
            return None
        if "reason" in known:
            return _refusal(part, known)
        names = output_names(part.name, [each["suffix"] for each in known["outputs"]])
        media = tuple(
            Deliverable(path=None, url=None, name=name, sha256=each["sha256"], facts=facts_from(each["facts"]))
            for each, name in zip(known["outputs"], names, strict=True)
        )
        return _prepared(part, known, media, tuple(known["texts"]))

    def foresee(self, part: Part, profiles: Sequence[Profile]) -> tuple[Facts, Mapping[str, str | Rejected]]:
        """Measure what a part is, and tell per profile which stage would begin; raises as `make` does."""
        found = self._items.foresee(part.source, profiles)
        return found.facts, found.outcomes

    def make(self, part: Part, profile: Profile, progress: Callable[[Event], None], *, threads: int) -> Shelf:
        """Prepare one part in a child; raises Unavailable."""
        with ExitStack() as stack:
            directory = stack.enter_context(item_directory())
            made: Made | Rejected
            spent: list[float] = []
            try:
                made = self._items.make(
                    part.source,
                    profile,
                    directory,
                    name=part.name,
                    progress=progress,
                    options=self.options,
                    threads=threads,
                    previews=True,
                    spent=lambda usage: spent.append(usage.cpu_seconds),
                )
            except Rejected as refusal:
                made = refusal
            return Shelf(made, sum(spent), stack.pop_all().close)

    def keep(self, key: str, part: Part, shelf: Shelf, *, sure: bool) -> Done:
        """Put what is on the shelf into the store and write it down, if we are *sure* what it was made of."""
        try:
            if isinstance(shelf.made, Rejected):
                fact = shelf.made.message.removeprefix(f"{part.name}: ")
                if sure:
                    self.ledger.record(key, {"reason": shelf.made.reason, "message": fact})
                return Done(result=shelf.made, key=key, cpu_seconds=shelf.cpu_seconds)
            received, made = shelf.made.received, shelf.made
            media = [
                self._put(part, Media(each.path, name, each.facts), each.sha256, each.suffix)
                for each, name in zip(received.outputs, made.names, strict=True)
            ]
            links = [
                self._put(part, Media(each.path, name, each.facts), each.sha256, each.suffix)
                for each, name in zip(received.links, made.link_names, strict=True)
            ]
        finally:
            shelf.clear()
        known = {
            "original": received.original.as_dict(),
            "outputs": [_described(each) for each in received.outputs],
            "links": [_described(each) for each in received.links],
            "steps": received.steps,
            "warnings": received.warnings,
            "texts": received.texts,
            "seconds": made.seconds,
        }
        if sure:
            self.ledger.record(
                key,
                known,
                store=self._where(part),
                kept=[(each.sha256, self._name(each.name), str(each.url)) for each in (*media, *links)],
                previews=received.previews,
            )
        texts = (*received.texts, *(str(each.url) for each in links))
        return Done(result=_prepared(part, known, tuple(media), texts), key=key, cpu_seconds=shelf.cpu_seconds)

    def _put(self, part: Part, media: Media, sha256: str, suffix: str) -> Deliverable:
        url = self._store_for(part).put(media, key_of(sha256, suffix, self._salt))
        return Deliverable(path=None, url=url, name=media.name, sha256=sha256, facts=media.facts)

    def _found(self, key: str, part: Part, outputs: Sequence[Mapping[str, Any]]) -> tuple[Deliverable, ...] | None:
        """Find each output in the store under its name; one that lies there under another is put there again."""
        found = []
        names = output_names(part.name, [each["suffix"] for each in outputs])
        for each, name in zip(outputs, names, strict=True):
            facts = facts_from(each["facts"])
            there = self.ledger.kept(each["sha256"], self._where(part), self._name(name))
            if there is not None and self._holds(there, facts.bytes):
                found.append(Deliverable(path=None, url=there.url, name=name, sha256=each["sha256"], facts=facts))
                continue
            copies = (self._path(other.url) for other in self.ledger.elsewhere(each["sha256"]))
            path = next((path for path in copies if path and _digest(path) == each["sha256"]), None)
            if path is None:
                return None
            put = self._put(part, Media(path, name, facts), each["sha256"], each["suffix"])
            self.ledger.record(key, store=self._where(part), kept=[(put.sha256, self._name(name), str(put.url))])
            found.append(put)
        return tuple(found)

    def _holds(self, kept: Kept, size: int) -> bool:
        """Tell whether a file is still where it was put: looked at on a disk, by its age in a bucket."""
        path = self._path(kept.url)
        if path is not None:
            return _size(path) == size
        return kept.at > self.fresh_since()

    def _path(self, url: str) -> Path | None:
        if url.startswith("file://"):
            return Path(unquote(urlsplit(url).path, errors="surrogateescape"))
        if isinstance(self._store, FolderStore):
            return self._store.root / unquote(urlsplit(url).path).rpartition("/")[2]
        return None

    def _store_for(self, part: Part) -> Store:
        if self._by_name and part.folder and isinstance(self._store, FolderStore):
            return replace(self._store, root=self._store.root / part.folder)
        return self._store

    def _where(self, part: Part) -> str:
        store = self._store_for(part)
        place = store.root.absolute() if isinstance(store, FolderStore) else self.settings.store
        secret = hashlib.sha256((self._salt or "").encode()).hexdigest()[:16]
        return f"{place} {self.settings.base_url or ''} {self.settings.s3.presign_seconds or ''} {secret}"

    def _name(self, name: str) -> str:
        return name if self._by_name else ""


def _refusal(part: Part, known: Mapping[str, Any]) -> Rejected:
    return Rejected(known["reason"], f"{part.name}: {known['message']}")


def _prepared(part: Part, known: Mapping[str, Any], media: Sequence[Deliverable], texts: tuple[str, ...]) -> Prepared:
    return Prepared(
        source=part.name,
        media=tuple(media),
        original=facts_from(known["original"]),
        steps=tuple(known["steps"]),
        warnings=tuple(known["warnings"]),
        text=texts,
        seconds=known["seconds"],
    )


def _described(output: Any) -> dict[str, Any]:
    return {"sha256": output.sha256, "suffix": output.suffix, "facts": output.facts.as_dict()}


def _size(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except OSError:
        return None


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
