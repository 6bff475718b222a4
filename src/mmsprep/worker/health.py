"""Health: whether the worker lives, and whether it consumes, which is another matter."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from mmsprep.errors import Misconfigured
from mmsprep.worker.metrics import Metrics

STALLED_SECONDS = 30.0
"""Without a sign for so long, a worker is stalled: signs come every few seconds."""

AWAY_SECONDS = 600.0
"""How long a worker may look for a broker that is away before it counts as stalled itself."""


@dataclass
class Pulse:
    """The last signs of life: the loop that reads from the broker turned; something came through the broker."""

    clock: Callable[[], float] = time.monotonic
    turned: float = field(init=False)
    consumed: float | None = None
    lost: float | None = None

    def __post_init__(self) -> None:
        self.turned = self.clock()

    def turn(self) -> None:
        """Note that the loop turned."""
        self.turned = self.clock()
        self.lost = None

    def lose(self) -> None:
        """Note that the connection is gone: while it is looked for, the loop stands still."""
        self.lost = self.clock()

    def consume(self) -> None:
        """Note that a message came through the broker, or that none waits that could have come."""
        self.consumed = self.clock()

    @property
    def alive(self) -> bool:
        """Whether the loop turns. To begin anew would not bring back a broker that is away."""
        searching = self.lost is not None and self.clock() - self.lost < AWAY_SECONDS
        return searching or self.clock() - self.turned < 2 * STALLED_SECONDS

    @property
    def ready(self) -> bool:
        """Whether messages arrive: neither our own echo nor what waits in the queue is overdue."""
        return self.alive and self.consumed is not None and self.clock() - self.consumed < STALLED_SECONDS


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name it has
        pass


def check_free(host: str, port: int) -> None:
    """Raise Misconfigured where somebody else listens, before anything is begun."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise Misconfigured(f"nothing can listen on {host}:{port}: {error.strerror}; set worker.listen_port") from None


def serve(host: str, port: int, pulse: Pulse, metrics: Metrics) -> _Server:
    """Answer ``/live``, ``/ready`` and ``/metrics`` in a thread; give the server, to be closed."""
    from prometheus_client.exposition import make_wsgi_app

    exposition = make_wsgi_app(metrics.registry)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            metrics.ready.set(pulse.ready)
            found: Iterable[bytes] = exposition(environ, start_response)
            return found
        signs = {"/live": pulse.alive, "/ready": pulse.ready}
        if path not in signs:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"there are /live, /ready and /metrics\n"]
        start_response("200 OK" if signs[path] else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"yes\n" if signs[path] else b"no\n"]

    server: _Server = make_server(host, port, answer, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="mmsprep-health", daemon=True).start()
    return server
