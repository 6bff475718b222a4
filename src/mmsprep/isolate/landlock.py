"""Take the file system away from a process, but for what it is given: Landlock, which needs no privilege.

Source: Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h of Linux.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

LIBRARY = EXECUTE | READ_FILE | READ_DIR
WORKSHOP = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
"""An item's own directory. Not there: executing, and making links, sockets, pipes and devices."""

_ALL_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights each version of the interface knows; later ones have as many as 5."""

_TCP = 0b11  # bind and connect, since version 4
_SCOPE = 0b11  # abstract sockets and signals, since version 6

_SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    # Encoders size themselves by these.
    "/sys/devices/system/cpu",
    "/proc/cpuinfo",
)
_DEVICES = {"/dev/null": READ_FILE | WRITE_FILE, "/dev/zero": READ_FILE, "/dev/urandom": READ_FILE}


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _syscall(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))
    return result


def version() -> int:
    """Ask the kernel for its version of the interface; raises OSError without Landlock."""
    return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION))


def readable(paths: Iterable[str]) -> dict[str, int]:
    """Give the rights by path that every item has: on the system's libraries, some devices, and *paths*."""
    # A link is followed by rule as by path: what counts is where the files are.
    named = (os.path.realpath(path) for path in (*_SYSTEM, *paths) if path)
    found = {path for path in named if os.path.exists(path)}  # noqa: PTH110
    outermost = [path for path in found if path != "/" and not any(_is_below(path, other) for other in found)]
    return dict.fromkeys(sorted(outermost), LIBRARY) | _DEVICES


def _is_below(path: str, other: str) -> bool:
    return other != "/" and path.startswith(f"{other}/")


def restrict(abi: int, rights: Mapping[str, int], *, workdir: Path, source: int | None) -> None:
    """Confine this process, and all it starts, to *rights*, its *workdir* and the file open as *source*."""
    home = os.path.realpath(workdir)
    ruleset = _ruleset(abi)
    try:
        for path, allowed in rights.items():
            # A caller that runs from /tmp has it in sys.path: other items' directories are there.
            if not _is_below(home, path):
                _allow_path(ruleset, path, allowed, abi)
        _allow_path(ruleset, home, WORKSHOP, abi)
        if source is not None:
            _allow(ruleset, source, READ_FILE)
        _syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _known_rights(abi: int) -> int:
    return (1 << _ALL_RIGHTS.get(abi, _ALL_RIGHTS[5])) - 1


def _ruleset(abi: int) -> int:
    """Take away everything that this version of the interface can take away."""
    attributes = struct.pack("=QQQ", _known_rights(abi), _TCP, _SCOPE)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    return _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))


def _allow_path(ruleset: int, path: str, allowed: int, abi: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there, or closed to us, needs no right
    try:
        known = allowed & _known_rights(abi)
        directory = os.path.isdir(f"/proc/self/fd/{descriptor}")  # noqa: PTH112
        _allow(ruleset, descriptor, known if directory else known & _FILE_RIGHTS)
    finally:
        os.close(descriptor)


def _allow(ruleset: int, descriptor: int, allowed: int) -> None:
    rule = struct.pack("=Qi", allowed, descriptor)
    try:
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
    except OSError as error:
        # Files of the kernel's own, such as a memfd, take no rule, and are not restricted.
        if error.errno != errno.EBADFD:
            raise
