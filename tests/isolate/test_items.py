"""What an honest item takes in and gives back."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from outside import QUICK

from mmsprep.errors import Rejected, Unavailable
from mmsprep.isolate import Cancelled, Item, Sandbox, item_directory

Run = Callable[..., Any]


def test_a_result_crosses_as_it_is(run: Run) -> None:
    value = {
        "text": "ünïcode \x00 \N{SLICE OF PIZZA}",
        "numbers": [1, 2.5, -1],
        "nothing": None,
        "deep": {"er": [True]},
    }

    assert run("echo", **value) == value


def test_large_arguments_and_results_cross(run: Run) -> None:
    value = {"text": "x" * 3_000_000}

    assert run("echo", **value) == value


def test_arguments_without_end_are_refused_by_the_caller(sandbox: Sandbox, workdir: Path) -> None:
    with pytest.raises(ValueError, match="over"):
        sandbox.start("isolated_tasks:echo", {"text": "x" * 17_000_000}, limits=QUICK, workdir=workdir)


def test_events_arrive_in_order_in_the_thread_that_waits(start: Callable[..., Item]) -> None:
    seen: list[tuple[int, int]] = []

    with start("count", events=1000, emit=lambda event: seen.append((event["number"], threading.get_ident()))) as item:
        assert item.result() == 1000

    assert seen == [(number, threading.get_ident()) for number in range(1000)]


def test_events_of_several_threads_do_not_mix(start: Callable[..., Item]) -> None:
    seen: list[int] = []

    with start("threads", emit=lambda event: seen.append(event["thread"])) as item:
        item.result()

    assert sorted(seen) == list(range(8))


def test_a_result_can_be_asked_for_twice(start: Callable[..., Item]) -> None:
    with start("echo", a=1) as item:
        assert item.result() == item.result() == {"a": 1}
    assert item.result() == {"a": 1}


@pytest.mark.parametrize(("task", "kind"), [("reject", Rejected), ("unavailable", Unavailable)])
def test_an_error_of_ours_crosses_with_its_reason(
    run: Run, task: str, kind: type[Rejected] | type[Unavailable]
) -> None:
    reason = "encrypted" if kind is Rejected else "tiles"

    with pytest.raises(kind, match="it is locked; unlock it") as caught:
        run(task, reason=reason, message="it is locked; unlock it")

    assert caught.value.reason == reason


def test_an_error_cannot_steer_the_terminal(run: Run) -> None:
    with pytest.raises(Rejected) as caught:
        run("reject", reason="damaged", message="\x1b[2Jgone\n\u202egnp.exe" + "x" * 5000)

    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 500


def test_what_a_task_writes_is_in_its_directory(run: Run, workdir: Path) -> None:
    name = run("write", text="hello")

    assert (workdir / name).read_text() == "hello"


def test_an_item_is_at_home_in_its_directory(run: Run, workdir: Path) -> None:
    seen = run("surroundings")

    assert seen["directory"] == str(workdir)
    assert seen["environment"]["TMPDIR"] == seen["environment"]["HOME"] == str(workdir)


def test_the_callers_environment_stays_outside(run: Run, monkeypatch: pytest.MonkeyPatch, workdir: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    with Sandbox() as sandbox:
        seen = run("surroundings", inside=sandbox)

    assert "hunter2" not in str(seen)


def regular(path: Path) -> int:
    path.write_text("the input")
    return os.open(path, os.O_RDONLY)


def unlinked(path: Path) -> int:
    descriptor = regular(path)
    path.unlink()
    return descriptor


def in_memory(path: Path) -> int:
    descriptor = os.memfd_create("input")
    os.write(descriptor, b"the input")
    return descriptor


def of_nobody_else(path: Path) -> int:
    """A file of another user, opened by the rights of root, which an item does not have."""
    descriptor = regular(path)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    path.chmod(0o600 if os.geteuid() == 0 else 0)
    return descriptor


@pytest.mark.parametrize("make", [regular, unlinked, in_memory, of_nobody_else])
def test_the_input_opens_many_times_also_in_children(
    sandbox: Sandbox, workdir: Path, tmp_path: Path, make: Callable[[Path], int]
) -> None:
    source = make(tmp_path / "input")
    try:
        with sandbox.start("isolated_tasks:read_twice", {}, limits=QUICK, workdir=workdir, source=source) as item:
            assert item.result() == ["the input"] * 3
    finally:
        os.close(source)


def test_the_callers_descriptor_is_not_moved_or_closed(sandbox: Sandbox, workdir: Path, tmp_path: Path) -> None:
    source = regular(tmp_path / "input")
    os.lseek(source, 4, os.SEEK_SET)

    with sandbox.start("isolated_tasks:read_twice", {}, limits=QUICK, workdir=workdir, source=source) as item:
        item.result()

    assert os.read(source, 100) == b"input"
    os.close(source)


def test_an_item_holds_no_descriptor_of_the_helper(start: Callable[..., Item]) -> None:
    held: list[int] = []

    def look(event: dict[str, int]) -> None:
        held.append(len(list(Path(f"/proc/{event['pid']}/fd").iterdir())))
        item.cancel()

    with start("sleep", emit=look) as item, pytest.raises(Cancelled):
        item.result()

    # Three standard ones, its channel, the pipe for lowering its limits.
    assert held == [5]


def test_what_is_not_json_is_an_error_of_the_task(run: Run) -> None:
    with pytest.raises(Rejected) as caught:
        run("not_json")

    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("task", ["isolated_tasks:nothing", "no_such_module:x", "isolated_tasks"])
def test_a_task_that_does_not_exist_is_our_fault(sandbox: Sandbox, workdir: Path, task: str) -> None:
    with pytest.raises(Unavailable), sandbox.start(task, {}, limits=QUICK, workdir=workdir) as item:
        item.result()


def test_eight_items_at_once_through_one_helper(sandbox: Sandbox, tmp_path: Path) -> None:
    results: list[Any] = []
    meeting = tmp_path / "meeting"
    meeting.mkdir()

    def work(number: int) -> None:
        # Each item waits, inside its own directory, until all eight have been seen by the caller.
        with item_directory() as directory:
            arguments = {"meeting": str(directory), "siblings": 8}

            def arrived(event: dict[str, Any]) -> None:
                (meeting / str(number)).touch()
                all_here.wait(10)
                for sibling in range(8):
                    (directory / str(sibling)).touch()

            with sandbox.start(
                "isolated_tasks:wait_for_file", arguments, limits=QUICK, workdir=directory, emit=arrived
            ) as item:
                results.append(item.result())

    all_here = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 8


def test_usage_is_told_afterwards(start: Callable[..., Item]) -> None:
    with start("allocate", bytes=50_000_000) as item:
        item.result()

    assert 0 < item.usage.cpu_seconds < 5
    assert 0 < item.usage.wall_seconds < 20
    assert 40_000_000 < item.usage.memory_bytes < 100_000_000


def test_the_directory_is_private_and_goes_with_its_item() -> None:
    with item_directory() as directory:
        assert directory.stat().st_mode & 0o777 == 0o700
        assert directory.parent.stat().st_mode & 0o777 == 0o700
        assert directory.parent.parent == Path(tempfile.gettempdir())
        (directory / "left").touch()

    assert not directory.exists()
