"""Find what a batch is to prepare: in folders, by patterns, in buckets, in lists; one after another, never all at once.

Hidden files are left out. Links are not followed, whatever they point to: each is an entry that is rejected as a link,
so that nothing is left out in silence.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mmsprep import place
from mmsprep.batch import rows
from mmsprep.batch.entry import Entry, Part
from mmsprep.errors import Misconfigured, Rejected
from mmsprep.settings import Settings
from mmsprep.source import plain_name
from mmsprep.stores.s3.url import divided


@dataclass(slots=True)
class Walk:
    """Walk over *sources*, leaving out what the batch itself writes: *own* folders and files."""

    sources: Sequence[str]
    settings: Settings
    own: frozenset[str] = frozenset()
    hidden: int = field(default=0, init=False)
    """How many hidden files and folders were left out so far."""

    def __post_init__(self) -> None:
        for each in self.sources:
            if _is_pattern(each) and not _matches(each):
                raise Misconfigured(f"nothing matches {each}; check the pattern, or give a folder")

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries, in the order of the sources and of names, files before folders."""
        folders = sum(Path(each).is_dir() for each in self.sources)
        for each in self.sources:
            if each.startswith("s3://"):
                yield from self._bucket(each)
            elif Path(each).is_dir():
                yield from self._folder(each, Path(each).resolve().name if folders > 1 else "")
            elif Path(each).suffix.lower() in rows.SUFFIXES and Path(each).is_file():
                yield from rows.read(Path(each))
            elif _is_pattern(each):
                for path in _matches(each):
                    if not Path(path).is_dir():
                        yield _file(path, "")
            elif place.looks_like_place(each) and not os.path.lexists(each):
                yield Entry(label=each, parts=(Part(source=each, name="place.geojson"),))
            else:
                yield _file(each, "")

    def _folder(self, top: str, below: str) -> Iterator[Entry]:
        waiting = [(top, below)]
        while waiting:
            folder, below = waiting.pop()
            try:
                found = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                said = f"{plain_name(Path(folder).name)}: cannot be read: {error.strerror}; fix its permissions"
                yield Entry(label=folder, problem=Rejected("unreadable", said))
                continue
            folders = []
            for each in found:
                if os.path.abspath(each.path) in self.own:  # noqa: PTH100  resolve() would follow links
                    continue
                if each.name.startswith("."):
                    self.hidden += 1
                elif each.is_dir(follow_symlinks=False):
                    folders.append((each.path, f"{below}/{each.name}".lstrip("/")))
                else:
                    yield _file(each.path, below)
            waiting.extend(reversed(folders))

    def _bucket(self, url: str) -> Iterator[Entry]:
        from mmsprep.stores.s3.listing import listed

        _, prefix = divided(url)
        for each in listed(self.settings.s3, self.settings.source_buckets, url):
            _, key = divided(each.url)
            below = PurePosixPath(key.removeprefix(prefix.rpartition("/")[0]).lstrip("/"))
            if any(step.startswith(".") for step in below.parts):
                self.hidden += 1
                continue
            folder = "/".join(plain_name(step) for step in below.parts[:-1])
            part = Part(
                source=each.url, name=plain_name(below.name), folder=folder, version=each.version, bytes=each.bytes
            )
            yield Entry(label=each.url, parts=(part,))


def _file(path: str, folder: str) -> Entry:
    try:
        found = os.lstat(path)
        size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    except (OSError, ValueError):
        size = 0
    part = Part(source=Path(path), name=plain_name(Path(path).name), folder=folder, bytes=size)
    return Entry(label=path, parts=(part,))


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern


def _is_pattern(source: str) -> bool:
    # A map's link has a question mark, and means no file.
    named = os.path.lexists(source) or source.startswith("s3://") or place.looks_like_place(source)
    return glob.has_magic(source) and not named
