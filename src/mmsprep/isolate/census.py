"""Count what an item's processes use together, and end them all: what rlimits, which are per process, cannot."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Census:
    """What all living processes below one process hold: bytes, CPU seconds, and how many they are."""

    memory_bytes: int = 0
    cpu_seconds: float = 0.0
    processes: int = 0


def take() -> Census:
    """Count the processes below this one; all zero where /proc does not tell."""
    pids = descendants()
    return Census(sum(map(memory_of, pids)), sum(map(_cpu_of, pids)), len(pids))


def descendants() -> list[int]:
    """List the processes below this one, parents first, by their numbers in /proc."""
    found: list[int] = []
    waiting = ["self"]
    while waiting:
        children = _children_of(waiting.pop())
        found += children
        waiting += map(str, children)
    return found


def _children_of(pid: str) -> list[int]:
    tasks = f"/proc/{pid}/task"
    try:
        # One list per thread: a child belongs to the thread that forked it.
        lists = [_read(f"{tasks}/{task}/children") for task in os.listdir(tasks)]  # noqa: PTH208
    except OSError:
        return []
    return [int(child) for children in lists for child in children.split()]


def memory_of(pid: int | str) -> int:
    """Measure the resident memory of *pid* that no file backs: private and shared."""
    rows = (line.split() for line in _read(f"/proc/{pid}/status").splitlines())
    return sum(int(row[1]) * 1024 for row in rows if row and row[0] in ("RssAnon:", "RssShmem:"))


def _cpu_of(pid: int) -> float:
    # The name, in parentheses, may hold anything; utime, stime, cutime and cstime are fields 14 to 17 (proc(5)).
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_PER_SECOND


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:  # noqa: PTH123 - this runs ten times a second
            return file.read()
    except OSError:
        return ""


def reap() -> dict[int, int]:
    """Collect the children that have ended: process number to wait status."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def end_all(*, namespace: bool, group: int | None = None, seconds: float = 5.0) -> dict[int, int]:
    """Kill everything below this process until nothing is left, and give the wait statuses.

    The first process of a *namespace* reaches all of it at once. Elsewhere the tree is walked again and again,
    since a process that forks may be missed; this one must be a subreaper, so that nothing leaves the tree.
    """
    ended: dict[int, int] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if namespace:
            _kill(-1)
        else:
            if group is not None and group not in ended:
                _kill(-group)
            for pid in descendants():
                _kill(pid)
        ended |= reap()
        if not _has_children():
            break
        time.sleep(0.001)
    return ended


def end_orphans(known: set[int]) -> None:
    """Kill the children of this process that are not *known*, with everything below them."""
    strangers = [pid for pid in _children_of("self") if pid not in known]
    while strangers:
        pid = strangers.pop()
        strangers += _children_of(str(pid))
        _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
