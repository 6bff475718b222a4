"""What the tests have done inside: honest tasks, and every misbehaviour that the walls are for."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from mmsprep.errors import Rejected, Unavailable
from mmsprep.isolate import Inside

Arguments = dict[str, Any]


def me() -> int:
    """Give the number by which the outside knows this process."""
    return int(Path("/proc/self").readlink().name)


# Honest ones.


def echo(arguments: Arguments, inside: Inside) -> Any:
    return arguments


def count(arguments: Arguments, inside: Inside) -> int:
    for number in range(arguments["events"]):
        inside.emit({"number": number})
    return int(arguments["events"])


def surroundings(arguments: Arguments, inside: Inside) -> Any:
    return {
        "environment": dict(os.environ),
        "directory": str(Path.cwd()),
        "arguments": sys.argv,
        "pid": os.getpid(),
    }


def read_twice(arguments: Arguments, inside: Inside) -> list[str]:
    assert inside.source is not None
    first = inside.source.read_bytes()
    child = subprocess.run(["/bin/cat", str(inside.source)], capture_output=True, check=False)
    return [first.decode(), inside.source.read_text(), child.stdout.decode()]


def write(arguments: Arguments, inside: Inside) -> str:
    path = inside.workdir / "out"
    path.write_text(arguments["text"])
    return path.name


def reject(arguments: Arguments, inside: Inside) -> None:
    raise Rejected(arguments["reason"], arguments["message"])


def unavailable(arguments: Arguments, inside: Inside) -> None:
    raise Unavailable(arguments["reason"], arguments["message"])


def not_json(arguments: Arguments, inside: Inside) -> object:
    return object()


def threads(arguments: Arguments, inside: Inside) -> int:
    started = [threading.Thread(target=inside.emit, args=[{"thread": number}]) for number in range(8)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return len(started)


def wait_for_file(arguments: Arguments, inside: Inside) -> float:
    """Stay until as many siblings are there as arguments say: only items that run at once get through."""
    meeting = Path(arguments["meeting"])
    inside.emit({"here": True})
    while len(list(meeting.iterdir())) < arguments["siblings"]:
        time.sleep(0.01)
    return time.monotonic()


def status_of_a_program(arguments: Arguments, inside: Inside) -> str:
    """What a program that the item executes may do: root would get his capabilities back."""
    return subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout


# Costly ones.


def loop(arguments: Arguments, inside: Inside) -> None:
    inside.emit({"pid": me()})
    while True:
        pass


def loop_in_children(arguments: Arguments, inside: Inside) -> None:
    """Spend little in each process and much in all."""
    for _ in range(2):
        if os.fork() == 0:
            loop(arguments, inside)
    time.sleep(60)


def sleep(arguments: Arguments, inside: Inside) -> None:
    inside.emit({"pid": me()})
    time.sleep(arguments.get("seconds", 60))


def allocate(arguments: Arguments, inside: Inside) -> int:
    return len(bytearray(arguments["bytes"]))


def reserve(arguments: Arguments, inside: Inside) -> int:
    """Take memory without touching it, so that nobody can count it."""
    return len(mmap.mmap(-1, arguments["bytes"], flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def allocate_slowly(arguments: Arguments, inside: Inside) -> None:
    kept = []
    while True:
        kept.append(b"x" * 1_000_000)


def allocate_in_children(arguments: Arguments, inside: Inside) -> None:
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(arguments["bytes"])
            time.sleep(60)
            del kept
    time.sleep(60)


def allocate_shared(arguments: Arguments, inside: Inside) -> None:
    """Take memory that RLIMIT_DATA does not count."""
    shared = mmap.mmap(-1, arguments["bytes"])
    for offset in range(0, len(shared), 4096):
        shared[offset] = 1
    time.sleep(60)


def lower_then(arguments: Arguments, inside: Inside) -> None:
    inside.lower(arguments.get("memory"), arguments.get("cpu"), arguments.get("wall"))
    if arguments.get("memory"):
        allocate_slowly(arguments, inside)
    if arguments.get("wall") and not arguments.get("cpu"):
        time.sleep(60)
    loop(arguments, inside)


def write_much(arguments: Arguments, inside: Inside) -> None:
    with (inside.workdir / "big").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def open_much(arguments: Arguments, inside: Inside) -> int:
    kept: list[int] = []
    try:
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return len(kept)


def fork_bomb(arguments: Arguments, inside: Inside) -> None:
    while True:
        if os.fork() == 0:
            time.sleep(60)


# Broken ones.


def crash(arguments: Arguments, inside: Inside) -> None:
    if arguments["signal"] != signal.SIGKILL:
        signal.signal(arguments["signal"], signal.SIG_DFL)
    os.kill(os.getpid(), arguments["signal"])
    time.sleep(60)


def read_null(arguments: Arguments, inside: Inside) -> None:
    ctypes.string_at(0)


def fail(arguments: Arguments, inside: Inside) -> None:
    raise ValueError("bad \x1b[31mmarker\u202e\n" + "x" * 10_000)


def disk_full(arguments: Arguments, inside: Inside) -> None:
    raise OSError(28, "No space left on device")


def leave(arguments: Arguments, inside: Inside) -> None:
    os._exit(arguments["code"])


# Hostile ones.


def escape(arguments: Arguments, inside: Inside) -> None:
    """Leave the session, the group and the parent, and stay."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
                signal.signal(number, signal.SIG_IGN)
            os.write(writing, str(me()).encode())
            while True:
                time.sleep(1)
        os._exit(0)
    inside.emit({"escaped": int(os.read(reading, 20)), "pid": me()})
    if arguments["stay"]:
        time.sleep(60)


def babble(arguments: Arguments, inside: Inside) -> None:
    """Write to the caller what the protocol does not know."""
    channel = inside._channel
    if arguments.get("flood"):
        while True:
            channel.sendall(arguments["text"].encode())
    channel.sendall(bytes.fromhex(arguments["hex"]))
    time.sleep(arguments.get("seconds", 0))


def litter(arguments: Arguments, inside: Inside) -> None:
    """Leave behind what is hard to remove."""
    for _ in range(arguments["depth"]):
        Path("deeper").mkdir()
        os.chdir("deeper")
    for number in range(500):
        Path(str(number)).touch()
    os.chdir(inside.workdir)
    Path("closed").mkdir(mode=0)
