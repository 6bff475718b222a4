"""The packages: the same bytes each time, whole, and enough by themselves on every Python that is here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MINORS = (11, 12, 13, 14)


@cache
def interpreters() -> dict[str, str]:
    """Find a Python of each version that mmsprep promises, where this machine has it; always the one that runs."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = {}
    for minor in MINORS:
        candidates = [*sorted(root.glob(f"versions/3.{minor}.*/bin/python3")), shutil.which(f"python3.{minor}")]
        if runs := [str(program) for program in candidates if program and _runs(str(program))]:
            found[f"3.{minor}"] = runs[0]
    return found | {f"3.{sys.version_info.minor}": sys.executable}


def _runs(program: str) -> bool:
    """Tell whether it is an interpreter that makes environments, and not a word for one that is not there."""
    return subprocess.run([program, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0


def build(folder: Path, *targets: str, source: Path = ROOT) -> dict[str, Path]:
    """Build the packages of *source* as make does, and give them by their suffix."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", folder, *targets]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return {path.suffix: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("dist"))


def test_the_same_source_gives_the_same_packages(packages: dict[str, Path], tmp_path: Path) -> None:
    again = build(tmp_path)
    assert {suffix: path.read_bytes() for suffix, path in again.items()} == {
        suffix: path.read_bytes() for suffix, path in packages.items()
    }


def test_the_wheel_has_all_that_it_needs_and_nothing_of_the_house(packages: dict[str, Path]) -> None:
    with zipfile.ZipFile(packages[".whl"]) as wheel:
        names = set(wheel.namelist())
    needed = {"py.typed", "profiles.toml", "prepared.schema.json", "data/world.zip", "fixtures/photo.heic"}
    assert {f"mmsprep/{name}" for name in needed} <= names
    licences = {name.rpartition("/")[2] for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE", "LICENCES.md", "OFL.txt"}
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert tops == {"mmsprep"}
    assert not [name for name in names if "__pycache__" in name]
    # Where pip puts it, man finds it by way of the program beside it.
    assert [name for name in names if name.endswith(".data/data/share/man/man1/mmsprep.1")]


def test_the_source_package_can_be_worked_with(packages: dict[str, Path]) -> None:
    with tarfile.open(packages[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "requirements.lock", "requirements-dev.lock", "requirements-docs.lock", "mkdocs.yml"}
    wanted |= {"Dockerfile", ".dockerignore", "compose.yaml", ".ci/run", "fuzz/harness.py"}
    wanted |= {"tests/conftest.py", "fixtures/beach.jpg", "docs/tutorial.md", "examples/campaign.py", "CONTRIBUTING.md"}
    assert wanted <= names
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_source_package_gives_the_same_wheel(packages: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(packages[".gz"]) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (unpacked,) = (tmp_path / "source").iterdir()
    wheel = build(tmp_path / "dist", "-t", "wheel", source=unpacked)[".whl"]
    assert wheel.read_bytes() == packages[".whl"].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("version", sorted(interpreters()))
def test_the_wheel_alone_runs_the_demo(version: str, packages: dict[str, Path], tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MMSPREP_"))}
    subprocess.run([interpreters()[version], "-m", "venv", tmp_path / "venv"], env=environment, check=True)
    programs = tmp_path / "venv" / "bin"
    install = [programs / "python", "-m", "pip", "install", "--quiet", packages[".whl"]]
    subprocess.run(install, env=environment, check=True, timeout=900)
    subprocess.run([programs / "python", "-m", "pip", "check"], env=environment, check=True)
    said = subprocess.run(
        [programs / "mmsprep", "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert said.returncode == 0, said.stderr
    ready = [line for line in said.stdout.splitlines() if line.startswith("ready  ")]
    assert len(ready) == 14
    kept = list((tmp_path / "out").iterdir())
    assert len(kept) == len(ready)
    assert all(0 < path.stat().st_size < 1_500_000 for path in kept)
    examined = subprocess.run([programs / "mmsprep", "doctor", "--json"], env=environment, capture_output=True)
    assert json.loads(examined.stdout)["python"]["ok"]
