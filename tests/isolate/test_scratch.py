"""Directories that are private, go, and take nothing else with them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from outside import QUICK

from mmsprep.isolate import Sandbox, item_directory, scratch


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give this process another temporary directory."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def abandoned(temporary: Path) -> Path:
    """Let a process make a base with an item's directory, and kill it."""
    script = (
        "import os, signal; from mmsprep.isolate import item_directory\n"
        "entered = item_directory(); directory = entered.__enter__()\n"
        "(directory / 'left').touch(); print(directory, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    return Path(done.stdout.strip()).parent


def test_what_a_killed_process_left_is_swept(temporary: Path) -> None:
    base = abandoned(temporary)
    assert base.exists()

    scratch.sweep()

    assert not base.exists()


def test_what_a_living_process_uses_is_not_swept(temporary: Path) -> None:
    own = scratch.Scratch()
    directory = own.directory()
    script = "from mmsprep.isolate import scratch; scratch.sweep()"
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)

    assert directory.exists()
    own.close()
    assert not directory.parent.exists()


def test_a_forked_child_does_not_keep_what_its_killed_parent_left(temporary: Path) -> None:
    script = (
        "import os, signal, time; from mmsprep.isolate import item_directory\n"
        "entered = item_directory(); directory = entered.__enter__()\n"
        "child = os.fork()\n"
        "if child == 0: os.close(1); time.sleep(60); os._exit(0)\n"
        "print(child, directory, flush=True); time.sleep(0.5)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    child, directory = done.stdout.split()
    try:
        scratch.sweep()

        assert not Path(directory).exists()
    finally:
        os.kill(int(child), 9)


def test_two_items_share_a_base_and_nothing_else(temporary: Path) -> None:
    own = scratch.Scratch()
    first, second = own.directory(), own.directory()

    assert first.parent == second.parent == own.base
    assert first != second
    own.close()


def test_a_base_of_somebody_else_is_left_alone(temporary: Path) -> None:
    if os.geteuid() != 0:
        pytest.xfail("only root can make a directory of somebody else's")
    base = temporary / "mmsprep-items-65534-x"
    base.mkdir()
    (base / "item-left").mkdir()
    os.chown(base, 65534, 65534)

    scratch.sweep()

    assert (base / "item-left").exists()
    assert not (base / "lock").exists()


def test_a_planted_link_is_not_followed(temporary: Path) -> None:
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "item-like").touch()
    (temporary / "mmsprep-items-0-link").symlink_to(precious)
    base = abandoned(temporary)
    (base / "link").symlink_to(precious)
    (base / "lock").unlink()
    (base / "lock").symlink_to(precious / "made")

    scratch.sweep()

    assert [each.name for each in precious.iterdir()] == ["item-like"]


def test_a_base_that_was_cleaned_away_is_made_again(temporary: Path) -> None:
    own = scratch.Scratch()
    scratch.remove(own.directory().parent)

    assert own.directory().exists()
    own.close()


def test_threads_that_begin_at_once_share_one_base(temporary: Path) -> None:
    own, begin = scratch.Scratch(), threading.Barrier(16)

    def made(_: int) -> Path:
        begin.wait()
        return own.directory()

    with ThreadPoolExecutor(16) as threads:
        directories = list(threads.map(made, range(16)))

    assert {each.parent for each in directories} == {own.base}
    own.close()
    assert list(temporary.iterdir()) == []


def test_whatever_an_item_leaves_is_removed(sandbox: Sandbox) -> None:
    with item_directory() as workdir:
        with sandbox.start("isolated_tasks:litter", {"depth": 3000}, limits=QUICK, workdir=workdir) as item:
            item.result()
        assert (workdir / "deeper").exists()

    assert not workdir.exists()


def test_links_in_a_directory_are_removed_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    with item_directory() as workdir:
        (workdir / "link").symlink_to(precious)
        (workdir / "inner").mkdir()
        (workdir / "inner" / "link").symlink_to(precious)

    assert (precious / "file").exists()
    assert precious.stat().st_mode & 0o700 == 0o700


def test_removing_what_is_gone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    scratch.remove(tmp_path / "gone")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
