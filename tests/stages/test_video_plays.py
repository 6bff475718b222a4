"""What is sent plays to its end in a browser that many handsets share the player of: Debian's headless Chromium."""

from __future__ import annotations

import http.server
import json
import queue
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.clips import ffmpeg, film

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job
from mmsprep.stages.video import STAGE

pytestmark = pytest.mark.services

PAGE = """<!doctype html><video id=v src="/film.mp4" muted></video><script>
const video = document.getElementById("v");
const tell = how => fetch("/told?" + new URLSearchParams({how: how, at: video.currentTime, seconds: video.duration,
  width: video.videoWidth, height: video.videoHeight, why: video.error ? video.error.message : ""}));
video.onended = () => tell("ended");
video.onerror = () => tell("error");
video.playbackRate = 2;
video.play().catch(error => tell("refused " + error));
</script>"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    return found


@contextmanager
def served(path: Path) -> Iterator[tuple[str, queue.Queue[dict[str, str]]]]:
    """Serve the page with the film on loopback, and take what the page tells."""
    told: queue.Queue[dict[str, str]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/told"):
                told.put(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)))
            is_film = self.path == "/film.mp4"
            body = path.read_bytes() if is_film else PAGE.encode()
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4" if is_film else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()


def played(chromium: str, path: Path, profile: Path) -> dict[str, str]:
    """Play the film in Chromium and give what became of it."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", f"--user-data-dir={profile}"]
    flags += ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage", "--no-first-run"]
    with served(path) as (url, told):
        browser = subprocess.Popen([chromium, *flags, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return told.get(timeout=120)
        finally:
            browser.kill()
            browser.wait()


def sources(tmp_path: Path) -> Iterator[Path]:
    """Make films of the kinds that go wrong elsewhere."""
    yield film(tmp_path / "plain.mp4")
    yield film(tmp_path / "full_colour.mkv", "-c:v", "libx264", "-pix_fmt", "yuv444p", size="321x181")
    yield film(tmp_path / "fast.avi", rate="60", sound="")
    yield film(tmp_path / "surround.mkv", "-ac", "6", "-c:v", "ffv1", "-c:a", "flac")
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "plain.mp4", "-c", "copy", tmp_path / "turned.mov")
    yield tmp_path / "turned.mov"


@pytest.mark.slow
def test_what_is_sent_plays_to_its_end_in_chromium(tmp_path: Path, chromium: str) -> None:
    for source in sources(tmp_path):
        workdir = tmp_path / f"{source.stem}-out"
        workdir.mkdir()
        profile = replace(load("pantheon"), max_bytes=60_000)
        media = Media(source, source.name, detect(source, Limits()))
        (made,) = STAGE.run(media, Job(profile=profile, workdir=workdir))
        facts = detect(made, Limits())
        told = played(chromium, made, tmp_path / f"{source.stem}-profile")
        assert told["how"] == "ended", json.dumps(told)
        assert float(told["at"]) == pytest.approx(facts.seconds, abs=0.1)
        assert (int(told["width"]), int(told["height"])) == (facts.width, facts.height)


def test_the_check_notices_a_film_that_does_not_play(tmp_path: Path, chromium: str) -> None:
    broken = film(tmp_path / "a.mkv", "-c:v", "mpeg4", sound="")
    assert played(chromium, broken, tmp_path / "profile")["how"] != "ended"
