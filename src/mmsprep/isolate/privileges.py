"""Give up, for good, every privilege that a process or what it executes could have."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2); raises OSError."""
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc().prctl(option, *padded) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))


def forbid_new() -> None:
    """Make set-user-id programs and file capabilities worthless; Landlock and seccomp demand it of non-root."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Drop all capabilities, for good once no new ones are possible.

    In a user namespace they are worth nothing outside, but root may have been refused one.
    """
    with suppress(OSError):  # before Linux 4.3 there are none
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    if _libc().capset(header, none) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))


def die_with_parent() -> None:
    """Ask to be killed when the parent ends.

    The signal comes when the *thread* that forked us ends, so it is only for children of a process of one thread,
    and a fork clears it.
    """
    if sys.platform == "linux":
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if sys.platform == "linux":
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
