"""What an item can reach: its input, its directory, the libraries, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attacks import ATTACKS
from outside import QUICK, patience

from mmsprep.isolate import Sandbox, item_directory

NEEDS = {
    "signal_victim": "pid namespace",
    "signal_parent": "pid namespace",
    "abstract_socket": "seccomp",
}
"""The layer that refuses what neither Landlock nor seccomp does."""

SECCOMP = {
    "truncate_file", "change_mode", "change_times", "change_owner", "change_attribute", "link_file", "plant_link",
    "plant_fifo", "tcp", "tcp_listen", "udp", "raw_socket", "netlink", "path_socket", "trace_victim",
    "new_namespace", "clone_namespace", "memory_file", "shared_segment", "io_uring", "keyring",
}  # fmt: skip


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Real things of the caller's to attack."""
    with ExitStack() as stack:
        secret = tmp_path / "secret"
        secret.write_text("hunter2")
        os.utime(secret, (1, 1))
        source = tmp_path / "source"
        source.write_text("the input")
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        path_socket = stack.enter_context(socket.socket(socket.AF_UNIX))
        path_socket.bind(str(tmp_path / "socket"))
        path_socket.listen()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0mmsprep-{os.getpid()}")
        abstract.listen()
        victim = stack.enter_context(subprocess.Popen(["sleep", "60"], env={"PASSWORD": "hunter2"}))
        stack.callback(victim.kill)
        yield {
            "secret": str(secret),
            "source": str(source),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "path_socket": str(tmp_path / "socket"),
            "abstract_socket": f"mmsprep-{os.getpid()}",
            "victim": victim.pid,
        }


def inside(sandbox: Sandbox, arguments: dict[str, Any]) -> str:
    source = os.open(arguments["source"], os.O_RDWR)
    try:
        with (
            item_directory() as workdir,
            sandbox.start("attacks:attempt", arguments, limits=QUICK, workdir=workdir, source=source) as item,
        ):
            result = item.result()
            assert isinstance(result, str)
            return result
    finally:
        os.close(source)


def without_walls(arguments: dict[str, Any], directory: Path) -> str:
    script = "import attacks, json, sys; print(attacks.attempt(json.loads(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(arguments)],
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    return done.stdout.strip() or f"ended by {done.returncode}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_way_out_is_closed(sandbox: Sandbox, targets: dict[str, Any], attack: str) -> None:
    layer = "seccomp" if attack in SECCOMP else NEEDS.get(attack, "landlock")
    assert sandbox.level.has(layer), f"this machine does not grant {layer}: {sandbox.level}"
    secret = Path(targets["secret"])
    before = secret.stat()

    answer = inside(sandbox, {"attack": attack, **targets})

    assert answer.startswith("refused"), answer
    assert secret.read_text() == "hunter2"
    after = secret.stat()
    assert (before.st_mode, before.st_mtime, before.st_ctime) == (after.st_mode, after.st_mtime, after.st_ctime)
    assert Path(targets["source"]).read_text() == "the input"


OF_ROOT = {"raw_socket", "trace_victim"}


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"signal_parent"} - (OF_ROOT if os.geteuid() else set())))
def test_the_same_attack_succeeds_without_walls(targets: dict[str, Any], attack: str, tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    directory = tmp_path / "cwd"
    directory.mkdir()
    answer = without_walls({"attack": attack, **targets}, directory)

    assert answer == "succeeded", answer


def test_items_do_not_see_each_others_files(sandbox: Sandbox, targets: dict[str, Any]) -> None:
    with item_directory() as sibling:
        shutil.copy(targets["secret"], sibling / "secret")
        arguments = {**targets, "attack": "read_file", "secret": str(sibling / "secret")}

        assert inside(sandbox, arguments).startswith("refused")


def test_a_readable_directory_around_all_items_does_not_open_them(targets: dict[str, Any]) -> None:
    """A script in the temporary directory has it in sys.path."""
    with Sandbox(readable=[tempfile.gettempdir()]) as sandbox, item_directory() as sibling:
        shutil.copy(targets["secret"], sibling / "secret")
        arguments = {**targets, "attack": "read_file", "secret": str(sibling / "secret")}

        assert inside(sandbox, arguments).startswith("refused")


def test_an_item_cannot_signal_the_helper_or_the_caller(sandbox: Sandbox, targets: dict[str, Any]) -> None:
    assert sandbox._helper is not None
    for victim in (os.getpid(), sandbox._helper._process.pid):
        assert inside(sandbox, {**targets, "attack": "signal_victim", "victim": victim}).startswith("refused")
        for attack in ("read_environment", "read_memory", "list_descriptors"):
            assert inside(sandbox, {**targets, "attack": attack, "victim": victim}).startswith("refused")


def test_other_programs_run_inside_the_same_walls(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    with item_directory() as workdir:
        arguments = {"command": ["/bin/cat", str(tmp_path / "secret")]}
        with sandbox.start("attacks:run_program", arguments, limits=QUICK, workdir=workdir) as item:
            code, output = item.result()

    assert code != 0
    assert "hunter2" not in output


PROJECT = """
import sys
from pathlib import Path
from mmsprep.isolate import Sandbox, item_directory
from mmsprep.limits import Limits

with Sandbox(preload=["attacks"]) as sandbox, item_directory() as workdir:
    arguments = {"attack": "read_file", "secret": str(Path(__file__).parent / "secrets.toml")}
    with sandbox.start("attacks:attempt", arguments, limits=Limits(), workdir=workdir) as item:
        print(item.result())
"""


def test_the_folder_of_the_callers_script_cannot_be_read(tmp_path: Path) -> None:
    """It is the first entry of sys.path, and where people keep their secrets."""
    (tmp_path / "send.py").write_text(PROJECT)
    (tmp_path / "secrets.toml").write_text("hunter2")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, tmp_path / "send.py"], capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("refused"), done


LAZY = """
def late(arguments, inside):
    from own_package.later import ANSWER
    return ANSWER
"""


@pytest.mark.parametrize("fresh", [False, True], ids=["warm", "fresh"])
def test_a_package_in_that_folder_can_still_import_its_own_modules_late(tmp_path: Path, fresh: bool) -> None:
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text(LAZY)
    (package / "later.py").write_text("ANSWER = 42")
    script = PROJECT.replace('"attacks"', '"own_package"').replace("attacks:attempt", "own_package:late")
    (tmp_path / "send.py").write_text(script.replace("Sandbox(", f"Sandbox(fresh={fresh}, "))
    done = subprocess.run([sys.executable, tmp_path / "send.py"], capture_output=True, text=True)
    assert done.stdout == "42\n", done


def test_what_is_named_readable_can_be_read(targets: dict[str, Any]) -> None:
    with Sandbox(readable=[targets["secret"]]) as sandbox:
        assert inside(sandbox, {**targets, "attack": "read_file"}) == "succeeded"
        assert inside(sandbox, {**targets, "attack": "write_file"}).startswith("refused")


def test_a_lone_layer_missing_is_told_and_can_be_fatal(sandbox: Sandbox) -> None:
    level = sandbox.level

    assert level.complete == all(layer.granted for layer in level.layers)
    assert all(layer.name in str(level) and layer.why for layer in level.layers)
    started = time.monotonic()
    assert sandbox.level is level
    assert time.monotonic() - started < patience(0.1)
