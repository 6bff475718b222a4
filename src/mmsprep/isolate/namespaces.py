"""Fork into new namespaces: the kernel then ends everything with their first process, and there is no network."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import signal
import sys

USER, PID, NET, IPC = 0x10000000, 0x20000000, 0x40000000, 0x08000000
"""CLONE_NEW… of sched.h."""

NAMES = {"user": USER, "pid": PID, "net": NET, "ipc": IPC}

CANDIDATES = (USER | PID | NET | IPC, PID | NET | IPC, USER | PID | NET, USER | PID, PID)
"""What is asked for, best first.

Nobody needs a privilege for a user namespace, and in it gets the rest; left unmapped, it also takes every
capability over the outside away from root. Where it is forbidden, a privileged caller may have the others.
"""

_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_REFUSALS = {errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOSYS, errno.ENOSPC, errno.EUSERS, errno.ENOMEM}


@functools.cache
def _python() -> ctypes.PyDLL:
    # PyDLL keeps the interpreter's lock during the call, as os.fork does.
    library = ctypes.PyDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    for name in ("PyOS_BeforeFork", "PyOS_AfterFork_Parent", "PyOS_AfterFork_Child"):
        getattr(library, name).restype = None
    return library


def fork(flags: int) -> int:
    """Fork, the child being the first process of the namespaces in *flags*; raises OSError when refused.

    clone(2) rather than unshare(2) and a fork: that would be one process more for every item. Only for a
    process of one thread, since the C library's own handlers around fork(3) do not run.
    """
    if not flags:
        return os.fork()
    number = _SYS_CLONE.get(platform.machine())
    if number is None or sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    python = _python()
    nothing = ctypes.c_long(0)
    arguments = (ctypes.c_long(number), ctypes.c_long(flags | signal.SIGCHLD), nothing, nothing, nothing, nothing)
    python.PyOS_BeforeFork()
    pid: int = python.syscall(*arguments)
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    problem = ctypes.get_errno()
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(problem, os.strerror(problem))
    return pid


def probe(unwanted: int = 0) -> tuple[int, str]:
    """Find the most that this machine grants, by trying; and say why it is not more."""
    why = ""
    for candidate in CANDIDATES:
        flags = candidate & ~unwanted
        try:
            pid = fork(flags)
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
            why = why or f"refused: {error.strerror}"
            continue
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return flags, why
    return 0, why
