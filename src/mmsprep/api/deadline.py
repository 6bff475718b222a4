"""End a request that takes too long in all: httpx bounds each read, and a server may send a byte now and then."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self


class Deadline:
    """Cut the connection of one request after *seconds*; give `trace` to it as httpcore's extension of that name.

    It works with connections that are made for the request: one that is reused is not announced.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._stream: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Learn which connection the request has (https://www.encode.io/httpcore/extensions/, trace)."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = info["return_value"]
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        self.passed = True
        with suppress(OSError, AttributeError, TypeError):
            # Not SSLSocket's own, which also forgets that the connection was encrypted.
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)
