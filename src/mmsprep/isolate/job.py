"""Run the task of one item: the only process that touches untrusted bytes."""

from __future__ import annotations

import errno
import gc
import importlib
import json
import math
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from mmsprep.errors import PrepError
from mmsprep.isolate import landlock, privileges, seccomp, wire
from mmsprep.isolate.level import Level
from mmsprep.isolate.rlimits import Bounds
from mmsprep.limits import Limits

LOWER = struct.Struct("=ddd")
"""How an item tells its supervisor its own limits: bytes, seconds of CPU and of the clock, infinite for unchanged."""

_MAX_TEXT = 2_000
_MAX_TRACEBACK = 8_000


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, where, and within what."""

    task: str
    workdir: Path
    limits: Limits
    level: Level
    readable: Mapping[str, int]
    preload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inside:
    """What a task has besides its arguments."""

    source: Path | None
    """A path by which the input can be opened as often as needed, by this process and its children."""
    workdir: Path
    _channel: socket.socket = field(repr=False)
    _bounds: Bounds = field(repr=False)
    _lowering: int = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Send *event*, which must be JSON, to the caller."""
        self._say({"event": dict(event)})

    def lower(self, memory_bytes: int | None, cpu_seconds: float | None, wall_seconds: float | None = None) -> None:
        """Lower this item's own limits, once it knows what the file is; they never rise again.

        The first call also ends the time for detection: from then on its limits are these, or the ceilings.
        """
        self._bounds.lower(memory_bytes, cpu_seconds)
        wanted = (memory_bytes, cpu_seconds, wall_seconds)
        os.write(self._lowering, LOWER.pack(*(math.inf if each is None else each for each in wanted)))

    def _say(self, message: Mapping[str, Any]) -> None:
        line = wire.as_line(message)
        with self._lock:
            self._channel.sendall(line)


def run(order: Order, channel: socket.socket, lowering: int, source: int | None) -> NoReturn:
    """Do one item from arguments to result, and end."""
    code = 1
    try:
        _say_outcome(channel, _outcome(order, channel, lowering, source))
        code = 0
    finally:
        # Not sys.exit: no handler, thread or buffer of the helper's is this process's business.
        os._exit(code)


def _outcome(order: Order, channel: socket.socket, lowering: int, source: int | None) -> dict[str, Any]:
    try:
        arguments = json.loads(wire.receive_bytes(channel))
        _settle_in(order)
        function = _load(order)
        bounds = Bounds()
        inside = Inside(_reopen(source, order.workdir), order.workdir, channel, bounds, lowering)
        _confine(order, bounds, source)
    except Exception as problem:
        return {"error": "setup", **_described(problem)}
    try:
        return {"result": function(arguments, inside)}
    except PrepError as error:
        return {"error": error.status, "reason": error.reason, "message": error.message}
    except MemoryError as problem:
        return {"error": "memory", **_described(problem)}
    except OSError as problem:
        return {"error": _ERRNO_KINDS.get(problem.errno or 0, "exception"), **_described(problem)}
    except BaseException as problem:
        return {"error": "exception", **_described(problem)}


_ERRNO_KINDS = {
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EFBIG: "file-size",
    errno.ENOMEM: "memory",
}


def _say_outcome(channel: socket.socket, outcome: dict[str, Any]) -> None:
    try:
        channel.sendall(wire.as_line(outcome))
    except (TypeError, ValueError) as problem:
        channel.sendall(wire.as_line({"error": "exception", **_described(problem)}))


def _described(problem: BaseException) -> dict[str, str]:
    text = f"{type(problem).__name__}: {problem}"[:_MAX_TEXT]
    return {"message": text, "traceback": "".join(traceback.format_tb(problem.__traceback__))[-_MAX_TRACEBACK:] + text}


def _settle_in(order: Order) -> None:
    """Make the item's directory the home of everything that looks for one."""
    gc.enable()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.umask(0o077)
    os.chdir(order.workdir)
    tempfile.tempdir = str(order.workdir)
    os.environ.update(TMPDIR=tempfile.tempdir, HOME=tempfile.tempdir)


def _load(order: Order) -> Callable[[Any, Inside], Any]:
    for name in order.preload:
        importlib.import_module(name)
    module, _, attribute = order.task.partition(":")
    function: Any = importlib.import_module(module)
    for part in attribute.split("."):
        function = getattr(function, part)
    return function  # type: ignore[no-any-return]


def _reopen(source: int | None, workdir: Path) -> Path | None:
    """Find a path of the input that this process and its children can open, read-only and from the start."""
    if source is None:
        return None
    if sys.platform == "darwin":
        import fcntl

        return Path(os.fsdecode(fcntl.fcntl(source, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0")))
    try:
        # The number of this process as /proc shows it, which in a namespace of ours getpid() is not; and not
        # "self", for a child such as ffmpeg does not inherit the descriptor.
        path = Path("/proc", os.readlink("/proc/self"), "fd", str(source))  # noqa: PTH115
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        return path
    except OSError:
        return _copied(source, workdir)


def _copied(source: int, workdir: Path) -> Path:
    """Copy the input: its owner is somebody else, so it can be read but not opened again, or /proc is missing."""
    path = workdir / ".source"
    with os.fdopen(os.dup(source), "rb") as original, path.open("xb") as copy:
        original.seek(0)
        shutil.copyfileobj(original, copy, 1 << 20)
    return path


def _confine(order: Order, bounds: Bounds, source: int | None) -> None:
    """Raise every wall that the machine grants; nothing of the input has been read before."""
    bounds.impose(order.limits, own_user_namespace=order.level.has("user namespace"))
    if sys.platform != "linux":
        return
    privileges.forbid_new()
    privileges.drop_capabilities()
    if order.level.has("landlock"):
        landlock.restrict(order.level.landlock, order.readable, workdir=order.workdir, source=source)
    # Last: the filter denies what the others are made of.
    if order.level.has("seccomp"):
        seccomp.install()
