"""A loopback server in front of another, which goes wrong as networks and servers do."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.servers.loopback import Loopback, Quiet, serving

CODES = {403: "AccessDenied", 409: "ConditionalRequestConflict", 412: "PreconditionFailed", 501: "NotImplemented"}
"""What S3 says with a status; with any other it is told to slow down."""


class Proxy(Loopback):
    """Pass requests on, but do to each of *methods* the next of *faults*; the last one stays if *lasting*.

    A fault is an HTTP status, ``silence`` (never answer), ``lost`` (the server did it, its answer never arrives),
    ``cut`` (half the body arrives, then both connections end), ``break`` (a third of the answer arrives) or ``pass``.
    """

    def __init__(self, upstream: str, faults: list[int | str], *, methods: tuple[str, ...], lasting: bool) -> None:
        super().__init__(_Handler)
        self.upstream = urlsplit(upstream)
        self.faults = faults
        self.methods = methods
        self.lasting = lasting
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def next_fault(self, method: str) -> int | str:
        with self._lock:
            self.seen.append(method)
            if method not in self.methods or not self.faults:
                return "pass"
            return self.faults[0] if self.lasting and len(self.faults) == 1 else self.faults.pop(0)


class _Handler(Quiet):
    server: Proxy

    def do_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.server.next_fault(self.command)
        if fault == "cut":
            self._forward(self.rfile.read(length // 2))
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault == "silence":
            self.server.stopping.wait(60)
            self.close_connection = True
        elif isinstance(fault, int):
            code = CODES.get(fault, "SlowDown")
            told = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>"
            self._answer(fault, {"Content-Type": "application/xml"}, told.encode())
        else:
            status, headers, content = self._forward(body)
            if fault == "lost":
                self.close_connection = True
            else:
                self._answer(status, headers, content, broken=fault == "break")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_any  # noqa: N815  the names that it looks for

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send it on with the same headers: the signature covers Host."""
        connection = http.client.HTTPConnection(self.server.upstream.netloc, timeout=10)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "connection"):
                connection.putheader(name, value)
        connection.endheaders()
        connection.send(body)
        if len(body) < int(self.headers.get("Content-Length", 0)):
            connection.close()
            return 0, {}, b""
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.headers.items()), content

    def _answer(self, status: int, headers: dict[str, str], content: bytes, *, broken: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 3] if broken else content)
        if broken:
            self.close_connection = True


@contextmanager
def faulty(
    upstream: str, *faults: int | str, methods: tuple[str, ...] = ("PUT",), lasting: bool = False
) -> Iterator[Proxy]:
    """Run a proxy in front of *upstream* that goes wrong as `Proxy` says."""
    with serving(Proxy(upstream, list(faults), methods=methods, lasting=lasting)) as proxy:
        yield proxy
