"""Run tasks on untrusted input where they can do no harm: the caller's side."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mmsprep.errors import Unavailable
from mmsprep.isolate import scratch, wire
from mmsprep.isolate.item import Emit, Item, ignore
from mmsprep.isolate.level import Level
from mmsprep.isolate.starter import Helper, Opening, socket_pair
from mmsprep.limits import Limits

log = logging.getLogger("mmsprep.isolate")


class Sandbox:
    """Start items in processes of their own, forked from one warm helper.

    Safe to share among threads; a forked child gets a helper of its own. The helper starts with the first item
    and ends with `close`, with the garbage collection of this object, or with the process, however that ends.

    *preload* names modules to be imported in the helper, *readable* paths that items may read besides Python and
    the system's libraries (a program installed elsewhere). With *require*, a machine that does not grant every
    layer is `Unavailable`. *python* is the interpreter to run, where ``sys.executable`` is not one.
    *fresh* starts a new process for each item, as is always done on macOS. *without* names layers to do without,
    to measure them and to test what happens on machines that do not grant them.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str] = (),
        require: bool = False,
        python: str | None = None,
        readable: Sequence[str | os.PathLike[str]] = (),
        fresh: bool | None = None,
        without: Sequence[str] = (),
    ) -> None:
        if sys.platform not in ("linux", "darwin"):
            raise Unavailable("tool", f"untrusted files cannot be isolated on {sys.platform}; use Linux or macOS")
        self._require = require
        self._opening = Opening(
            preload=tuple(preload),
            readable=tuple(str(Path(path).absolute()) for path in readable),
            without=tuple(without),
            python=python,
            # The system's libraries on macOS do not survive a fork once used.
            fresh=sys.platform == "darwin" if fresh is None else fresh,
        )
        self._lock = threading.Lock()
        self._helper: Helper | None = None
        self._items: weakref.WeakSet[Item] = weakref.WeakSet()
        self._level: Level | None = None
        self._end: weakref.finalize[..., Any] | None = None
        _watch_forks().add(self)

    def start(
        self,
        task: str,
        arguments: Mapping[str, Any],
        *,
        limits: Limits,
        workdir: Path,
        source: int | None = None,
        emit: Emit = ignore,
    ) -> Item:
        """Start the function named by *task* (``module:function``), which is called with *arguments* and `Inside`.

        *arguments* and what the function returns are JSON. *source* is an open descriptor of its input, *workdir*
        its directory (see `item_directory`), the only place it can write to. Raises `Unavailable`.
        """
        letter = json.dumps(arguments).encode()
        if len(letter) > wire.MAX_FRAME_BYTES:
            raise ValueError(f"arguments of {len(letter)} bytes are over {wire.MAX_FRAME_BYTES}")
        base = scratch.current_base()
        message = {
            "op": "item",
            "task": task,
            "workdir": str(Path(workdir).absolute()),
            "base": None if base is None else str(base),
            "limits": asdict(limits),
        }
        channel, their_channel = socket_pair()
        status, their_status = socket_pair()
        with their_channel, their_status:
            descriptors = [their_channel.fileno(), their_status.fileno(), *([] if source is None else [source])]
            try:
                helper = self._ordered(message, descriptors)
            except BaseException:
                channel.close()
                status.close()
                raise
        item = Item(helper, channel, status, limits=limits, emit=emit)
        self._items.add(item)
        with suppress(OSError):
            # An item that is gone already tells so by its status.
            channel.settimeout(limits.wall_seconds)
            wire.send_bytes(channel, letter)
        return item

    def _ordered(self, message: dict[str, Any], descriptors: Sequence[int]) -> Helper:
        for _ in range(2):
            helper = self._warm()
            try:
                helper.order(message, descriptors)
                return helper
            except OSError:
                # It died since the last item; the next one is new.
                helper.close()
        raise Unavailable("tool", "the isolation's helper does not stay alive; see mmsprep doctor")

    def _warm(self) -> Helper:
        """Give the helper, started if there is none."""
        with self._lock:
            if self._opening.fresh:
                return self._new_helper()
            if self._helper is not None and self._helper.alive:
                return self._helper
            if self._end is not None:
                self._end()
            self._helper = self._new_helper()
            self._end = weakref.finalize(self, self._helper.close)
            return self._helper

    def _new_helper(self) -> Helper:
        scratch.sweep()
        helper = Helper(self._opening)
        if self._level is None:
            log.info("isolation: %s", helper.level)
        self._level = helper.level
        if self._require and not helper.level.complete:
            missing = ", ".join(f"{layer.name} ({layer.why})" for layer in helper.level.missing)
            helper.close()
            raise Unavailable(
                "tool", f"this machine does not grant the whole isolation: no {missing}; see mmsprep doctor"
            )
        return helper

    @property
    def level(self) -> Level:
        """Which layers hold on this machine; starts the helper if it has not been asked before."""
        if self._level is None:
            helper = self._warm()
            if self._opening.fresh:
                helper.close()
        assert self._level is not None
        return self._level

    def close(self) -> None:
        """End the helper and with it every item still at work; whoever waits for one gets `Cancelled`."""
        for item in list(self._items):
            item.cancel()
        with self._lock:
            if self._end is not None:
                self._end()
            self._helper = None
            self._end = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _after_fork(self) -> None:
        """Start anew in the child of a fork: the helper, its items and the lock, perhaps held, are the parent's."""
        self._lock = threading.Lock()
        for item in self._items:
            item.abandon()
        self._items = weakref.WeakSet()
        if self._end is not None:
            self._end.detach()
            self._end = None
        if self._helper is not None:
            self._helper.forget()
            self._helper = None


@functools.cache
def _watch_forks() -> weakref.WeakSet[Sandbox]:
    """Give the set of all sandboxes of this process, which a fork tells of it."""
    living: weakref.WeakSet[Sandbox] = weakref.WeakSet()

    def tell() -> None:
        for sandbox in list(living):
            sandbox._after_fork()

    os.register_at_fork(after_in_child=tell)
    return living
