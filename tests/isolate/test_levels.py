"""What still holds on machines that grant less."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outside import QUICK, alive, patience, soon

from mmsprep.errors import Rejected, Unavailable
from mmsprep.isolate import Cancelled, Sandbox, item_directory

SPACES = tuple(f"{name} namespace" for name in ("user", "pid", "net", "ipc"))
EVERYTHING = (*SPACES, "landlock", "seccomp")


@pytest.fixture(params=[SPACES, SPACES[:1], EVERYTHING], ids=["no namespaces", "no user namespace", "nothing"])
def lesser(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if request.param == SPACES[:1] and os.geteuid() != 0:
        pytest.xfail("only root gets namespaces without a user namespace")
    with Sandbox(preload=["isolated_tasks", "attacks"], without=request.param) as sandbox:
        yield sandbox


def run(sandbox: Sandbox, task: str, *, limits: Any = QUICK, emit: Any = print, **arguments: Any) -> Any:
    name = task if ":" in task else f"isolated_tasks:{task}"
    with item_directory() as workdir, sandbox.start(name, arguments, limits=limits, workdir=workdir, emit=emit) as item:
        return item.result()


def test_a_layer_to_do_without_is_told(lesser: Sandbox) -> None:
    assert not lesser.level.complete
    assert "no user namespace" in str(lesser.level)


def test_items_still_work(lesser: Sandbox) -> None:
    assert run(lesser, "echo", a=1) == {"a": 1}


def test_time_is_still_bounded(lesser: Sandbox) -> None:
    started = time.monotonic()
    with pytest.raises((Rejected, Unavailable)):
        run(lesser, "loop", limits=replace(QUICK, wall_seconds=1))
    assert time.monotonic() - started < patience(3)


def test_memory_is_still_bounded(lesser: Sandbox) -> None:
    with pytest.raises(Rejected) as caught:
        run(lesser, "allocate_in_children", bytes=100_000_000)
    assert caught.value.reason == "too-costly"


def test_an_escaped_process_is_still_gone_at_the_end(lesser: Sandbox) -> None:
    events: list[dict[str, int]] = []
    run(lesser, "escape", stay=False, emit=events.append)
    assert not alive(events[0]["escaped"])


def test_an_escaped_process_is_still_gone_when_cancelled(lesser: Sandbox) -> None:
    events: list[dict[str, int]] = []
    with item_directory() as workdir:
        item = lesser.start("isolated_tasks:escape", {"stay": True}, limits=QUICK, workdir=workdir, emit=events.append)
        item._emit = lambda event: (events.append(event), item.cancel())
        with item, pytest.raises(Cancelled):
            item.result()
    assert not alive(events[0]["escaped"])
    assert not alive(events[0]["pid"])


@pytest.mark.parametrize("victim", ["supervisor", "helper"])
def test_an_escaped_process_is_still_gone_after_a_kill(lesser: Sandbox, victim: str) -> None:
    events: list[dict[str, int]] = []
    helper = -1

    def kill(event: dict[str, int]) -> None:
        events.append(event)
        children = Path(f"/proc/{helper}/task/{helper}/children").read_text().split()
        os.kill(helper if victim == "helper" else int(children[0]), signal.SIGKILL)

    assert lesser.level
    assert lesser._helper is not None
    helper = lesser._helper._process.pid
    with pytest.raises(Unavailable):
        run(lesser, "escape", stay=True, emit=kill)
    assert soon(lambda: not alive(events[0]["escaped"]))
    assert soon(lambda: not alive(events[0]["pid"]))


def test_a_fork_bomb_still_ends(lesser: Sandbox) -> None:
    started = time.monotonic()
    with pytest.raises((Rejected, Unavailable)):
        run(lesser, "fork_bomb", limits=replace(QUICK, wall_seconds=3))
    assert time.monotonic() - started < patience(10)


def test_what_must_be_complete_fails_closed() -> None:
    with pytest.raises(Unavailable, match="seccomp"), Sandbox(require=True, without=["seccomp"]) as sandbox:
        run(sandbox, "echo")


def test_what_is_complete_may_be_required() -> None:
    with Sandbox(require=True) as sandbox:
        assert run(sandbox, "echo", a=1) == {"a": 1}


def test_without_namespaces_the_filter_alone_stops_all_networking() -> None:
    with Sandbox(preload=["attacks"], without=[*SPACES, "landlock"]) as sandbox:
        for attack in ("udp", "tcp", "netlink", "raw_socket", "io_uring"):
            assert run(sandbox, "attacks:attempt", attack=attack, tcp=9, udp=9).startswith("refused")


def test_without_a_user_namespace_root_has_no_capability() -> None:
    with Sandbox(preload=["isolated_tasks"], without=EVERYTHING) as sandbox:
        status = run(sandbox, "status_of_a_program")
    assert [line.split()[1] for line in status.splitlines() if line.startswith(("CapPrm", "CapEff"))] == ["0" * 16] * 2
    assert "NoNewPrivs:\t1" in status


def test_an_ordinary_user_gets_the_same(tmp_path: Path) -> None:
    """Run a script of an ordinary user, through the interpreter of the system if ours is closed to him."""
    python = next(each for each in (sys.executable, "/usr/bin/python3") if readable_to_all(each))
    tmp_path.chmod(0o777)
    for parent in list(tmp_path.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | 0o055)
    script = Path(__file__).with_name("ordinary.py")
    path = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")]
    done = subprocess.run(
        [python, script, str(tmp_path)],
        env={"PYTHONPATH": os.pathsep.join(path), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
        user=65534 if os.geteuid() == 0 else None,
        group=65534 if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["echo", "input", "closed", "escaped", "ended", "removed"]


def readable_to_all(program: str) -> bool:
    """Say whether everybody may run *program*, through every directory on the way."""
    real = Path(program).resolve()
    return real.exists() and all(each.stat().st_mode & 0o001 for each in (real, *real.parents))
