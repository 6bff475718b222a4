"""The filter, run on every number by a small interpreter of classic BPF: also for a machine that is not here."""

from __future__ import annotations

import errno
import struct

import pytest

from mmsprep.isolate import seccomp

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
ALLOW, KILL = "allow", "kill"


def decide(machine: str, number: int, argument: int = 0, audit: int | None = None) -> str | int:
    """Give what the filter says: allow, kill, or an errno."""
    seen = {0: number, 4: AUDIT[machine] if audit is None else audit, 16: argument}
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    at, accumulator = 0, 0
    while True:
        code, true, false, value = program[at]
        at += 1
        match code:
            case 0x20:
                accumulator = seen[value]
            case 0x15:
                at += true if accumulator == value else false
            case 0x35:
                at += true if accumulator >= value else false
            case 0x45:
                at += true if accumulator & value else false
            case 0x06:
                return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(value, value & 0xFFFF)


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_exactly_what_is_listed_is_denied(machine: str, column: int) -> None:
    denied = {pair[column] for pair in seccomp.DENIED.values()} - {None}

    assert {number for number in range(600) if decide(machine, number) == errno.EPERM} == denied
    assert decide(machine, 435) == errno.ENOSYS
    assert all(decide(machine, number) == ALLOW for number in range(600) if number not in denied | {435})


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_processes_and_threads_may_start_but_no_namespace(machine: str) -> None:
    threads, plain = 0x3D0F00, 0x11

    assert decide(machine, CLONE[machine], plain) == ALLOW
    assert decide(machine, CLONE[machine], threads) == ALLOW
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, CLONE[machine], plain | namespace) == errno.EPERM


def test_calls_of_another_architecture_kill() -> None:
    assert decide("x86_64", 0, audit=0x40000003) == KILL
    assert decide("aarch64", 0, audit=0x40000028) == KILL


def test_the_second_set_of_calls_of_x86_is_denied() -> None:
    assert decide("x86_64", 0x40000000) == errno.EPERM
    assert decide("x86_64", 0x40000000 + 41) == errno.EPERM


def test_a_machine_without_a_table_has_no_filter() -> None:
    with pytest.raises(KeyError):
        seccomp.program("riscv64")
