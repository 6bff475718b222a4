"""Make private directories for items, and remove them, also those of a caller that was killed."""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "mmsprep-items-"
_ITEM = "item-"
_LOCK = "lock"


class Scratch:
    """Own one base directory in the temporary directory, locked as long as this process lives.

    The lock, not a process number, tells a sweeper that the owner is gone: numbers are used again, and mean
    nothing in another container that shares the directory.
    """

    def __init__(self) -> None:
        self.base: Path | None = None
        self._owner = (0, 0)
        self._lock = -1
        self._choosing = threading.Lock()

    def directory(self) -> Path:
        """Make a new directory for one item, readable by nobody else."""
        for _ in range(3):
            base = self._own_base()
            # FileNotFoundError: something that cleans the temporary directory took the base away.
            with suppress(FileNotFoundError):
                return Path(tempfile.mkdtemp(prefix=_ITEM, dir=base))
            with self._choosing:
                if self.base == base:
                    os.close(self._lock)
                    self.base = None
        raise FileNotFoundError(f"{tempfile.gettempdir()} does not keep directories")

    def _own_base(self) -> Path:
        # One thread at a time: of two bases the helper would hear of one, and leave the other when we are killed.
        with self._choosing:
            # A process that changed its user could not use what it made before.
            if self.base is None or self._owner != (os.getpid(), os.geteuid()):
                self.base, self._lock = _new_base()
                self._owner = (os.getpid(), os.geteuid())
                atexit.register(self.close)
            return self.base

    def close(self) -> None:
        """Remove the base with everything in it."""
        if self.base is not None and self._owner[0] == os.getpid():
            with suppress(OSError):
                remove(self.base)
            os.close(self._lock)
        self.base = None

    def forget(self) -> None:
        """Leave the base to the parent: called in the child after a fork, whose copy of the lock must not last."""
        if self.base is not None:
            os.close(self._lock)
        self.base = None
        # Perhaps held by a thread that did not come along.
        self._choosing = threading.Lock()


def _new_base() -> tuple[Path, int]:
    for _ in range(100):
        base = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.geteuid()}-"))
        lock = _locked(base)
        if lock is not None:
            return base, lock
    raise FileExistsError(f"no directory could be locked in {tempfile.gettempdir()}")


def _locked(base: Path) -> int | None:
    """Lock *base*, or give None when somebody has it or it has gone meanwhile."""
    try:
        lock = os.open(base / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A sweeper may have removed the base between its making and the lock.
        if os.path.samestat(os.fstat(lock), os.lstat(base / _LOCK)):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def sweep() -> None:
    """Remove the bases of this user whose owner is gone."""
    parent = Path(tempfile.gettempdir())
    with suppress(OSError):
        for base in parent.glob(f"{_PREFIX}*"):
            remove_if_abandoned(base)


def remove_if_abandoned(base: Path) -> bool:
    """Remove *base* if it is ours and nobody holds its lock; says whether it is gone."""
    try:
        # The temporary directory is everybody's: without O_NOFOLLOW a link planted there would lead us away.
        descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not _is_base(descriptor):
            return False
    finally:
        os.close(descriptor)
    lock = _locked(base)
    if lock is None:
        return False
    try:
        remove(base)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _is_base(directory: int) -> bool:
    """Tell a base from a folder of somebody's that happens to be called like one: that is never touched."""
    return os.fstat(directory).st_uid == os.geteuid() and all(
        name == _LOCK or name.startswith(_ITEM) for name in os.listdir(directory)
    )


def remove(directory: Path) -> None:
    """Remove *directory* and everything in it, whatever it is.

    An item may leave a million files, directories nested deeper than any recursion, directories without
    permissions, and links: none is followed, and each directory found is first lifted to the top.
    """
    try:
        top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        while names := _unlink_files(top):
            for name in names:
                _flatten(top, name)
    finally:
        os.close(top)
    directory.rmdir()


def _flatten(top: int, name: str) -> None:
    inner = _open_directory(name, top)
    try:
        while names := _unlink_files(inner):
            for deeper in names:
                _make_ours(deeper, inner)
                os.rename(deeper, f"{_ITEM}gone-{secrets.token_hex(8)}", src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _unlink_files(directory: int) -> list[str]:
    """Unlink what is not a directory, and give the names of those that are."""
    names = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                names.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=directory)
    return names


def _open_directory(name: str, parent: int) -> int:
    _make_ours(name, parent)
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def _make_ours(name: str, parent: int) -> None:
    """Give ourselves the permissions on a directory that its maker took away; moving one needs them too."""
    if os.access(name, os.R_OK | os.W_OK | os.X_OK, dir_fd=parent, follow_symlinks=True):
        return
    path_only = getattr(os, "O_PATH", os.O_RDONLY)
    descriptor = os.open(name, path_only | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        # chmod(2) of a name follows links, and nothing else can be had without read permission.
        os.chmod(f"/proc/self/fd/{descriptor}" if hasattr(os, "O_PATH") else descriptor, 0o700)  # noqa: PTH101
    finally:
        os.close(descriptor)


_scratch = Scratch()
os.register_at_fork(after_in_child=_scratch.forget)


def current_base() -> Path | None:
    """Give the base of this process, if it has one."""
    return _scratch.base


def remove_scratch() -> None:
    """Remove what this process has made, now: for one that will end by `os._exit`, as forked workers do."""
    _scratch.close()


@contextmanager
def item_directory() -> Iterator[Path]:
    """Make a private directory for one item and remove it at the end.

    If this process is killed meanwhile, the helper removes it; if that is killed too, the next one does.
    """
    directory = _scratch.directory()
    try:
        yield directory
    finally:
        remove(directory)
