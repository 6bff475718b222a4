"""Find out, by trying each layer in a process of its own, what this machine grants."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from mmsprep.isolate import landlock, namespaces, privileges, seccomp
from mmsprep.isolate.level import Layer, Level

_PURPOSES = {
    "user": "no capability outside",
    "pid": "everything ends with the item",
    "net": "no network",
    "ipc": "no shared memory or queue of others",
}

_OFF = "switched off"


def probe(without: Collection[str] = ()) -> Level:
    """Try every layer but those to do *without*; called once, in the helper, while it has one thread."""
    if sys.platform != "linux":
        return Level((Layer("namespaces", False, "only on Linux"),))
    unwanted = sum(flag for name, flag in namespaces.NAMES.items() if f"{name} namespace" in without)
    flags, why = namespaces.probe(unwanted)
    spaces = tuple(
        Layer(f"{name} namespace", bool(flags & flag), _PURPOSES[name] if flags & flag else why or _OFF)
        for name, flag in namespaces.NAMES.items()
    )
    files, abi = (Layer("landlock", False, _OFF), 0) if "landlock" in without else _probe_landlock()
    refusal = _OFF if "seccomp" in without else _attempt(seccomp.install)
    if not refusal:
        seccomp.prepared()
    calls = Layer("seccomp", not refusal, refusal or "no socket, no other process, none of the kernel's rarer parts")
    return Level((*spaces, files, calls), namespaces=flags, landlock=abi)


def _probe_landlock() -> tuple[Layer, int]:
    try:
        abi = landlock.version()
    except OSError as error:
        return Layer("landlock", False, error.strerror or str(error)), 0
    refusal = _attempt(lambda: landlock.restrict(abi, {}, workdir=Path("/"), source=None))
    if refusal:
        return Layer("landlock", False, refusal), 0
    covered = "files" + (", TCP" if abi >= 4 else "") + (", signals, abstract sockets" if abi >= 6 else "")
    return Layer("landlock", True, f"version {abi}: {covered}"), abi


def _attempt(measure: Callable[[], None]) -> str:
    """Try *measure* in a child of its own; gives why it was refused, or nothing."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            privileges.forbid_new()
            measure()
        except OSError as error:
            os.write(writing, (error.strerror or str(error)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        refusal = answer.read()
    return refusal if os.waitpid(pid, 0)[1] == 0 else refusal or "the attempt was killed"
