"""The fuzzers and the soak run, so that whoever needs them finds them working."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("target", ["detect", "picture", "contact", "place"])
def test_a_parser_raises_nothing_but_rejected_on_mutated_files(target: str, tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "fuzz" / "harness.py", target, "-runs=60"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr[-2_000:]
    assert not list(tmp_path.glob("finding-*"))


@pytest.mark.slow
def test_nothing_grows_and_nothing_is_left_over_several_rounds(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "fuzz" / "soak.py", "--rounds", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "grown: nothing; left behind: nothing" in done.stdout
