"""Other people's hostile files, and their sound ones, through the command line, two at a time."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.conftest import all_bytes

from mmsprep.errors import REJECTED_CODES

pytestmark = [pytest.mark.slow, pytest.mark.corpus]

PORT = 18_999
"""Where the corpus's files would fetch from."""

CANARY = Path("/tmp/corpus/hostile/canary.txt")
"""What the corpus's files would read."""

PLANTED = [
    b"CANARY-LOCAL-FILE-CONTENT",
    b"Jane Secret",
    b"SpyCam",
    b"SpyPhone",
    b"private comment",
    b"<script",
    b"CAFEBABE",
    b"PK\x05\x06",
    b"app.alert",
    b"cmd.exe",
    # A link to the web may stay in a document; what is called or fetched without a tap may not.
    b"127.0.0.1:18999/f",
    b"127.0.0.1:18999/p",
    b"127.0.0.1:18999/s",
    b"127.0.0.1:18999/k",
    b"javascript:",
    b"/EmbeddedFile",
    b"/Launch",
    b"X-PRIVATE",
]


@contextmanager
def listening() -> Iterator[list[str]]:
    """Listen where the files would connect to, and give whoever does."""
    met: list[str] = []
    with socket.create_server(("127.0.0.1", PORT)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                met.append(str(address))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield met
        finally:
            ended.set()
            thread.join()


@contextmanager
def watched(source: Path) -> Iterator[list[str]]:
    """Lay the canary where the files look for it, and give each opening of it (inotify(7))."""
    made = not CANARY.parent.exists()
    CANARY.parent.mkdir(parents=True, exist_ok=True)
    CANARY.write_bytes(source.read_bytes())
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(descriptor, os.fsencode(CANARY), 0x21) > 0  # IN_ACCESS | IN_OPEN
    opened: list[str] = []
    try:
        yield opened
        try:
            os.read(descriptor, 4096)
            opened.append("the canary was opened")
        except BlockingIOError:
            pass
    finally:
        os.close(descriptor)
        CANARY.unlink()
        if made:
            CANARY.parent.rmdir()


def prepared(files: list[Path], store: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Prepare all files and give each one's JSON, and what was said besides."""
    command = [sys.executable, "-m", "mmsprep", "prepare", "--json", "-j", "2", "--store", str(store), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr[-2_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(files)
    return {line["source"]: line for line in lines}, done.stderr


def manifest(folder: Path) -> list[dict[str, str]]:
    head, *rows = (folder / "MANIFEST.tsv").read_text().splitlines()
    return [dict(zip(head.split("\t"), row.split("\t"), strict=False)) for row in rows]


@pytest.fixture(scope="module")
def hostile(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, store = corpus / "hostile", tmp_path_factory.mktemp("store")
    rows = [row for row in manifest(folder) if row["file"] != "canary.txt"]
    with listening() as met, watched(folder / "canary.txt") as opened:
        lines, said = prepared([folder / row["file"] for row in rows], store)
    return {"rows": rows, "lines": lines, "said": said, "met": met, "opened": opened, "store": store, "folder": folder}


def test_every_hostile_file_ends_clean_or_rejected_with_a_reason(hostile: dict[str, Any]) -> None:
    for row in hostile["rows"]:
        line = hostile["lines"][str(hostile["folder"] / row["file"])]
        assert line["status"] in ("ready", "rejected"), line
        if line["status"] == "rejected":
            assert line["reason"] in REJECTED_CODES, line
            assert "cannot be decoded (" not in line["message"], line
            assert "misbehaved" not in line["message"], line


def test_what_must_be_rejected_is(hostile: dict[str, Any]) -> None:
    """Where the manifest leaves a choice, such as “reject or sanitise”, either will do."""
    wrong = [
        row["file"]
        for row in hostile["rows"]
        if row["must_do"].startswith("reject")
        and " or " not in row["must_do"]
        and row["file"] not in FINE
        and hostile["lines"][str(hostile["folder"] / row["file"])]["status"] != "rejected"
    ]
    assert wrong == []


FINE = {
    # Named after the crashes that they once caused; a decoder of today reads their pixels to the end.
    "image/crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif",
    "image/crash-74d2a78403a5a59db1fb0a2b8735ac068a75f6e3.tif",
}


def test_what_is_sound_behind_its_metadata_is_ready(hostile: dict[str, Any]) -> None:
    wrong = [
        row["file"]
        for row in hostile["rows"]
        if row["must_do"].startswith("sanitise: output has no")
        and hostile["lines"][str(hostile["folder"] / row["file"])]["status"] != "ready"
    ]
    assert wrong == []


def test_no_traceback_and_no_signal_is_told(hostile: dict[str, Any]) -> None:
    said = hostile["said"] + json.dumps(list(hostile["lines"].values()))
    for word in ("Traceback", "SIG", "crashed", "stopped without an answer", "isolation ended", "\x1b"):
        assert word not in said


def test_nobody_is_called_and_the_canary_is_not_read(hostile: dict[str, Any]) -> None:
    assert hostile["met"] == []
    assert hostile["opened"] == []


def test_nothing_planted_leaves(hostile: dict[str, Any]) -> None:
    outputs = [path for path in hostile["store"].rglob("*") if path.is_file()]
    assert len(outputs) > 50
    leaked = [(path.name, word) for path in outputs for word in PLANTED if word in all_bytes(path)]
    assert leaked == []


UNSOUND = {"bomb_giant_giant-image.jpg", "pdfjs__test_pdfs_poppler-742-0-fuzzed.pdf", "MANIFEST.tsv"}


@pytest.mark.parametrize("kind", ["images", "video", "audio", "pdf", "vcard"])
def test_of_the_sound_files_nearly_all_pass(kind: str, corpus: Path, tmp_path: Path) -> None:
    """Otherwise whoever refuses everything would win."""
    files = [path for path in sorted((corpus / kind).iterdir()) if path.is_file() and path.name not in UNSOUND]
    lines, said = prepared(files, tmp_path / "store")
    refused = {name: line for name, line in lines.items() if line["status"] != "ready"}
    ours = {name: line for name, line in refused.items() if not _is_the_files_own(line)}
    assert len(ours) <= len(files) // 100, ours
    assert "Traceback" not in said


def _is_the_files_own(line: dict[str, Any]) -> bool:
    """Tell a file that nobody could send: locked, broken when it came, or a card with nothing on it."""
    return line["reason"] == "encrypted" or "nothing to show" in line["message"] or "has no name" in line["message"]
