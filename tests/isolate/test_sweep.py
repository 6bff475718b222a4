"""What a killed caller left is removed at the next start, and nothing of anybody else's."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mmsprep.isolate import scratch


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_that_is_only_called_like_ours_is_never_touched(tmp_path: Path) -> None:
    for name in ("mmsprep-out", "mmsprep-items-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.jpg").write_bytes(b"x")
    scratch.sweep()
    assert sorted(path.name for path in tmp_path.glob("*/photo.jpg")) == ["photo.jpg", "photo.jpg"]


def test_a_base_is_swept_when_its_owner_is_gone_and_not_before(tmp_path: Path) -> None:
    script = """
import os, signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
from mmsprep.isolate import scratch
(scratch.Scratch().directory() / "source").write_bytes(b"secret")
print("ready", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        scratch.sweep()
        assert len(list(tmp_path.glob("*/*/source"))) == 1
        owner.kill()
    scratch.sweep()
    assert list(tmp_path.iterdir()) == []


def test_a_planted_link_leads_the_sweep_nowhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (tmp_path / "mmsprep-items-0-planted").symlink_to(elsewhere)
    scratch.sweep()
    assert (elsewhere / "lock").exists()
