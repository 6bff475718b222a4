"""Watch over one item: end it when its time, its memory or its caller is over, and tell how it ended."""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import Any, NoReturn

from mmsprep.isolate import census, job, namespaces, privileges

_TICK_SECONDS = 0.1
"""Between two counts of what an item uses. Most items are over before the first."""

_MAX_PROCESSES = 64
"""Of one item: ffmpeg is one, and a fork bomb has thousands."""


@dataclass
class Watch:
    """What the supervisor knows of its item."""

    order: job.Order
    memory_bytes: float
    cpu_seconds: float
    wall_seconds: float
    started: float
    child: int = 0
    peak_bytes: int = 0
    detecting: bool = True

    @property
    def namespaced(self) -> bool:
        return bool(self.order.level.namespaces & namespaces.PID)


def supervise(
    order: job.Order, channel: socket.socket, status: socket.socket, source: int | None, lifeline: int
) -> NoReturn:
    """Run one item in this process, just forked for it, and end.

    *status* is held by this process alone, so that the item cannot forge what is said there; the caller closes
    it to cancel. *lifeline* is the reading end of a pipe that ends with the helper.
    """
    try:
        ending = _run(order, channel, status, source, lifeline)
        status.sendall(json.dumps(ending).encode())
    finally:
        os._exit(0)


def _run(
    order: job.Order, channel: socket.socket, status: socket.socket, source: int | None, lifeline: int
) -> dict[str, Any]:
    wakeup, lowering, lowering_end = _prepare(order)
    limits = order.limits
    watch = Watch(
        order,
        memory_bytes=limits.memory_bytes,
        # Until it has told what the file is, an item has no claim to the hours that a long film may take.
        cpu_seconds=min(limits.cpu_seconds, limits.detection_cpu_seconds),
        wall_seconds=min(limits.wall_seconds, limits.detection_wall_seconds),
        started=time.monotonic(),
    )
    watch.child = os.fork()
    if watch.child == 0:
        _become_job(order, channel, lowering_end, source)
    channel.close()
    os.close(lowering_end)
    if source is not None:
        os.close(source)
    how, code = _watch(watch, status, lifeline, wakeup, lowering)
    ended = census.end_all(namespace=watch.namespaced, group=watch.child)
    if how == "ended" and watch.child in ended:
        code = ended[watch.child]
    return _ending(watch, how, code)


def _prepare(order: job.Order) -> tuple[int, int, int]:
    if order.level.namespaces & namespaces.PID:
        # Then the kernel ends all the rest with us. Without, we must live to find the rest.
        privileges.die_with_parent()
    else:
        privileges.adopt_orphans()
    wakeup, wakeup_end = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(wakeup_end, False)
    signal.set_wakeup_fd(wakeup_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lowering, lowering_end = os.pipe()
    os.set_blocking(lowering, False)
    return wakeup, lowering, lowering_end


def _become_job(order: job.Order, channel: socket.socket, lowering: int, source: int | None) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        # Whatever is open besides is the helper's or the supervisor's: the status socket above all.
        close_all_but({channel.fileno(), lowering} | ({source} if source is not None else set()))
        job.run(order, channel, lowering, source)
    finally:
        os._exit(1)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor except the standard ones and *kept*."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def _watch(watch: Watch, status: socket.socket, lifeline: int, wakeup: int, lowering: int) -> tuple[str, int]:
    """Wait until the item ends or must end; gives how, and the wait status if it has one."""
    poll = select.poll()
    for descriptor in (status.fileno(), lifeline, wakeup, lowering):
        poll.register(descriptor, select.POLLIN)
    while True:
        left = watch.started + watch.wall_seconds - time.monotonic()
        if left <= 0:
            return "wall", 0
        ready = {descriptor for descriptor, _ in poll.poll(math.ceil(min(left, _TICK_SECONDS) * 1000))}
        if lifeline in ready:
            return "lost", 0
        if status.fileno() in ready:
            return "cancelled", 0
        if lowering in ready and not _lower(watch, lowering):
            poll.unregister(lowering)
        if wakeup in ready:
            os.read(wakeup, 4096)
            ended = census.reap()
            if watch.child in ended:
                return "ended", ended[watch.child]
        if not ready and (breach := _breach(watch)):
            return breach, 0


def _lower(watch: Watch, lowering: int) -> bool:
    """Take over the limits that the item gives itself: the first time up to its ceilings, then only lower."""
    untrusted_bytes = os.read(lowering, job.LOWER.size)
    if len(untrusted_bytes) != job.LOWER.size:
        return False
    untrusted_memory, untrusted_cpu, untrusted_wall = job.LOWER.unpack(untrusted_bytes)
    if watch.detecting:
        watch.detecting = False
        watch.cpu_seconds, watch.wall_seconds = watch.order.limits.cpu_seconds, watch.order.limits.wall_seconds
    # Never below zero; and not a number is neither more nor less than anything.
    if untrusted_memory >= 0:
        watch.memory_bytes = min(watch.memory_bytes, untrusted_memory)
    if untrusted_cpu >= 0:
        watch.cpu_seconds = min(watch.cpu_seconds, untrusted_cpu)
    if untrusted_wall >= 0:
        watch.wall_seconds = min(watch.wall_seconds, untrusted_wall)
    return True


def _breach(watch: Watch) -> str | None:
    """Count what all processes of the item use together: a limit of the kernel's is for each of them."""
    count = census.take()
    # What the item shares with us it has from the helper.
    used_bytes = max(0, count.memory_bytes - census.memory_of("self"))
    watch.peak_bytes = max(watch.peak_bytes, used_bytes)
    if count.processes > _MAX_PROCESSES:
        return "processes"
    if used_bytes > watch.memory_bytes:
        return "memory"
    return "cpu" if count.cpu_seconds + _cpu_seconds() > watch.cpu_seconds else None


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ending(watch: Watch, how: str, code: int) -> dict[str, Any]:
    signalled = os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "how": how,
        "code": os.WEXITSTATUS(code) if os.WIFEXITED(code) else 1,
        "signal": signalled,
        "cpu_seconds": _cpu_seconds(),
        "wall_seconds": time.monotonic() - watch.started,
        "peak_bytes": max(watch.peak_bytes, largest - own, 0),
        "memory_limit": watch.memory_bytes,
        "cpu_limit": watch.cpu_seconds,
        "wall_limit": watch.wall_seconds,
    }
