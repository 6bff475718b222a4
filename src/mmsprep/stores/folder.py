"""A folder on disk: the embedded default, with no server and no account."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.media import Media
from mmsprep.place import LOCATION_SUFFIX
from mmsprep.stores import KEY, Step

if TYPE_CHECKING:
    from mmsprep.settings import Settings


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Keep media in *root*.

    Without a base URL the folder is for a person, and files keep their own names; with one it is what a web
    server publishes, and files are named by their content, so that no name leaks and no cache goes stale.
    """

    root: Path
    base_url: str | None = None

    def put(self, media: Media, key: str) -> str:
        """Write beside, fsync, then link into place: a reader never sees half a file, a writer never overwrites."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with _unnamed(self.root) as beside, media.path.open("rb") as source:
                shutil.copyfileobj(source, beside)
                beside.flush()
                os.fchmod(beside.fileno(), 0o644)
                os.fsync(beside.fileno())
                path = self._place(beside, media.name, key)
        except OSError as error:
            raise Unavailable(
                "store", f"cannot write to {self.root}: {error.strerror}; free space or fix its permissions"
            ) from error
        return f"{self.base_url.rstrip('/')}/{quote(path.name)}" if self.base_url else path.absolute().as_uri()

    def init(self, *, public: bool) -> Iterator[Step]:
        """Make the folder; who may read it is for the web server to say."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                "store", f"cannot make {self.root}: {error.strerror}; make it, or fix its permissions"
            ) from error
        yield Step("folder", True, str(self.root))
        yield Step("retention", False, "a folder keeps for ever; run mmsprep store purge --older-than DAYS every day")
        if public:
            found = self.base_url or "set base_url to where a web server publishes the folder"
            yield Step("public read", self.base_url is not None, found)

    def purge(
        self, *, older_than_days: float | None = None, keys: Collection[str] = (), dry_run: bool = False
    ) -> Iterator[str]:
        """Erase files by age or key from a published folder; in a person's folder nothing tells ours from theirs."""
        if not self.base_url:
            raise Misconfigured(f"{self.root} has no base_url, so it is a person's folder; erase files there yourself")
        border = None if older_than_days is None else time.time() - older_than_days * 86_400
        try:
            for path in sorted(self.root.iterdir()) if self.root.is_dir() else []:
                if not KEY.fullmatch(path.name):
                    continue
                if path.name in keys or (border is not None and path.lstat().st_mtime <= border):
                    if not dry_run:
                        path.unlink(missing_ok=True)
                    yield path.name
        except OSError as error:
            raise Unavailable("store", f"cannot erase in {self.root}: {error.strerror}; fix its permissions") from error

    def _place(self, written: BinaryIO, name: str, key: str) -> Path:
        """Give the written file its name; another file of that name makes it ``beach-1f2e3d4c.jpg``."""
        suffix = next((each for each in (LOCATION_SUFFIX, Path(name).suffix) if name.endswith(each)), "")
        apart = f"{name.removesuffix(suffix)}-{key[:8]}{suffix}"
        for path in [self.root / key] if self.base_url else [self.root / name, self.root / apart]:
            try:
                _link(written, path)
            except FileExistsError:
                if not filecmp.cmp(path, _path_of(written), shallow=False):
                    continue
                if self.base_url:
                    os.utime(path)  # a link that is sent today must not be purged for its age tomorrow
            return path
        raise FileExistsError(17, f"{apart} is there with other content")


@contextmanager
def _unnamed(folder: Path) -> Iterator[BinaryIO]:
    """Open a new file in *folder* that is gone, however we end, unless it was given a name."""
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except (OSError, AttributeError):  # not every file system can, nor macOS: there a kill -9 leaves a hidden file
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".mmsprep-") as file:
            yield cast("BinaryIO", file)
        return
    with os.fdopen(descriptor, "w+b") as file:
        yield file


def _path_of(file: BinaryIO) -> Path:
    return Path(file.name if isinstance(file.name, str) else f"/proc/self/fd/{file.fileno()}")


def _link(file: BinaryIO, path: Path) -> None:
    """Give the open *file* a name; raises FileExistsError where there is one of that name."""
    # A folder's descriptor makes Python call linkat(2), which alone can follow the link in /proc.
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.link(_path_of(file), path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def from_url(url: str, settings: Settings) -> FolderStore:
    """Open the folder at a path or ``file://`` URL."""
    return FolderStore(Path(url.removeprefix("file://")).expanduser(), settings.base_url)
