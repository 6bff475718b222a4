"""Where media comes from: a path, bytes, an open file, a contact or a place, turned into one descriptor.

From then on nobody can swap what it leads to.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Protocol

from mmsprep import place
from mmsprep.contact import Contact
from mmsprep.errors import Rejected, Unavailable
from mmsprep.place import Place

KINDS = {
    stat.S_IFDIR: "a folder; give the files in it, or let mmsprep batch prepare it",
    stat.S_IFLNK: "a link; give the path that it points to",
    stat.S_IFIFO: "a pipe; give a file, or - to read standard input",
    stat.S_IFSOCK: "a socket; give a file",
    stat.S_IFCHR: "a device; give a file",
    stat.S_IFBLK: "a device; give a file",
}

CHUNK_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Copied:
    """A stream or an object that was copied here because it is read more than once: what it was called, and where."""

    label: str
    path: Path


File = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Source = File | Contact | Place | Copied


class Remote(Protocol):
    """Something that is read over the network, of known size."""

    size: int

    def read(self, most: int, /) -> bytes:
        """Give the next bytes, none at the end."""
        ...


Fetch = Callable[[str], AbstractContextManager[Remote]]
"""How an ``s3://`` URL is opened, if any may be."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A source ready to be read: what it was called, the name to show for it, its descriptor."""

    label: str
    name: str
    descriptor: int


