"""A headless Chromium, driven by its own protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio"),
    *("--remote-debugging-port=0", "--force-prefers-reduced-motion"),
)
PATIENCE_SECONDS = 60


def program() -> str | None:
    """Find Chromium, as Debian or others call it."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One page of a browser: what it shows, and what it complains about."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._incoming = channel.makefile("rb")
        self._number = 0
        self.complaints: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Load *url* to its end."""
        self.call("Page.navigate", url=url)
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for one thing, taking note of what happens meanwhile."""
        self._number += 1
        self._send(json.dumps({"id": self._number, "method": method, "params": parameters}).encode())
        while (message := self._receive()).get("id") != self._number:
            pass
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return dict(message["result"])

    def run(self, script: str) -> Any:
        """Give the value of an expression, once its promise is kept."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """Press and let go a key."""
        for kind in ("keyDown", "keyUp"):
            words = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **words)

    def click(self, selector: str) -> None:
        """Click in the middle of what *selector* finds first, where it is seen."""
        place = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)}); "
            "found.scrollIntoView({block: 'center'}); const box = found.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Show the page in a window of this size, in light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """Take a picture of what is seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def _send(self, data: bytes) -> None:
        """Send one masked text frame (RFC 6455, 5.2)."""
        mask = os.urandom(4)
        length = struct.pack("!BH", 0xFE, len(data)) if len(data) > 125 else struct.pack("!B", 0x80 | len(data))
        body = bytes(each ^ mask[index % 4] for index, each in enumerate(data))
        self._channel.sendall(b"\x81" + length + mask + body)

    def _receive(self) -> dict[str, Any]:
        _, size = self._incoming.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", self._incoming.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._incoming.read(8))
        message: dict[str, Any] = json.loads(self._incoming.read(size))
        told = message.get("params", {})
        if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(told))
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"][:200])
        return message


@contextmanager
def page(chromium: str, profile: Path) -> Iterator[Page]:
    """Start Chromium with a *profile* folder of its own, and give its first page."""
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as browser:
        try:
            port = _port(browser)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE_SECONDS) as answer:
                url = next(each for each in json.load(answer) if each["type"] == "page")["webSocketDebuggerUrl"]
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as channel:
                _shake_hands(channel, port, url.partition(str(port))[2])
                yield Page(channel)
        finally:
            browser.kill()


def _port(browser: subprocess.Popen[bytes]) -> int:
    """Wait until Chromium says where it listens."""
    assert browser.stderr is not None
    while select.select([browser.stderr], [], [], PATIENCE_SECONDS)[0]:
        line = browser.stderr.readline()
        if b"DevTools listening on" in line:
            return int(line.partition(b"127.0.0.1:")[2].partition(b"/")[0])
        if not line:
            break
    raise AssertionError("Chromium did not start")


def _shake_hands(channel: socket.socket, port: int, path: str) -> None:
    """Open the WebSocket, byte by byte so that nothing of its first frame is lost."""
    key = base64.b64encode(os.urandom(16)).decode()
    channel.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += channel.recv(1)
    assert answer.startswith(b"HTTP/1.1 101"), answer
