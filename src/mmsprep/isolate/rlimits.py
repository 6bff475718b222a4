"""Bound one process by resource limits, counted from what it has at the fork."""

from __future__ import annotations

import math
import resource
import sys
from pathlib import Path

from mmsprep.limits import Limits

_GIB = 1 << 30
_MAX_TASKS = 512
"""Processes and threads: ffmpeg and libheif start one per core and stage; a fork bomb starts thousands."""


class Bounds:
    """Set the limits of this process, and lower them later."""

    def __init__(self) -> None:
        status = _proc_status()
        self._data_bytes = status.get("VmData", 0)
        self._address_bytes = status.get("VmSize", 0)

    def impose(self, limits: Limits, *, own_user_namespace: bool) -> None:
        """Set every limit; *own_user_namespace* says that processes are counted for this item alone."""
        self.lower(limits.memory_bytes, limits.cpu_seconds)
        _bound(resource.RLIMIT_FSIZE, limits.file_bytes)
        _bound(resource.RLIMIT_NOFILE, limits.descriptors)
        # A core file would put the decoded picture, and the helper's memory, on the disk.
        _bound(resource.RLIMIT_CORE, 0)
        if sys.platform == "linux":
            # POSIX message queues are memory that nothing else counts.
            _bound(resource.RLIMIT_MSGQUEUE, 0)
            if own_user_namespace:
                # Elsewhere the kernel counts all processes of the user: a busy account could start no thread.
                _bound(resource.RLIMIT_NPROC, _MAX_TASKS)

    def lower(self, memory_bytes: int | None, cpu_seconds: float | None) -> None:
        """Lower memory and CPU time; what is above the present limit changes nothing."""
        if memory_bytes is not None:
            # DATA is what is really allocated. Address space is a poor measure (threads reserve 64 MB each,
            # ffmpeg at 75 MB resident needs 1 GB), so it is loose: it only stops shared mappings.
            _bound(resource.RLIMIT_DATA, self._data_bytes + memory_bytes)
            _bound(resource.RLIMIT_AS, self._address_bytes + 3 * memory_bytes + 2 * _GIB)
        if cpu_seconds is not None:
            seconds = max(1, math.ceil(cpu_seconds))
            _bound(resource.RLIMIT_CPU, seconds, seconds + 1)


def _bound(what: int, soft: int, hard: int | None = None) -> None:
    now = resource.getrlimit(what)[1]
    ceiling = soft if hard is None else hard
    if now != resource.RLIM_INFINITY:
        ceiling = min(ceiling, now)
    try:
        resource.setrlimit(what, (min(soft, ceiling), ceiling))
    except (ValueError, OSError):
        # macOS refuses some limits below the present use; the item then has one bound less.
        if sys.platform == "linux":
            raise


def _proc_status() -> dict[str, int]:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    rows = (line.split() for line in lines if line.startswith("Vm"))
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows}
