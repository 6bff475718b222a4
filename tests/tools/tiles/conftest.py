"""A tile server on loopback with the faults that real ones have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from PIL import Image

from mmsprep.tools.tiles import TileId, TileSource

Answer = tuple[int, dict[str, str], bytes]


def tile_png(tile: TileId, side: int = 256) -> bytes:
    """Draw a tile that tells itself from its neighbours: its number in its colour."""
    colour = (40 + tile.x * 53 % 160, 40 + tile.y * 71 % 160, 40 + tile.zoom * 9)
    buffer = BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Server:
    """What the server answers, and what it was asked."""

    port: int = 0
    answer: Callable[[TileId], Answer] = lambda tile: (200, {}, tile_png(tile))
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def source(self, **settings: object) -> TileSource:
        template = f"http://127.0.0.1:{self.port}/{{z}}/{{x}}/{{y}}.png"
        given = {
            "template": template,
            "attribution": "© Testers",
            "tile_seconds": 10.0,
            "map_seconds": 30.0,
            "cache": None,
        }
        return TileSource(**given | settings)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with state.lock:
                state.asked.append(self.path)
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            zoom, x, y = (int(part.split(".")[0].split("@")[0]) for part in self.path.split("?")[0].split("/")[1:4])
            status, headers, body = state.answer(TileId(zoom, x, y))
            with state.lock:
                state.at_once -= 1  # before the client can know that it may ask again
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        state.port = http.server_address[1]
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        http.shutdown()


def slow(tile: TileId) -> Answer:
    time.sleep(1.0)
    return 200, {}, tile_png(tile)
