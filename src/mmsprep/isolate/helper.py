"""Wait, warm, for items and fork each into a process of its own: the loop of the helper."""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from mmsprep.isolate import census, landlock, namespaces, privileges, scratch, wire
from mmsprep.isolate.job import Order
from mmsprep.isolate.libraries import python_paths
from mmsprep.isolate.probe import probe
from mmsprep.isolate.supervisor import close_all_but, supervise
from mmsprep.limits import Limits

_GRACE_SECONDS = 0.5
"""How long after its time a supervisor may still be there before the helper ends it."""


class Helper:
    """What the helper knows: its caller, its level, the supervisors that live and the directories in use."""

    def __init__(self, control: socket.socket, caller: int | None, opening: Mapping[str, Any]) -> None:
        self.control = control
        self.caller = caller
        self.readable = landlock.readable([*python_paths(opening["preload"]), *opening["readable"]])
        self.preload = tuple(opening["preload"]) if opening["fresh"] else ()
        self.level = probe(opening["without"])
        self.deadlines: dict[int, float] = {}
        self.bases: set[Path] = set()
        self.lifeline, self.lifeline_end = os.pipe()
        self.wakeup, wakeup_end = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(wakeup_end, False)
        signal.set_wakeup_fd(wakeup_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Start items until the caller says goodbye or is gone."""
        poll = select.poll()
        for descriptor in (self.control.fileno(), self.wakeup, *([] if self.caller is None else [self.caller])):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(self._patience())}
            if self.caller in ready:
                return
            if self.wakeup in ready:
                os.read(self.wakeup, 4096)
            self._reap()
            if self.control.fileno() in ready and not self._take_order():
                return

    def _patience(self) -> int | None:
        if not self.deadlines:
            return None
        return max(0, int((min(self.deadlines.values()) - time.monotonic()) * 1000)) + 1

    def _reap(self) -> None:
        for pid in census.reap():
            self.deadlines.pop(pid, None)
        for pid, deadline in self.deadlines.items():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
        if not self.level.namespaces & namespaces.PID:
            # A supervisor that was killed left its item to us.
            census.end_orphans(set(self.deadlines))

    def _take_order(self) -> bool:
        try:
            message, descriptors = wire.receive_frame(self.control)
        except (EOFError, OSError):
            return False
        if message["op"] == "end":
            self.bases.clear()
            return False
        if message["base"] is not None:
            self.bases.add(Path(message["base"]))
        self._spawn(message, descriptors)
        return True

    def _spawn(self, message: Mapping[str, Any], descriptors: list[int]) -> None:
        order = Order(
            task=message["task"],
            workdir=Path(message["workdir"]),
            limits=Limits(**message["limits"]),
            level=self.level,
            readable=self.readable,
            preload=self.preload,
        )
        try:
            pid = namespaces.fork(self.level.namespaces)
            if pid == 0:
                self._become_supervisor(order, descriptors)
            self.deadlines[pid] = time.monotonic() + order.limits.wall_seconds + _GRACE_SECONDS
        except OSError as error:
            _tell(descriptors[1], json.dumps({"how": "refused", "message": error.strerror}))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _become_supervisor(self, order: Order, descriptors: list[int]) -> NoReturn:
        try:
            gc.disable()
            signal.set_wakeup_fd(-1)
            close_all_but({self.lifeline, *descriptors})
            data, status, *source = descriptors
            channel, reports = socket.socket(fileno=data), socket.socket(fileno=status)
            supervise(order, channel, reports, source[0] if source else None, self.lifeline)
        finally:
            os._exit(1)

    def clean_up(self) -> None:
        """End every item, and remove the directories of a caller that is gone."""
        for pid in self.deadlines:
            os.kill(pid, signal.SIGKILL)
        census.end_all(namespace=False)
        until = time.monotonic() + 5.0  # on a busy machine what was killed takes its time to be gone
        while self.bases and time.monotonic() < until:
            gone = self.caller is not None and _is_readable(self.caller)
            for base in list(self.bases):
                if self._remove(base, owner_is_gone=gone):
                    self.bases.discard(base)
            time.sleep(0.005)

    @staticmethod
    def _remove(base: Path, *, owner_is_gone: bool) -> bool:
        if not owner_is_gone:
            return scratch.remove_if_abandoned(base)
        try:
            scratch.remove(base)
        except OSError:
            return False
        return True


def _tell(status: int, text: str) -> None:
    try:
        os.write(status, text.encode())
    except OSError:
        return


def _is_readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def main(control: socket.socket, opening: Mapping[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Be the helper: called by the few lines that the caller's Python was started with."""
    try:
        # The terminal's Ctrl-C, and a service manager's SIGTERM to the whole group, are for the caller to act on.
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        privileges.adopt_orphans()
        try:
            if not opening["fresh"]:
                _preload(opening["preload"])
            helper = Helper(control, descriptors[0] if descriptors else None, opening)
        except Exception as error:
            wire.send_frame(control, {"problem": f"{type(error).__name__}: {error}"})
            os._exit(1)
        fcntl.fcntl(control, fcntl.F_SETFL, 0)  # no more SIGIO: from here on the caller is polled
        wire.send_frame(control, {"level": helper.level.as_dict()})
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 2)
        # What was imported never becomes garbage: collecting it would copy its pages in every item.
        gc.collect()
        gc.freeze()
        helper.serve()
        helper.clean_up()
    finally:
        os._exit(0)


def _preload(names: list[str]) -> None:
    for name in names:
        importlib.import_module(name)
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.is_dir() else 1
    if threads != 1:
        # A fork keeps the forking thread alone: locks that the others held would stay locked in every item.
        raise RuntimeError(f"importing {', '.join(names)} started {threads - 1} threads; it cannot be preloaded")