def label_of(source: Source) -> str:
    """Say which source is meant, as a result's ``source``: the path as given, or what kind of thing it was."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, Place):
        return f"geo:{source.coordinates}"
    if isinstance(source, Contact):
        return "<contact>"
    if isinstance(source, Copied):
        return source.label
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


@contextmanager
def opened(
    source: Source, directory: Path, *, name: str | None = None, max_bytes: int, fetch: Fetch | None = None
) -> Iterator[Opened]:
    """Open *source* for reading; bytes and streams are first copied into *directory*, at most *max_bytes* of them.

    So is an ``s3://`` URL's object, by *fetch*. Raises Rejected ``unreadable`` for what is no regular file, or
    ``too-many-bytes``; Unavailable ``store`` when it cannot be fetched, ``tool`` when the copy cannot be written.
    """
    file, name = _built(source, name)
    if isinstance(file, str | os.PathLike) and not _is_remote(file, fetch):
        descriptor = _open_file(file)
    else:
        copy = directory / "source"
        _fetch_or_copy(file, copy, max_bytes, fetch)
        descriptor = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size > max_bytes:
            raise _too_many_bytes(size, max_bytes)
        yield Opened(label_of(source), shown_name(source, name), descriptor)
    finally:
        os.close(descriptor)


def rereadable(source: Source, folder: Path, *, max_bytes: int, fetch: Fetch | None = None) -> Source:
    """Make a source that can be read more than once: what is a stream, or far away, is copied into *folder*.

    Raises as `opened` does.
    """
    if isinstance(source, Contact | Place | Copied | bytes | bytearray | memoryview):
        return source
    if isinstance(source, str | os.PathLike) and not _is_remote(source, fetch):
        return source
    copy = Path(tempfile.mkdtemp(dir=folder)) / "source"
    _fetch_or_copy(source, copy, max_bytes, fetch)
    return Copied(label_of(source), copy)


def is_built(source: Source) -> bool:
    """Tell a contact or a place from what somebody made elsewhere: nothing has to be decoded for it."""
    return isinstance(source, Contact) or place_of(source) is not None


def place_of(source: Source) -> Place | None:
    """Give the place that *source* is, or that a text means: a file of that name comes first.

    Raises Rejected ``unreadable`` for a text that is meant as a place and is none, such as a short link.
    """
    if isinstance(source, Place):
        return source
    if isinstance(source, str) and place.looks_like_place(source) and not os.path.lexists(source):
        return place.parse(source)
    return None


def _built(source: Source, name: str | None) -> tuple[File, str | None]:
    """Write what is built and not transcoded in the form in which it travels, with a name of its own."""
    if found := place_of(source):
        return found.to_geojson(), name or f"{found.label or 'place'}.geojson"
    if isinstance(source, Contact):
        return source.to_json(), name or f"{source.shown_name or 'contact'}.json"
    assert not isinstance(source, Place)
    return source.path if isinstance(source, Copied) else source, name


def _is_remote(source: File, fetch: Fetch | None) -> bool:
    return fetch is not None and isinstance(source, str) and source.startswith("s3://")


def _fetch_or_copy(source: File, target: Path, max_bytes: int, fetch: Fetch | None) -> None:
    if not isinstance(source, str | os.PathLike):
        _copy(source, target, max_bytes)
        return
    assert fetch is not None
    with fetch(os.fspath(source)) as remote:
        if remote.size > max_bytes:
            raise _too_many_bytes(remote.size, max_bytes)
        _copy(remote, target, max_bytes)


def shown_name(source: Source, name: str | None = None) -> str:
    """Give the file name to show for *source*, made plain: the one that the caller gave for it, or its own."""
    return plain_name(name or Path(label_of(source)).name)


def plain_name(name: str) -> str:
    """Make a file name that is safe to show and to keep: printable, without separators, at most 80 characters."""
    printable = "".join(each if each.isprintable() and each not in '/\\<>:"|?*' else "_" for each in name)
    # Stripped before and after the cut, so that a plain name stays as it is.
    return printable.strip(" .")[:80].rstrip(" .") or "file"


def _open_file(given: str | os.PathLike[str]) -> int:
    """Open a regular file and nothing else: no link is followed, and a pipe without a writer does not hang us."""
    path = Path(given)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        if os.fspath(given).startswith(("http://", "https://")):
            raise Rejected("unreadable", "a web address, and nothing is fetched; give the file itself") from error
        raise Rejected("unreadable", "there is no such file; check the path") from error
    except (OSError, ValueError) as error:
        raise Rejected("unreadable", _why_not(path, error)) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise Rejected("unreadable", KINDS.get(stat.S_IFMT(mode), "no file; give a file"))
    if _is_the_kernels(descriptor):
        os.close(descriptor)
        raise Rejected("unreadable", "no file but a view into the system; give a file")
    return descriptor


def _is_the_kernels(descriptor: int) -> bool:
    """Tell a file of /proc or /sys, by whichever path it was reached: it is regular, and tells of this process."""
    try:
        where = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:
        return False
    return where.startswith(("/proc/", "/sys/"))


def _why_not(path: Path, error: Exception) -> str:
    try:
        kind = KINDS.get(stat.S_IFMT(path.lstat().st_mode))
    except (OSError, ValueError):
        kind = None
    return kind or f"cannot be opened: {getattr(error, 'strerror', None) or error}"


def _copy(source: bytes | bytearray | memoryview | BinaryIO | Remote, target: Path, max_bytes: int) -> None:
    # Without a buffer, which would try once more to write when it is closed.
    with target.open("xb", buffering=0) as file:
        for chunk in _chunks(source):
            if file.tell() + len(chunk) > max_bytes:
                raise _too_many_bytes(file.tell() + len(chunk), max_bytes)
            _write(file, chunk, target.parent)


def _write(file: FileIO, chunk: memoryview, folder: Path) -> None:
    try:
        while chunk:
            chunk = chunk[file.write(chunk) :]
    except OSError as error:
        said = f"cannot copy it to {folder}: {error.strerror}; free space there, or set TMPDIR"
        raise Unavailable("tool", said) from error


def _chunks(source: bytes | bytearray | memoryview | BinaryIO | Remote) -> Iterator[memoryview]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield memoryview(source).cast("B")
        return
    while read := source.read(CHUNK_BYTES):
        yield memoryview(read)


def _too_many_bytes(size: int, most: int) -> Rejected:
    return Rejected("too-many-bytes", f"{size:,} bytes; {most:,} is the most: send a smaller file")
