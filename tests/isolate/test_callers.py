"""Every kind of program that may call: threads, forks, scripts, closed descriptors, other users."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from outside import QUICK, alive, processes_of, soon

from mmsprep.errors import Unavailable
from mmsprep.isolate import Cancelled, Sandbox, item_directory

ECHO = """
from pathlib import Path
from mmsprep.isolate import Sandbox, item_directory
from mmsprep.limits import Limits
sandbox = Sandbox()
with item_directory() as workdir:
    with sandbox.start("isolated_tasks:echo", {"a": 1}, limits=Limits(), workdir=workdir) as item:
        Path(RESULT).write_text(str(item.result()))
"""


def echo(sandbox: Sandbox) -> object:
    with (
        item_directory() as workdir,
        sandbox.start("isolated_tasks:echo", {"a": 1}, limits=QUICK, workdir=workdir) as item,
    ):
        return item.result()


def helper_of(sandbox: Sandbox) -> int:
    assert sandbox._helper is not None
    return sandbox._helper._process.pid


def environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}


def test_nothing_starts_before_it_is_needed() -> None:
    with Sandbox() as sandbox:
        assert sandbox._helper is None


def test_closing_ends_the_helper_and_is_safe_to_repeat() -> None:
    sandbox = Sandbox()
    echo(sandbox)
    pid = helper_of(sandbox)

    sandbox.close()
    sandbox.close()

    assert not alive(pid)


def test_a_closed_sandbox_starts_again_when_used() -> None:
    sandbox = Sandbox()
    echo(sandbox)
    sandbox.close()

    assert echo(sandbox) == {"a": 1}
    sandbox.close()


def test_a_forgotten_sandbox_ends_its_helper() -> None:
    sandbox = Sandbox()
    echo(sandbox)
    pid = helper_of(sandbox)

    del sandbox
    gc.collect()

    assert soon(lambda: not alive(pid))


def test_closing_cancels_what_is_at_work() -> None:
    sandbox = Sandbox()
    with item_directory() as workdir:
        item = sandbox.start(
            "isolated_tasks:sleep", {}, limits=QUICK, workdir=workdir, emit=lambda event: sandbox.close()
        )
        with item, pytest.raises(Cancelled):
            item.result()


def in_a_fork(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_forked_child_has_its_own_helper_and_leaves_the_parents_alone() -> None:
    with Sandbox() as sandbox:
        echo(sandbox)
        parents = helper_of(sandbox)

        def child() -> None:
            assert echo(sandbox) == {"a": 1}
            assert helper_of(sandbox) != parents
            sandbox.close()

        assert in_a_fork(child) == 0
        assert alive(parents)
        assert echo(sandbox) == {"a": 1}
        assert helper_of(sandbox) == parents


def test_a_fork_while_another_thread_holds_everything() -> None:
    with Sandbox(preload=["isolated_tasks"]) as sandbox:
        stop = threading.Event()

        def keep_busy() -> None:
            while not stop.is_set():
                echo(sandbox)

        threads = [threading.Thread(target=keep_busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                assert in_a_fork(lambda: echo(sandbox) == {"a": 1} or os._exit(1)) == 0
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_a_fork_in_the_middle_of_an_item_does_not_keep_it_alive() -> None:
    with Sandbox(preload=["isolated_tasks"]) as sandbox, item_directory() as workdir:
        pids: list[int] = []

        def fork(event: dict[str, int]) -> None:
            pids.append(event["pid"])
            pids.append(os.fork())
            if pids[-1] == 0:
                threading.Event().wait(60)
                os._exit(0)
            item.cancel()

        item = sandbox.start("isolated_tasks:sleep", {}, limits=QUICK, workdir=workdir, emit=fork)
        with item, pytest.raises(Cancelled):
            item.result()
        try:
            assert not alive(pids[0])
            assert alive(pids[1])
        finally:
            os.kill(pids[1], 9)
            os.waitpid(pids[1], 0)


def test_a_forked_child_makes_its_own_directories() -> None:
    with item_directory() as directory:

        def child() -> None:
            with item_directory() as other:
                assert other.parent != directory.parent

        assert in_a_fork(child) == 0
        assert directory.exists()


def test_a_script_without_a_main_guard_works_and_leaves_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"RESULT = {str(tmp_path / 'result')!r}\n{ECHO}")

    subprocess.run([sys.executable, script], env=environment(tmp_path), check=True)

    assert (tmp_path / "result").read_text() == "{'a': 1}"
    assert soon(lambda: not processes_of(tmp_path))
    assert not list(tmp_path.glob("mmsprep-*"))


@pytest.mark.parametrize("closed", [[0], [0, 1, 2]])
def test_a_caller_may_have_closed_its_standard_descriptors(tmp_path: Path, closed: list[int]) -> None:
    script = f"import os\nfor each in {closed}: os.close(each)\nRESULT = {str(tmp_path / 'result')!r}\n{ECHO}"

    subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), check=False)

    assert (tmp_path / "result").read_text() == "{'a': 1}"


def test_a_caller_that_forgets_to_wait_leaves_nothing(tmp_path: Path) -> None:
    script = """
from mmsprep.isolate import Sandbox, item_directory
from mmsprep.limits import Limits
sandbox = Sandbox()
directory = item_directory()
item = sandbox.start("isolated_tasks:loop", {}, limits=Limits(), workdir=directory.__enter__())
"""
    subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), check=True)

    assert soon(lambda: not processes_of(tmp_path)), processes_of(tmp_path)
    assert not list(tmp_path.glob("mmsprep-*"))


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false", ""])
def test_an_interpreter_that_is_none_is_told(python: str) -> None:
    with pytest.raises(Unavailable, match="tool"):
        echo(Sandbox(python=python or "/etc/passwd"))


def test_another_interpreter_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sys.executable
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")

    with Sandbox(python=real) as sandbox:
        assert echo(sandbox) == {"a": 1}


def test_a_module_that_cannot_be_preloaded_is_named() -> None:
    with pytest.raises(Unavailable, match="no_such_module"):
        echo(Sandbox(preload=["no_such_module"]))


def test_a_module_that_starts_threads_is_not_preloaded() -> None:
    with pytest.raises(Unavailable, match="threads"):
        echo(Sandbox(preload=["starts_a_thread"]))


def test_a_helper_for_each_item_works_the_same() -> None:
    """As on macOS, where a warm process cannot be forked."""
    with Sandbox(fresh=True, preload=["isolated_tasks"]) as sandbox:
        assert echo(sandbox) == {"a": 1}
        assert sandbox.level.layers
        with item_directory() as workdir:
            item = sandbox.start("isolated_tasks:sleep", {}, limits=QUICK, workdir=workdir)
            helper = item._helper._process.pid
            with item:
                assert alive(helper)
        assert not alive(helper)


def test_windows_is_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(Unavailable, match="win32"):
        Sandbox()
