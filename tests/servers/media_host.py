"""A server on loopback with every way in which a file's host can be at fault."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from io import BytesIO

from PIL import Image
from tests.servers.loopback import Loopback, Quiet


def photo() -> bytes:
    """Make a small JPEG with nothing wrong about it."""
    saved = BytesIO()
    Image.radial_gradient("L").convert("RGB").save(saved, "JPEG")
    return saved.getvalue()


class Host(Loopback):
    def __init__(self, photo: bytes) -> None:
        super().__init__(Handler)
        self.photo = photo
        self.asked: list[tuple[str, str]] = []
        self.called: list[str | None] = []
        """The names by which it was asked: the Host headers."""


class Handler(Quiet):
    server: Host

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.asked.append((self.command, self.path))
        self.server.called.append(self.headers["Host"])
        self.close_connection = True
        name = self.path.partition("?")[0].strip("/").replace("-", "_").replace(".", "_")
        answer: Callable[[], None] = getattr(self, f"_{name}", lambda: self._give(404, b"none here"))
        answer()

    def _give(
        self,
        status: int = 200,
        body: bytes | None = None,
        kind: str | None = "image/jpeg",
        length: int | None = -1,
        **headers: str,
    ) -> None:
        body = self.server.photo if body is None else body
        self.send_response(status)
        if kind is not None:
            self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _photo_jpg(self) -> None:
        self._give(etag='"1"')

    def _etag_by_get(self) -> None:
        self._give(etag='"1"') if self.command == "GET" else self._give()

    def _etag_weak_by_head(self) -> None:
        self._give(etag='"1"' if self.command == "GET" else 'W/"1"')

    def _photo_jpg_alias(self) -> None:
        self._give(kind="image/jpg; charset=binary")

    def _presigned(self) -> None:
        self._give(403, b"SignatureDoesNotMatch", "application/xml") if self.command == "HEAD" else self._give()

    def _head_not_allowed(self) -> None:
        self._give(405, b"", None) if self.command == "HEAD" else self._give()

    def _compressed(self) -> None:
        self._give(body=gzip.compress(self.server.photo, mtime=0), Content_Encoding="gzip")

    def _as_it_is(self) -> None:
        self._give(Content_Encoding="identity")

    def _broken(self) -> None:
        self._give(503, b"SlowDown", "application/xml")

    def _no_head(self) -> None:
        if self.command == "GET":
            self._give()

    def _private(self) -> None:
        self._give(403, b"AccessDenied", "application/xml")

    def _wrong_type(self) -> None:
        self._give(kind="image/png")

    def _octets(self) -> None:
        self._give(kind="application/octet-stream")

    def _no_type(self) -> None:
        self._give(kind=None)

    def _rude_type(self) -> None:
        self._give(kind="image/\x1b[2J\x1b[31mpng" + "x" * 500)

    def _disagreeing(self) -> None:
        self._give(length=None if self.command == "HEAD" else -1)

    def _no_length(self) -> None:
        self._give(length=None)

    def _chunked(self) -> None:
        self._give(body=b"", length=None, Transfer_Encoding="chunked")
        if self.command == "GET":
            photo = self.server.photo
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(photo), photo))

    def _cut_chunks(self) -> None:
        self._give(body=b"", length=None, Transfer_Encoding="chunked")
        if self.command == "GET":
            self.wfile.write(b"ffff\r\nabc")

    def _truncated(self) -> None:
        self._give(body=self.server.photo[:-50], length=len(self.server.photo))

    def _page(self) -> None:
        self._give(body=b"<!DOCTYPE html><html><body>Please log in</body></html>", kind="text/html")

    def _empty(self) -> None:
        self._give(body=b"")

    def _damaged(self) -> None:
        self._give(body=self.server.photo[:40])

    def _huge(self) -> None:
        self._give(body=b"", length=10**12)
        if self.command == "GET":
            while not self.server.stopping.is_set():
                self.wfile.write(bytes(1 << 20))

    def _slow(self) -> None:
        if self.command == "GET":
            time.sleep(0.6)
        self._give()

    def _silent(self) -> None:
        self.server.stopping.wait(20)

    def _dripping_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            if self.server.stopping.wait(0.1):
                return
            self.wfile.write(b"X-%d: 1\r\n" % number)
            self.wfile.flush()

    def _dripping_body(self) -> None:
        self._give(body=b"", length=1_000)
        while self.command == "GET" and not self.server.stopping.wait(0.1):
            self.wfile.write(b"x")
            self.wfile.flush()

    def _endless_continue(self) -> None:
        while not self.server.stopping.is_set():
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)

    def _garbage(self) -> None:
        self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")

    def _hangs_up(self) -> None:
        """Close without a word."""

    def _endless_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1_000)

    def _redirect(self) -> None:
        self._give(302, b"", None, Location="/photo.jpg?token=secret")

    def _circle(self) -> None:
        self._give(302, b"", None, Location="/circle-back")

    def _circle_back(self) -> None:
        self._give(302, b"", None, Location="/circle")

    def _far(self) -> None:
        hop = int(self.path.partition("?")[2] or 0)
        self._give(302, b"", None, Location=f"/far?{hop + 1}")

    def _to_nonsense(self) -> None:
        self._give(302, b"", None, Location="http://[nonsense")

    def _to_secret(self) -> None:
        self._give(302, b"", None, Location="https://user:hunter2@127.0.0.1/?hunter2")

    def _to_file(self) -> None:
        self._give(302, b"", None, Location="file:///etc/passwd")

    def _inwards(self) -> None:
        self._give(302, b"", None, Location="http://inside.example/photo.jpg")

    def _once(self) -> None:
        seen = sum(1 for _, path in self.server.asked if path == self.path)
        self._give() if seen <= 2 else self._give(404, b"gone")

    def _changing(self) -> None:
        self._give(etag=f'"{len(self.server.asked)}"')
