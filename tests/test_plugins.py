"""Stages and stores of other packages come in by their entry point, and a broken one fails loudly, by its name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


def installed(package: Path, target: Path) -> dict[str, str]:
    """Install a package into a folder of its own and return the environment that sees it."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", target, package], check=True)
    return os.environ | {"PYTHONPATH": str(target)}


def prepare(source: Path, store: Path | str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mmsprep", "prepare", "--json", "--max-bytes", "30000", "--store", store, source]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def targa(tmp_path: Path) -> Path:
    path = tmp_path / "logo.tga"
    Image.effect_noise((320, 200), 60).convert("RGB").save(path, compression="tga_rle")
    return path


def test_a_package_adds_a_format(targa: Path, tmp_path: Path) -> None:
    without = json.loads(prepare(targa, tmp_path / "out", dict(os.environ)).stdout)
    assert (without["status"], without["reason"]) == ("rejected", "unknown-type")
    environment = installed(ROOT / "examples" / "tga-stage", tmp_path / "site")
    ready = json.loads(prepare(targa, tmp_path / "out", environment).stdout)
    assert ready["status"] == "ready"
    assert ready["steps"] == ["tga", "image"]  # the PNG is too large for a message, and goes on
    assert ready["media"][0]["bytes"] < 30_000
    assert (ready["media"][0]["width"], ready["media"][0]["height"]) == (320, 200)


def package(folder: Path, module: str) -> Path:
    folder.mkdir()
    project = (ROOT / "examples" / "tga-stage" / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(project)
    (folder / "mmsprep_tga.py").write_text(module)
    return folder


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("import a_codec_that_is_not_there", "mmsprep_tga:STAGE .* No module named 'a_codec_that_is_not_there'"),
        ("STAGE = 'not a stage'", "mmsprep_tga:STAGE is a str"),
    ],
)
def test_a_broken_package_stops_the_start_by_its_name(module: str, said: str, targa: Path, tmp_path: Path) -> None:
    environment = installed(package(tmp_path / "broken", module), tmp_path / "site")
    ended = prepare(targa, tmp_path / "out", environment)
    assert ended.returncode == 2
    assert re.search(said, ended.stderr)
    assert "Traceback" not in ended.stderr


COSTLY = """
from mmsprep.stage import Stage

def run(media, job):
    {work}

STAGE = Stage("costly", lambda media, profile: True, run)
"""


@pytest.mark.parametrize(
    ("work", "said"),
    [("while True: pass", "computing"), ("hoard = [bytearray(1_000_000) for _ in range(100_000)]", "memory")],
    ids=["loops", "allocates"],
)
def test_a_stage_that_costs_too_much_ends_in_time_and_leaves_nothing(
    work: str, said: str, targa: Path, tmp_path: Path
) -> None:
    environment = installed(package(tmp_path / "costly", COSTLY.format(work=work)), tmp_path / "site")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    # By CPU and not by the clock, which on a busy machine is nobody's fault.
    limits = {"MMSPREP_LIMITS__CPU_SECONDS": "1", "MMSPREP_LIMITS__MEMORY_BYTES": "300000000", "TMPDIR": str(scratch)}
    ended = json.loads(prepare(targa, tmp_path / "out", environment | limits).stdout)
    assert (ended["code"], ended["reason"]) == ("MMS_001", "too-costly")
    assert said in ended["message"]
    assert os.listdir(scratch) == []
    assert not [name for name in _command_lines() if str(tmp_path) in name]


def _command_lines() -> list[str]:
    return [path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline")]


def test_the_documented_store_is_found_by_the_scheme_of_its_url(fixtures: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "plugins.md").read_text()
    module, project = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)[0] for kind in ("python", "toml"))
    folder = package(tmp_path / "spool-store", module)
    (folder / "mmsprep_tga.py").rename(folder / "mmsprep_spool.py")
    asked = (folder / "pyproject.toml").read_text().replace("tga", "spool").partition("[project.entry-points")
    (folder / "pyproject.toml").write_text(f"{asked[0]}{project}[tool{asked[2].partition('[tool')[2]}")
    environment = installed(folder, tmp_path / "site") | {"MMSPREP_BASE_URL": "https://media.example.com"}
    (tmp_path / "kept").mkdir()
    ended = prepare(fixtures / "drawing.bmp", f"spool://{tmp_path / 'kept'}", environment)
    (media,) = json.loads(ended.stdout)["media"]
    (name,) = os.listdir(tmp_path / "kept")
    assert media["url"] == f"https://media.example.com/{name}"
    assert (tmp_path / "kept" / name).stat().st_size == media["bytes"]


def test_the_documented_example_is_the_one_that_is_tested() -> None:
    module = (ROOT / "examples" / "tga-stage" / "mmsprep_tga.py").read_text()
    assert f"```python\n{module}```" in (ROOT / "docs" / "adding-a-stage.md").read_text()
