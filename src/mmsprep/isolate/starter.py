"""Start the helper from the caller, and hold the caller's end of it."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmsprep.errors import Unavailable
from mmsprep.isolate import wire
from mmsprep.isolate.level import Level

_START_SECONDS = 60.0
"""For importing what is preloaded, on a slow and busy machine."""
_END_SECONDS = 5.0
"""For ending every item, before the helper itself is killed."""

_BOOTSTRAP = """
import fcntl, json, os, socket, sys
control = socket.socket(fileno=int(sys.argv[1]))
header, descriptors, _, _ = socket.recv_fds(control, 4, 1)
size, body = int.from_bytes(header, "big"), b""
while header and len(body) < size:
    body += control.recv(size - len(body)) or sys.exit(1)
fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(control, fcntl.F_SETFL, os.O_ASYNC)
try:
    header and control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) or sys.exit(1)
except BlockingIOError:
    pass
opening = json.loads(body)
sys.path[:] = opening["path"]
from mmsprep.isolate.helper import main
main(control, opening, descriptors)
"""
"""What the helper's Python is started with: it takes sys.path from the caller, since -I hides most of it.

Until it is ready, which takes a while, the end of the caller's side of the socket kills it by SIGIO.
"""

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR", "TMP", "TEMP")
"""All that an item may know of the caller's environment, which is full of secrets."""

_SETTINGS = {
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    # The same source gives the same bytes, wherever the machine stands.
    "TZ": "UTC",
    # Threads before a fork hang the child; threads after it multiply memory, and change what encoders write.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VIPS_CONCURRENCY": "1",
    # Each arena of malloc reserves 64 MB of address space.
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """What a helper is told once, when it starts."""

    preload: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    python: str | None = None
    fresh: bool = False


class Helper:
    """One helper process: alive from the making of this object until `close`, `kill` or the caller's end."""

    def __init__(self, opening: Opening) -> None:
        self._owner = os.getpid()
        self._fresh = opening.fresh
        self._sending = threading.Lock()
        self._control, theirs = socket_pair()
        with theirs, tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
                [_python(opening.python), "-I", "-c", _BOOTSTRAP, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                cwd="/",
                env=_environment(),
                # Out of the reach of the terminal's Ctrl-C, which is for the caller to act on.
                start_new_session=True,
            )
            theirs.close()
            try:
                self.level = self._greet(opening)
            except (OSError, EOFError, ValueError) as error:
                complaints.seek(0)
                why = complaints.read(100_000).decode(errors="replace").strip().rpartition("\n")[2] or repr(error)
                self.kill()
                raise Unavailable(
                    "tool", f"the isolation's helper did not start ({why}); see mmsprep doctor"
                ) from error
            except BaseException:
                self.kill()
                raise

    def _greet(self, opening: Opening) -> Level:
        self._control.settimeout(_START_SECONDS)
        path = [str(Path(entry).absolute()) for entry in sys.path if isinstance(entry, str)]
        caller = _pidfd()
        try:
            wire.send_frame(self._control, {"path": path, **asdict(opening)}, [] if caller is None else [caller])
        finally:
            if caller is not None:
                os.close(caller)
        answer, _ = wire.receive_frame(self._control)
        if "problem" in answer:
            raise ValueError(answer["problem"])
        return Level.from_dict(answer["level"])

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def order(self, message: dict[str, Any], descriptors: Sequence[int]) -> None:
        """Have one item started; raises OSError when the helper is gone."""
        with self._sending:
            wire.send_frame(self._control, message, descriptors)

    def release(self) -> None:
        """Take note that an item has ended: a helper that was started for it alone ends too."""
        if self._fresh:
            self.close()

    def close(self) -> None:
        """End the helper and everything it runs, and wait until it is gone."""
        if self._owner != os.getpid():
            return
        with suppress(OSError), self._sending:
            wire.send_frame(self._control, {"op": "end"})
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End a helper that does not answer."""
        self._process.kill()
        self._process.wait()
        self._control.close()

    def forget(self) -> None:
        """Leave the helper to the parent: called in the child after a fork."""
        self._control.close()
        # It is no child of this process: Popen would warn that nobody waited for it.
        self._process.returncode = 0


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Make a pair of sockets, above the standard descriptors even when the caller has closed those."""
    pair = socket.socketpair()
    with pair[0], pair[1]:
        first, second = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in pair)
    return socket.socket(fileno=first), socket.socket(fileno=second)


def _pidfd() -> int | None:
    """Open a descriptor that tells the end of this process; older kernels leave the helper the end of its socket."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(os.getpid())
    except OSError:
        return None


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**known, **_SETTINGS, "HOME": "/"}


def _python(python: str | None) -> str:
    found = python or sys.executable
    if not found or shutil.which(found) is None:
        raise Unavailable(
            "tool", f"no Python to start the isolation with ({found or 'sys.executable is empty'}); set its path"
        )
    return found
