"""kill -9 of anybody at any moment: nothing survives, nothing is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from outside import QUICK, alive, patience, processes_of, soon

from mmsprep.errors import Unavailable
from mmsprep.isolate import Sandbox, item_directory

CALLER = Path(__file__).parent / "caller.py"


class Caller:
    """One run of caller.py with a temporary directory of its own."""

    def __init__(self, temporary: Path, *tasks: str) -> None:
        self.temporary = temporary
        environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, str(CALLER), *tasks], env=environment, stdout=subprocess.PIPE, start_new_session=True
        )
        self.said: dict[str, list[int]] = {}

    def wait_for(self, kind: str) -> list[int]:
        """Read what the caller says up to a line of that kind."""
        assert self.process.stdout is not None
        while kind not in self.said:
            line = self.process.stdout.readline().split()
            assert line, "the caller ended early"
            self.said[line[0].decode()] = [int(number) for number in line[1:]]
        return self.said[kind]

    def supervisor(self) -> int:
        helper = self.wait_for("helper")[0]
        return int(Path(f"/proc/{helper}/task/{helper}/children").read_text().split()[0])

    def left(self) -> list[int]:
        return processes_of(self.temporary)

    def end(self) -> None:
        for pid in [*self.left()]:
            with suppress(ProcessLookupError):  # it may end by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def callers(tmp_path: Path) -> Iterator[list[Caller]]:
    started: list[Caller] = []
    yield started
    for caller in started:
        caller.end()


def start(callers: list[Caller], temporary: Path, *tasks: str) -> Caller:
    callers.append(Caller(temporary, *tasks))
    return callers[-1]


def leftovers(temporary: Path) -> list[str]:
    return sorted(path.name for path in temporary.glob("mmsprep-*"))


def sweep(temporary: Path) -> None:
    """Start another sandbox in the same temporary directory."""
    script = "from mmsprep.isolate import Sandbox\nwith Sandbox() as sandbox: sandbox.level"
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def test_when_the_caller_is_killed_all_is_gone_with_its_directories(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "escape", "loop")
    caller.wait_for("item")
    assert leftovers(tmp_path)

    caller.process.kill()

    assert soon(lambda: not caller.left()), caller.left()
    assert soon(lambda: not leftovers(tmp_path), 3.0), leftovers(tmp_path)


def test_when_the_callers_whole_group_is_killed_the_helper_cleans_up(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "loop")
    caller.wait_for("item")

    os.killpg(caller.process.pid, signal.SIGKILL)

    assert soon(lambda: not caller.left()), caller.left()
    assert not leftovers(tmp_path)


def test_when_the_helper_is_killed_its_items_are_gone(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "escape", "loop")
    pids = caller.wait_for("item")

    os.kill(caller.wait_for("helper")[0], signal.SIGKILL)

    assert soon(lambda: caller.left() == [caller.process.pid]), caller.left()
    assert soon(lambda: not any(map(alive, pids)))


def test_when_the_supervisor_is_killed_its_item_is_gone(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "escape")
    caller.wait_for("item")

    os.kill(caller.supervisor(), signal.SIGKILL)

    assert soon(lambda: len(caller.left()) == 2), caller.left()


def test_when_caller_and_helper_are_killed_the_next_start_sweeps(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "escape", "loop")
    caller.wait_for("item")
    # The helper first, so that it cannot clean up.
    os.kill(caller.wait_for("helper")[0], signal.SIGKILL)
    caller.process.kill()
    assert soon(lambda: not caller.left()), caller.left()

    sweep(tmp_path)

    assert not leftovers(tmp_path)


def test_ctrl_c_in_the_terminal_reaches_the_caller_alone(callers: list[Caller], tmp_path: Path) -> None:
    caller = start(callers, tmp_path, "sleep")
    caller.wait_for("item")

    os.killpg(caller.process.pid, signal.SIGINT)

    assert caller.process.wait(5) != 0
    assert soon(lambda: not caller.left()), caller.left()
    assert not leftovers(tmp_path)


def kill_somebody(callers: list[Caller], temporary: Path, seed: int) -> None:
    chance = random.Random(seed)
    temporary.mkdir()
    caller = start(callers, temporary, "escape", "loop", "sleep")
    victim = chance.choice(["caller", "helper", "supervisor"])
    caller.wait_for("caller" if victim == "caller" else "helper")
    time.sleep(chance.uniform(0, 0.15 if victim != "caller" else 0.6))
    try:
        os.kill(caller.supervisor() if victim == "supervisor" else caller.wait_for(victim)[0], signal.SIGKILL)
    except IndexError:
        return  # no supervisor yet
    if victim == "caller":
        assert soon(lambda: not caller.left()), (seed, victim, caller.left())
    elif victim == "helper":
        caller.process.kill()
        assert soon(lambda: not caller.left()), (seed, victim, caller.left())
    else:
        caller.process.kill()
        assert soon(lambda: not caller.left(), 1.0), (seed, victim, caller.left())
    caller.end()
    sweep(temporary)
    assert not leftovers(temporary), (seed, victim)


@pytest.mark.parametrize("seed", range(20))
def test_a_kill_at_a_random_moment_leaves_nothing(callers: list[Caller], tmp_path: Path, seed: int) -> None:
    kill_somebody(callers, tmp_path / "tmp", seed)


@pytest.mark.slow
def test_two_hundred_kills_leave_nothing(callers: list[Caller], tmp_path: Path) -> None:
    for seed in range(1000, 1200):
        kill_somebody(callers, tmp_path / str(seed), seed)


def test_a_helper_that_is_still_starting_ends_with_its_caller(tmp_path: Path) -> None:
    script = "from mmsprep.isolate import Sandbox\nSandbox(preload=['imports_slowly']).level"
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as caller:
        assert soon(lambda: len(processes_of(tmp_path)) == 2, 20)
        # Past the few lines that it is started with, into the import.
        time.sleep(1)
        caller.kill()

    assert soon(lambda: not processes_of(tmp_path)), processes_of(tmp_path)


def test_after_the_helper_died_the_item_is_unavailable_and_the_next_one_works() -> None:
    with Sandbox(preload=["isolated_tasks"]) as sandbox, item_directory() as workdir:

        def kill(event: object) -> None:
            assert sandbox._helper is not None
            sandbox._helper._process.kill()

        with sandbox.start("isolated_tasks:sleep", {}, limits=QUICK, workdir=workdir, emit=kill) as item:
            started = time.monotonic()
            with pytest.raises(Unavailable):
                item.result()
            assert time.monotonic() - started < patience(1.0)

        with sandbox.start("isolated_tasks:echo", {"a": 1}, limits=QUICK, workdir=workdir) as item:
            assert item.result() == {"a": 1}


def test_a_helper_that_hangs_does_not_hang_the_caller() -> None:
    with Sandbox(preload=["isolated_tasks"]) as sandbox, item_directory() as workdir:
        assert sandbox.level
        assert sandbox._helper is not None
        os.kill(sandbox._helper._process.pid, signal.SIGSTOP)
        limits = type(QUICK)(wall_seconds=0.5)

        with sandbox.start("isolated_tasks:echo", {}, limits=limits, workdir=workdir) as item:
            started = time.monotonic()
            with pytest.raises(Unavailable):
                item.result()

        assert time.monotonic() - started < patience(6)


def test_a_supervisor_that_hangs_is_ended_with_its_item() -> None:
    with Sandbox(preload=["isolated_tasks"]) as sandbox, item_directory() as workdir:
        pids: list[int] = []

        def stop(event: dict[str, int]) -> None:
            assert sandbox._helper is not None
            helper = sandbox._helper._process.pid
            pids.append(event["pid"])
            supervisor = Path(f"/proc/{helper}/task/{helper}/children").read_text().split()[0]
            os.kill(int(supervisor), signal.SIGSTOP)

        limits = type(QUICK)(wall_seconds=1)
        with sandbox.start("isolated_tasks:sleep", {}, limits=limits, workdir=workdir, emit=stop) as item:
            started = time.monotonic()
            with pytest.raises(Unavailable):
                item.result()
            assert time.monotonic() - started < patience(2)

        assert soon(lambda: not alive(pids[0]))
