"""One item in flight, as its caller sees it."""

from __future__ import annotations

import json
import math
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self

from mmsprep.isolate import wire
from mmsprep.isolate.starter import Helper
from mmsprep.isolate.verdict import Ending, judge
from mmsprep.limits import Limits

Emit = Callable[[dict[str, Any]], None]

_SILENCE_SECONDS = 3.0
"""After the end of its time, how long an item's supervisor and the helper may keep silent before both are ended."""

_MAX_STATUS_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What an item took, all of its processes together."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    memory_bytes: int = 0


def ignore(event: dict[str, Any]) -> None:
    """Take an event and do nothing."""


class Item:
    """One task at work in its own process.

    As a context manager it leaves nothing behind: an item that is left before its end is cancelled, and
    everything it started is gone when ``with`` ends.
    """

    def __init__(
        self, helper: Helper, channel: socket.socket, status: socket.socket, *, limits: Limits, emit: Emit
    ) -> None:
        self.usage = Usage()
        self._helper = helper
        self._channel = channel
        self._status = status
        self._limits = limits
        self._emit = emit
        self._deadline = time.monotonic() + limits.wall_seconds + _SILENCE_SECONDS
        self._lines = wire.Lines()
        self._untrusted_outcome: Mapping[str, Any] | None = None
        self._garbage = ""
        self._ending: Ending | None = None
        self._following = threading.RLock()
        self._cancelling = threading.Lock()
        self._cancelled = False

    def result(self) -> Any:
        """Wait for the end, calling ``emit`` in this thread as events arrive, and give what the task returned.

        Raises `Rejected` or `Unavailable`, whose messages do not name the file, and `Cancelled`.
        """
        with self._following:
            ending = self._settle(self._emit)
        return judge(ending, self._untrusted_outcome, self._garbage, self._limits)

    def cancel(self) -> None:
        """End the item, from any thread; what waits for its result then gets `Cancelled`."""
        with self._cancelling:
            self._cancelled = True
            with suppress(OSError):
                self._status.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._ending is None:
                self.cancel()
            with self._following:
                self._settle(ignore)
        finally:
            self.drop()

    def __del__(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Close this process's ends of the sockets, which ends the item unless a forked sibling holds copies."""
        with self._cancelling:
            self._channel.close()
            self._status.close()

    def abandon(self) -> None:
        """Close the copies that a fork made of this item's sockets; threads that held its locks did not come along."""
        self._cancelling = threading.Lock()
        self._following = threading.RLock()
        self._ending = Ending()
        self.drop()

    def _settle(self, emit: Emit) -> Ending:
        """Follow the item to its end, once."""
        if self._ending is None:
            ending = self._follow(emit)
            if self._cancelled and not self._garbage and ending.how in ("lost", "cancelled"):
                ending = Ending(how="cancelled")
            self.usage = Usage(ending.cpu_seconds, ending.wall_seconds, ending.peak_bytes)
            self._ending = ending
            self.drop()
            self._helper.release()
        return self._ending

    def _follow(self, emit: Emit) -> Ending:
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._status, select.POLLIN)
        while (left := self._deadline - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in poll.poll(math.ceil(left * 1000))}
            # The end is told by the supervisor: whoever survives could hold the item's own channel open for ever.
            over = self._status.fileno() in ready
            if self._channel.fileno() in ready and not self._listen(emit, everything=over):
                poll.unregister(self._channel)
            if over:
                return self._read_ending()
        self._helper.kill()
        return Ending()

    def _listen(self, emit: Emit, *, everything: bool) -> bool:
        """Take what the item has said so far; gives False when there is no more to come."""
        while not self._garbage:
            try:
                untrusted_bytes = self._channel.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not untrusted_bytes:
                return False
            self._understand(untrusted_bytes, emit)
            if not everything:
                return True
        return False

    def _understand(self, untrusted_bytes: bytes, emit: Emit) -> None:
        try:
            for untrusted_line in self._lines.feed(untrusted_bytes):
                if self._untrusted_outcome is not None:
                    raise wire.Garbage("more after the end")
                if untrusted_line.keys() == {"event"} and isinstance(untrusted_line["event"], dict):
                    emit(untrusted_line["event"])
                elif "result" in untrusted_line or "error" in untrusted_line:
                    self._untrusted_outcome = untrusted_line
                else:
                    raise wire.Garbage("neither an event nor an outcome")
        except wire.Garbage as garbage:
            self._garbage = str(garbage)
            self.cancel()

    def _read_ending(self) -> Ending:
        self._status.settimeout(_SILENCE_SECONDS)
        report = b""
        with suppress(OSError):
            while len(report) < _MAX_STATUS_BYTES and (part := self._status.recv(_MAX_STATUS_BYTES)):
                report += part
        if not report:
            return Ending()
        known = {field.name for field in fields(Ending)}
        return Ending(**{name: value for name, value in json.loads(report).items() if name in known})
