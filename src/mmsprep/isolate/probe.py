"""Find out, by trying each layer in a process of its own, what this machine grants."""

from __future__ import annotations

import sys

from . import namespaces
from .level import Layer, Level

_PURPOSES = {
    "user": "no capability outside",
    "pid": "everything ends with the item",
    "net": "no network",
    "ipc": "no shared memory or queue of others",
}


def probe() -> Level:
    """Try every layer; called once, in the helper, while it has one thread."""
    flags, why = namespaces.probe() if sys.platform == "linux" else (0, "only on Linux")
    spaces = tuple(
        Layer(f"{name} namespace", bool(flags & flag), _PURPOSES[name] if flags & flag else why)
        for name, flag in namespaces.NAMES.items()
    )
    return Level(spaces, namespaces=flags)
