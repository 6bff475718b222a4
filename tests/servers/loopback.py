"""What the servers that run in a test's own process share: they keep quiet, answer in threads, and end at once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from tests.servers.certificate import self_signed


class Loopback(ThreadingHTTPServer):
    """A server at a port of its own; answers that wait must look at ``stopping``."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler], *, listening: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), handler, bind_and_activate=False)
        self.server_bind()
        if listening:
            self.server_activate()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        scheme = "https" if isinstance(self.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self.server_port}"

    def speak_tls(self, folder: Path) -> Path:
        """Encrypt from now on, by a certificate that signs itself, and return where that is."""
        certificate, key = self_signed(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        return certificate

    def handle_error(self, *_: object) -> None:
        """Keep quiet: many answers are meant to break, and many clients to hang up."""


class Quiet(BaseHTTPRequestHandler):
    """A handler that keeps connections open and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


AnyLoopback = TypeVar("AnyLoopback", bound=Loopback)


@contextmanager
def serving(server: AnyLoopback) -> Iterator[AnyLoopback]:
    """Answer in a thread of its own until the end."""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
