"""How a batch ends: at the first failure, for want of a store, by Ctrl-C, by kill -9; and what a terminal shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from tests.batch.running import batch, begun, files, many, picture, results
from tests.test_cli import on_terminal


def test_fail_fast_stops_at_the_first(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(fixtures / "empty.png", tmp_path / "in/a.png")
    for number in range(60):
        picture(tmp_path / f"in/b{number}.png", number)
    said = batch(tmp_path, "in", "--fail-fast", "--jobs", 1)
    assert said.returncode == 1
    assert results(tmp_path)["in/a.png"]["status"] == "rejected"
    assert len(results(tmp_path)) < 10


def test_a_store_that_takes_nothing_ends_the_batch_before_all_is_made_in_vain(tmp_path: Path) -> None:
    many(tmp_path, 60)
    (tmp_path / "out").touch()
    said = batch(tmp_path, "in", "--manifest", ".", MMSPREP_LEDGER=str(tmp_path / "ledger.sqlite"))
    assert said.returncode == 3
    assert "stopped: " in said.stderr
    assert "Traceback" not in said.stderr
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 20


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    many(tmp_path, 80)
    running = begun(tmp_path, "in", "--report", "report.html")
    os.killpg(running.pid, signal.SIGINT)
    started = time.monotonic()
    _, said = running.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert running.returncode == 130
    assert said.splitlines()[-1] == "interrupted: what is done is kept; run the same command again to go on"
    done = results(tmp_path)
    assert 0 < len(done) < 80
    assert (tmp_path / "report.html").read_text().endswith("</html>")
    assert not [name for name in files(tmp_path / "out") if name.startswith(".")]
    batch(tmp_path, "in")
    assert all(each["again"] for name, each in results(tmp_path).items() if name in done)
    assert len(results(tmp_path)) == 80


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    many(tmp_path, 60)
    batch(tmp_path, "in", "--store", "whole")
    undisturbed = {name: [m["sha256"] for m in each["media"]] for name, each in results(tmp_path, "whole").items()}
    for _ in range(4):
        running = begun(tmp_path, "in", "--store", "torn", "--jobs", "2")
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(8)]
        running.kill()
        told += running.communicate(timeout=60)[0].splitlines(keepends=True)
        found = results(tmp_path, "torn")
        whole = sum(line.endswith("\n") for line in told)
        assert len(found) >= whole
        for each in found.values():
            (media,) = each["media"]
            assert Path(media["url"].removeprefix("file://")).stat().st_size == media["bytes"]
    said = batch(tmp_path, "in", "--store", "torn")
    assert said.returncode == 0
    assert {
        name: [m["sha256"] for m in each["media"]] for name, each in results(tmp_path, "torn").items()
    } == undisturbed
    assert files(tmp_path / "torn") == files(tmp_path / "whole")


def test_a_terminal_gets_bars_and_lines_only_for_what_deserves_a_look(folder: Path) -> None:
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", on_terminal(["batch", "in", "--jobs", "1"], folder))
    assert "Preparing" in said
    assert "of 5 items" in said
    assert "✗ in/sub/deep.docx  MMS_002 unknown-type: a Word document; send it as PDF" in said
    assert "in/a.png ->" not in said
    assert "3 ready, 2 rejected" in said
