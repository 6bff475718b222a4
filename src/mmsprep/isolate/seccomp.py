"""Take away the system calls that no decoder needs: the holes that namespaces and Landlock leave.

A list of what is denied rather than of what is allowed: codecs, C libraries and kernels change, and a missing call
would then be a file that cannot be sent. The numbers are those of asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
from dataclasses import dataclass

DENIED = {
    # Sockets: a path AF_UNIX socket is reached through any namespace, and Landlock knows TCP alone. A pair is harmless.
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    # io_uring opens, connects and renames without making a system call that a filter sees.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # Owner, permissions, times and attributes of files outside: Landlock does not restrict them.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # Before version 3 of Landlock, by path alone; ftruncate remains.
    "truncate": (76, 45),
    # Links, devices and pipes in the item's directory would lead astray whoever reads it afterwards.
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    # Other processes: their memory, their descriptors.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # New namespaces and mounts: whole subsystems of the kernel open up to whoever is root in his own.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # Memory that no limit counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # Large and rarely used parts of the kernel, known for their bugs.
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "fanotify_init": (300, 262),
    "open_by_handle_at": (304, 265),
    "personality": (135, 92),
    "modify_ldt": (154, None),
}
"""Each call with its number on x86-64 and on aarch64."""

_NEW_NAMESPACES = 0x7E020000
"""All CLONE_NEW… flags that clone(2) takes."""


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    column: int
    clone: int
    foreign: int | None


_CLONE3 = 435
_MACHINES = {
    # Numbers from 0x40000000 on are those of x32, a second set of the same calls.
    "x86_64": _Machine(audit=0xC000003E, column=0, clone=56, foreign=0x40000000),
    "aarch64": _Machine(audit=0xC00000B7, column=1, clone=220, foreign=None),
}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

_SET_MODE_FILTER = 1
_SPEC_ALLOW = 4
"""Otherwise kernels before 5.16 switch off a part of the processor's speculation, at a tenth of its speed and more."""


def program(machine: str) -> bytes:
    """Write the filter for *machine* in classic BPF; raises KeyError for one that has no table."""
    kind = _MACHINES[machine]
    numbers = [pair[kind.column] for pair in DENIED.values()]
    denied = [number for number in numbers if number is not None]
    count = len(denied)
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, kind.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        # The distance to the refusal at the end: the numbers, and the six instructions between.
        (_AT_LEAST, count + 6, 0, kind.foreign or 0xFFFFFFFF),
        *((_EQUAL, count - index + 5, 0, number) for index, number in enumerate(denied)),
        # The C library takes ENOSYS for an old kernel and uses clone(2), whose flags can be read here.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_EQUAL, 0, 2, kind.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}


@functools.cache
def prepared() -> tuple[ctypes.CDLL, int, bytes]:
    """Write the filter once, in the helper, rather than in each item."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    return libc, _SYS_SECCOMP[machine], program(machine)


def install() -> None:
    """Filter the system calls of this process and all it starts, for good; raises OSError when refused."""
    libc, number, filters = prepared()
    buffer = ctypes.create_string_buffer(filters, len(filters))
    header = struct.pack("@HP", len(filters) // 8, ctypes.addressof(buffer))
    if libc.syscall(ctypes.c_long(number), ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_SPEC_ALLOW), header) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))
