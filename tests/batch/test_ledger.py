"""The ledger keeps what was done, whatever happens to whoever writes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mmsprep.batch.ledger import Ledger
from mmsprep.errors import Unavailable
from mmsprep.receive import Preview


def test_what_is_recorded_is_there_for_the_next(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new" / "ledger") as ledger:
        preview = Preview(1, b"RIFF", {"name": "Ada"})
        ledger.record("key", {"steps": ["image"]}, store="s", kept=[("aa", "a.jpg", "file:///a")], previews=[preview])
    with Ledger(tmp_path / "new" / "ledger") as ledger:
        assert ledger.made("key") == {"steps": ["image"]}
        assert [kept.url for kept in ledger.elsewhere("aa")] == ["file:///a"]
        assert list(ledger.previews("key")) == [preview]
        there = ledger.kept("aa", "s", "a.jpg")
        assert there is not None
        assert ledger.made("key", since=there.at + 1) is None
        assert ledger.kept("aa", "s", "b.jpg") is None
        assert ledger.made("other") is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.record("key", {})
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_threads_may_write_at_once(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        writers = [
            threading.Thread(target=lambda name=name: [ledger.record(f"{name} {n}", {"n": n}) for n in range(50)])
            for name in "abcd"
        ]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        assert all(ledger.made(f"{name} {n}") == {"n": n} for name in "abcd" for n in range(50))


WRITER = """
import sys
from pathlib import Path
from mmsprep.batch.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for n in range(1_000_000):
    ledger.record(f"key {n}", {"n": n})
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_had_recorded(tmp_path: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "ledger")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline() for _ in range(20)]
            os.kill(writer.pid, signal.SIGKILL)
            told += writer.stdout.readlines()
        with Ledger(tmp_path / "ledger") as ledger:
            assert all(ledger.made(f"key {line.strip()}") for line in told if line.endswith("\n"))


def test_a_ledger_of_another_form_is_begun_anew(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger").close()
    with sqlite3.connect(tmp_path / "ledger") as base:
        base.execute("DROP TABLE made")
        base.execute("CREATE TABLE made (something TEXT)")
        base.execute("PRAGMA user_version = 99")
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.record("key", {})
        assert ledger.made("key") == {}


def test_what_is_no_ledger_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"somebody's own file, longer than a header" * 100)
    with pytest.raises(Unavailable, match="MMSPREP_LEDGER"):
        Ledger(tmp_path / "ledger")
    assert (tmp_path / "ledger").read_bytes().startswith(b"somebody's own")
