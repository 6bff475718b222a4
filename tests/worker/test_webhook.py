"""The webhook: signed, to the one host of the settings, and an answer that was not taken is given again."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings
from mmsprep.worker import webhook

SECRET = "a-secret-that-must-never-be-seen"
BODY = '{"job":"a-1","status":"ready","source":"Größe"}'.encode()


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/secret-path"

    def answered(self, status: int) -> bool:
        return status in self.statuses


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.status
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.server.statuses.append(status)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {}, b""))
        self.send_response(200)
        self.end_headers()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen in a thread of its own until the end."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def options(url: str, secret: str | None = SECRET) -> Any:
    return Settings.load(worker={"webhook_url": url, "webhook_secret": secret}).worker


def test_the_receiver_can_tell_that_it_is_us_and_when(receiver: Receiver) -> None:
    webhook.post(options(receiver.url), "a-1", BODY)
    ((path, headers, body),) = receiver.asked
    assert (path, body, headers["mmsprep-job"]) == ("/hooks/secret-path", BODY, "a-1")
    parts = dict(part.split("=", 1) for part in headers["mmsprep-signature"].split(","))
    expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], expected)


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_what_is_not_taken_is_given_again_and_goes_nowhere_else(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Unavailable, match=f"the webhook answered {status}") as caught:
        webhook.post(options(receiver.url), "a-1", BODY)
    assert len(receiver.asked) == 1
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable_and_its_url_stays_secret(receiver: Receiver) -> None:
    receiver.shutdown()
    receiver.server_close()
    with pytest.raises(Unavailable, match="did not answer") as caught:
        webhook.post(options(receiver.url), "a-1", BODY)
    assert "secret-path" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "ftp://example.com/x", "https://", "https://user:password@example.com/", "example.com"],
)
def test_an_address_that_would_be_overheard_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"worker\.webhook_url"):
        options(url)


def test_without_a_secret_there_is_no_webhook() -> None:
    with pytest.raises(Misconfigured, match=r"worker\.webhook_secret"):
        webhook.check(options("https://example.com/x", None))


def test_without_an_address_nothing_is_sent(receiver: Receiver) -> None:
    webhook.post(Settings.load().worker, "a-1", BODY)
    assert receiver.asked == []
