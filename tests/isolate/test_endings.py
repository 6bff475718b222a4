"""How an item ends, and whose fault that is."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outside import QUICK, alive, patience, soon

from mmsprep.errors import Rejected, Unavailable
from mmsprep.isolate import Cancelled, Item, Sandbox

Run = Callable[..., Any]
Start = Callable[..., Item]


def outcome(run: Run, task: str, **arguments: Any) -> tuple[str, str, float]:
    started = time.monotonic()
    with pytest.raises((Rejected, Unavailable)) as caught:
        run(task, **arguments)
    return caught.value.reason, caught.value.message, time.monotonic() - started


def test_looping_until_the_cpu_limit_is_too_costly(run: Run) -> None:
    reason, message, seconds = outcome(run, "loop", limits=replace(QUICK, cpu_seconds=0.5))

    assert reason == "too-costly"
    assert "0.5 s of computing" in message
    assert seconds < patience(5)


def test_looping_until_the_wall_limit_ends_in_time_and_is_judged_by_the_cpu_it_got(start: Start) -> None:
    started = time.monotonic()
    with start("loop", limits=replace(QUICK, wall_seconds=1.0)) as item:
        with pytest.raises((Rejected, Unavailable)) as caught:
            item.result()
        seconds = time.monotonic() - started

    # On a machine that is busy with other things, even a loop may get little.
    assert caught.value.reason == ("too-costly" if item.usage.cpu_seconds >= 0.5 else "tool")
    assert 1.0 <= seconds < patience(2.0)


def test_waiting_until_the_wall_limit_may_be_tried_again(run: Run) -> None:
    reason, message, seconds = outcome(run, "sleep", limits=replace(QUICK, wall_seconds=1.0))

    assert reason == "tool"
    assert "busy" in message
    assert 1.0 <= seconds < patience(2.0)


def test_cpu_is_counted_over_all_processes(run: Run) -> None:
    reason, _, seconds = outcome(run, "loop_in_children", limits=replace(QUICK, cpu_seconds=1.0))

    assert reason == "too-costly"
    assert seconds < patience(10)


@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        ("allocate", {"bytes": 300_000_000}),
        ("reserve", {"bytes": 300_000_000}),
        ("allocate_slowly", {}),
        ("allocate_in_children", {"bytes": 100_000_000}),
        ("allocate_shared", {"bytes": 400_000_000}),
    ],
)
def test_allocating_over_the_limit_is_too_costly(run: Run, task: str, arguments: dict[str, Any]) -> None:
    reason, message, seconds = outcome(run, task, **arguments)

    assert reason == "too-costly"
    assert "200 MB of memory" in message
    assert seconds < patience(10)


def test_allocating_under_the_limit_is_fine(run: Run) -> None:
    assert run("allocate", bytes=150_000_000) == 150_000_000


def test_an_item_can_lower_its_own_limits(run: Run) -> None:
    reason, message, _ = outcome(run, "lower_then", memory=50_000_000)
    assert (reason, "50 MB" in message) == ("too-costly", True)

    reason, message, _ = outcome(run, "lower_then", cpu=0.3)
    assert (reason, "0.3 s" in message) == ("too-costly", True)


def test_an_item_can_lower_its_own_time_by_the_clock(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable, match="after 1 s"):
        run("lower_then", wall=1.0)
    assert time.monotonic() - started < patience(10)


@pytest.mark.parametrize(
    ("task", "limits"),
    [("loop", {"detection_cpu_seconds": 0.5}), ("sleep", {"detection_wall_seconds": 1.0})],
)
def test_an_item_that_does_not_say_what_it_found_has_only_the_time_for_detection(
    run: Run, task: str, limits: dict[str, float]
) -> None:
    started = time.monotonic()
    with pytest.raises((Rejected, Unavailable)):
        run(task, limits=replace(QUICK, cpu_seconds=3600, wall_seconds=3600, **limits))
    assert time.monotonic() - started < patience(15)


def test_an_item_that_says_what_it_found_has_the_time_for_that(run: Run) -> None:
    limits = replace(QUICK, detection_cpu_seconds=0.2, detection_wall_seconds=0.5)
    reason, message, _ = outcome(run, "lower_then", cpu=1.0, wall=30.0, limits=limits)
    assert (reason, "1 s of computing" in message) == ("too-costly", True)


def test_an_item_cannot_raise_its_own_limits(run: Run) -> None:
    reason, message, _ = outcome(run, "lower_then", memory=900_000_000)

    assert reason == "too-costly"
    assert "200 MB" in message


def test_a_file_over_the_limit_is_too_costly(run: Run) -> None:
    assert outcome(run, "write_much")[0] == "too-costly"


def test_a_fork_bomb_is_too_costly_and_leaves_nothing(run: Run, sandbox: Sandbox) -> None:
    reason, message, seconds = outcome(run, "fork_bomb", limits=replace(QUICK, memory_bytes=2_000_000_000))

    assert reason == "too-costly"
    assert "processes" in message
    assert seconds < patience(6)


def test_descriptors_are_bounded(run: Run) -> None:
    assert run("open_much") < 64


def test_a_full_disk_is_ours_and_not_the_senders(run: Run) -> None:
    reason, message, _ = outcome(run, "disk_full")

    assert reason == "tool"
    assert "no space left" in message


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"])
def test_a_decoder_that_crashes_means_a_damaged_file(run: Run, name: str) -> None:
    reason, message, _ = outcome(run, "crash", signal=signal.Signals[name].value)

    assert reason == "damaged"
    assert name in message


def test_a_real_segmentation_fault_means_a_damaged_file(run: Run) -> None:
    assert outcome(run, "read_null")[0] == "damaged"


def test_being_killed_from_outside_may_be_tried_again(run: Run) -> None:
    assert outcome(run, "crash", signal=signal.SIGKILL)[0] == "tool"


def test_a_full_cpu_limit_of_the_kernels_is_too_costly(run: Run) -> None:
    assert outcome(run, "crash", signal=signal.SIGXCPU)[0] == "too-costly"


def test_an_exception_means_a_damaged_file_and_is_logged_escaped(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="mmsprep.isolate"):
        reason, message, _ = outcome(run, "fail")

    assert reason == "damaged"
    assert "ValueError" in message
    assert message.isprintable()
    assert "isolated_tasks.py" in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize("code", [0, 1, 77])
def test_ending_without_an_answer_means_a_damaged_file(run: Run, code: int) -> None:
    assert outcome(run, "leave", code=code)[0] == "damaged"


def test_cancelling_from_another_thread_ends_the_wait(start: Start) -> None:
    pids: list[int] = []
    with start("sleep", emit=lambda event: pids.append(event["pid"])) as item:
        threading.Timer(0.3, item.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            item.result()

    assert time.monotonic() - started < patience(1.0)
    assert not alive(pids[0])


def test_leaving_early_ends_everything(start: Start, workdir: Path) -> None:
    events: list[dict[str, int]] = []
    with pytest.raises(KeyboardInterrupt), start("escape", stay=True, emit=interrupt(events)) as item:
        item.result()

    assert not alive(events[0]["escaped"])
    assert not alive(events[0]["pid"])


def interrupt(events: list[dict[str, int]]) -> Callable[[dict[str, Any]], None]:
    def emit(event: dict[str, Any]) -> None:
        events.append(event)
        raise KeyboardInterrupt

    return emit


def test_an_item_that_is_forgotten_ends(start: Start) -> None:
    seen: list[int] = []
    item = start("sleep")
    with pytest.raises(RuntimeError):
        item._settle(raise_with(seen))
    assert alive(seen[0])

    del item

    assert soon(lambda: not alive(seen[0]))


def raise_with(seen: list[int]) -> Callable[[dict[str, Any]], None]:
    def emit(event: dict[str, Any]) -> None:
        seen.append(event["pid"])
        raise RuntimeError

    return emit


def test_what_left_the_session_is_gone_with_the_item(start: Start) -> None:
    events: list[dict[str, int]] = []
    with start("escape", stay=False, emit=events.append) as item:
        item.result()

    assert not alive(events[0]["escaped"])


def test_an_item_disturbs_no_other(start: Start, run: Run) -> None:
    with start("sleep") as item:
        for _ in range(3):
            assert outcome(run, "crash", signal=signal.SIGSEGV)[0] == "damaged"
        item.cancel()
        with pytest.raises(Cancelled):
            item.result()


def open_in(pid: int | str) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_nothing_grows_with_the_number_of_items(run: Run, sandbox: Sandbox) -> None:
    def measure() -> tuple[int, int, int]:
        assert sandbox._helper is not None
        helper = sandbox._helper._process.pid
        children = Path(f"/proc/{helper}/task/{helper}/children").read_text().split()
        return open_in("self"), open_in(helper), len(children)

    run("echo")
    soon(lambda: measure()[2] == 0)
    before = measure()
    for number in range(30):
        if number % 3:
            run("echo")
        else:
            outcome(run, "crash", signal=signal.SIGABRT)

    assert soon(lambda: measure() == before), (before, measure())


@pytest.mark.parametrize(
    "text",
    [
        b"not json\n",
        b"[1]\n",
        b"{}\n",
        b'{"event": 1}\n',
        b'{"event": {}, "more": 1}\n',
        b'{"event": {"text": "\\ud800"}}\n',
        b'{"event": {"number": NaN}}\n',
        b"[" * 100_000 + b"\n",
        b'{"result": 1}\n{"result": 2}\n',
        b"\xff\xfe\n",
        b"\n",
    ],
)
def test_garbage_from_an_item_does_not_hurt_the_caller(run: Run, text: bytes) -> None:
    assert outcome(run, "babble", hex=text.hex(), seconds=60)[0] == "damaged"


@pytest.mark.parametrize("text", ["x", '{"event": {}}\n', "x\n"])
def test_a_flood_from_an_item_does_not_hurt_the_caller(run: Run, text: str) -> None:
    reason, _, seconds = outcome(run, "babble", flood=True, text=text * 10_000)

    assert reason == "damaged"
    assert seconds < patience(10)


@pytest.mark.parametrize(
    "forged",
    [
        b'{"error": "rejected", "reason": "no-such-reason", "message": "x"}\n',
        b'{"error": "rejected", "reason": ["unhashable"], "message": "x"}\n',
        b'{"error": "unavailable", "reason": {}, "message": 1}\n',
        b'{"error": {"a": 1}, "traceback": 5}\n',
        b'{"how": "ended", "code": 0}\n',
    ],
)
def test_a_forged_ending_is_a_damaged_file(run: Run, forged: bytes) -> None:
    assert outcome(run, "babble", hex=forged.hex())[0] == "damaged"


def test_a_result_does_not_count_when_its_process_crashed(run: Run) -> None:
    reason, _, _ = outcome(run, "lower_then", cpu=0.2, limits=replace(QUICK, wall_seconds=5))

    assert reason == "too-costly"
