"""A batch that workers do: the same manifest, and nothing handed over twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.worker.conftest import House, _as_environment, credentials, environment, house, servers, until

__all__ = ["credentials", "environment", "house", "servers"]

pytestmark = pytest.mark.services

LEDGER = "ledger.sqlite"


def results(house: House) -> dict[str, dict[str, Any]]:
    lines = (house.folder / "results.jsonl").read_text().splitlines()
    return {each["source"]: each for each in map(json.loads, lines)}


def written_down(ledger: Path) -> int:
    """Count the jobs of which the batch has noted that they are in the queue."""
    if not ledger.exists():
        return 0
    with sqlite3.connect(ledger) as base:
        tables = base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'made'").fetchone()[0]
        return int(base.execute("SELECT count(*) FROM made").fetchone()[0]) if tables else 0


@pytest.fixture
def folder(house: House, fixtures: Path) -> Path:
    (house.folder / "in/sub").mkdir(parents=True)
    shutil.copy(fixtures / "half.jpg", house.folder / "in")
    shutil.copy(fixtures / "half.jpg", house.folder / "in/sub/same.jpg")
    shutil.copy(fixtures / "report.docx", house.folder / "in/sub")
    (house.folder / "list.csv").write_text(
        "to,first,source,caption,place\n"
        '+14155550101,Ada,in/half.jpg,Hi {first},"48.85,2.35"\n'
        "+14155550102,Bob,in/half.jpg,Hi {first},\n"
    )
    house.environment["MMSPREP_LEDGER"] = str(house.folder / LEDGER)
    return house.folder


def test_workers_do_a_batch_and_their_answers_are_its_manifest(house: House, folder: Path) -> None:
    house.start()
    said = house.command("batch", "in", "list.csv", "--queue", "--report", "report.html")
    assert said.returncode == 1, said.stderr
    found = results(house)
    assert {name: each["status"] for name, each in found.items()} == {
        "in/half.jpg": "ready",
        "in/sub/same.jpg": "ready",
        "in/sub/report.docx": "rejected",
        "list.csv#1": "ready",
        "list.csv#2": "ready",
    }
    urls = {found[name]["media"][0]["url"] for name in ("in/half.jpg", "in/sub/same.jpg", "list.csv#1", "list.csv#2")}
    assert len(urls) == 1
    assert found["list.csv#1"]["captions"] == ["Hi Ada", "", ""]
    assert "4 of 5 ready to send" in (folder / "report.html").read_text()
    assert len(house.client.list_objects_v2(Bucket="acme", Prefix="mms-answers/")["Contents"]) == 3
    house.workers[0].stop()
    again = house.command("batch", "in", "list.csv", "--queue")
    assert "5 of them known already" in again.stderr
    assert {name: each.get("media") for name, each in results(house).items()} == {
        name: each.get("media") for name, each in found.items()
    }


def test_what_was_handed_over_before_a_kill_is_collected_and_not_handed_over_again(house: House, folder: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "mmsprep", "batch", "in", "--queue"],
        cwd=folder,
        env=house.environment | _as_environment(house.settings, house.settings.worker),
        stdout=subprocess.DEVNULL,
    )
    until(lambda: written_down(folder / LEDGER) == 2)
    assert house.depth("jobs") == 2
    running.kill()
    running.wait()
    house.start()
    said = house.command("batch", "in", "--queue")
    assert said.returncode == 1
    assert len(house.client.list_objects_v2(Bucket="acme", Prefix="mms-answers/")["Contents"]) == 2
    assert [each["status"] for each in results(house).values()].count("ready") == 2
