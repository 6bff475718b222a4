"""Names, links and odd files: nothing is followed, nothing is read as an option, nothing forges a line."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.hostile import made

from mmsprep import Pipeline
from mmsprep.errors import Rejected

NAMES = [
    b"-i.png",
    b"--store=evil.png",
    b"concat:a|b.png",
    b"img%03d.png",
    b"a\nready  forged -> forged.png",
    b"\x1b[2J\x1b]0;title\x07.png",
    "\u202egnp.exe".encode(),
    b"\xff\xfe\x80.png",
    b"$(touch pwned);`touch pwned`.png",
    b"[red]markup[bold].png",
    b"x" * 250 + b".png",
]


def run(folder: Path, names: list[bytes], *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "mmsprep", "prepare", "--store", str(folder / "store"), *options, "-j", "2", "--"]
    return subprocess.run([*map(os.fsencode, command), *names], cwd=folder, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / os.fsdecode(name)).write_bytes(made.png(width=20, height=20))
    return tmp_path


def test_any_name_is_prepared_and_comes_back_in_its_report(folder: Path) -> None:
    done = run(folder, NAMES, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(os.fsencode(line["source"]) for line in lines) == sorted(NAMES)
    assert {line["status"] for line in lines} == {"ready"}
    assert done.stdout.isascii()
    stored = [path for path in (folder / "store").rglob("*") if path.is_file()]
    assert all(path.name.isprintable() and len(path.name) < 120 for path in stored)
    assert not (folder / "pwned").exists()


def test_no_name_forges_a_line_or_steers_a_terminal(folder: Path) -> None:
    done = run(folder, NAMES)
    said = (done.stdout + done.stderr).decode()
    assert all(each.isprintable() or each == "\n" for each in said)
    assert sum(line.startswith("ready  ") for line in said.splitlines()) == len(NAMES)


def test_no_name_forges_a_line_of_the_log(caplog: pytest.LogCaptureFixture, folder: Path) -> None:
    with Pipeline() as pipeline, caplog.at_level(logging.INFO, logger="mmsprep"):
        for name in NAMES:
            pipeline.prepare(folder / os.fsdecode(name))
    lines = [record.getMessage() for record in caplog.records if record.name == "mmsprep.items"]
    assert len(lines) == len(NAMES)
    for line, name in zip(lines, NAMES, strict=True):
        assert line.isascii()
        assert "\n" not in line
        label = os.fsencode(folder) + b"/" + name
        assert json.loads(line)["source"] == hashlib.sha256(label).hexdigest()[:16]


def test_links_pipes_devices_and_views_of_the_system_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(made.png(width=20, height=20))
    (tmp_path / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "proc").symlink_to("/proc/self")
    odd = ["link.png", "loop.png", "pipe.png", "proc/environ", "/proc/self/environ", "/proc/self/mem", "/dev/zero", "."]
    with Pipeline() as pipeline:
        for name in odd:
            with pytest.raises(Rejected) as caught:
                pipeline.prepare(tmp_path / name)
            assert caught.value.reason == "unreadable", name
