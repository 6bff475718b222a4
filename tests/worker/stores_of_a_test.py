"""Stores that go wrong, for workers to run into: plugged in as a package of somebody's would be."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from mmsprep.errors import Unavailable


class Poison:
    """Kill the process that keeps something: what a decoder in the wrong place, or the machine, might do."""

    def put(self, media: Any, key: str) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


class Gate:
    """Note that something came, and keep it only once the gate is open."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def put(self, media: Any, key: str) -> str:
        with (self.root / "begun").open("a") as file:
            file.write(f"{os.getpid()}\n")
        while not (self.root / "open").exists():
            time.sleep(0.05)
        return f"https://media.example/{key}"


class Down:
    """Be unavailable until somebody repairs it."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def put(self, media: Any, key: str) -> str:
        with (self.root / "tried").open("a") as file:
            file.write(f"{time.time()}\n")
        if not (self.root / "repaired").exists():
            raise Unavailable("store", "the shelf is being repaired; try again later")
        return f"https://media.example/{key}"


def poison(url: str, settings: object) -> Poison:
    return Poison()


def gate(url: str, settings: object) -> Gate:
    return Gate(url.removeprefix("gate://"))


def down(url: str, settings: object) -> Down:
    return Down(url.removeprefix("down://"))
