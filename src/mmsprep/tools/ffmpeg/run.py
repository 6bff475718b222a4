"""Run ffmpeg: its progress comes out as it goes, and when it must end, all of it ends."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from mmsprep.errors import Rejected, Unavailable
from mmsprep.tools.ffmpeg import command

KEPT_BYTES = 4_000
"""The end of what ffmpeg says: a broken file makes it say the same thing for every frame."""

OUT_OF_SPACE, FILE_TOO_LARGE, OUT_OF_MEMORY = 256 - errno.ENOSPC, 256 - errno.EFBIG, 256 - errno.ENOMEM
"""Exit codes: ffmpeg ends with the negated error number (AVERROR), of which a byte is left."""


class Failed(Exception):
    """ffmpeg could not do it; what it said last is the text."""


def nothing(_: float) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True)
class Runner:
    """What every run of ffmpeg for one item shares: the program, threads for decoding, where to write."""

    binary: str
    workdir: Path
    threads: int = 1
    made: list[Path] = field(default_factory=list)

    def path(self, suffix: str) -> Path:
        """Name a working file, hidden so that it is never taken for a result."""
        path = self.workdir / f".work{len(self.made)}{suffix}"
        self.made.append(path)
        return path

    def clean(self) -> None:
        """Remove the working files."""
        for path in self.made:
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink(missing_ok=True)

    def run(self, *outputs: Any, progress: Callable[[float], None] = nothing) -> str:
        """Write *outputs*, telling the seconds of media done so far; gives what ffmpeg said.

        Raises Failed; Rejected ``too-costly`` when a limit ended it; OSError and MemoryError for the machine's.
        """
        arguments = command.written(*outputs, binary=self.binary, threads=self.threads)
        return run(arguments, cwd=self.workdir, progress=progress)


def run(arguments: list[str], *, cwd: Path, progress: Callable[[float], None] = nothing) -> str:
    """Run one command to its end; whatever interrupts us also ends it, with all that it started.

    Raises Unavailable ``tool`` for a program that may not be started: no file is at fault.
    """
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        # Our own binary; the arguments are built by ffmpeg-python.
        process = subprocess.Popen(arguments, cwd=cwd, process_group=0, **pipes)  # noqa: S603
    except (FileNotFoundError, PermissionError) as error:
        fact = f"{arguments[0]} cannot be started: {error.strerror}"
        raise Unavailable("tool", f"{fact}; see mmsprep doctor") from error
    assert process.stdout is not None
    assert process.stderr is not None
    said = bytearray()
    listener = threading.Thread(target=_listen, args=(process.stderr, said), daemon=True)
    listener.start()
    try:
        for line in process.stdout:
            key, _, value = line.partition(b"=")
            if key == b"out_time_us" and value.strip().isdigit():
                progress(int(value) / 1e6)
        code = process.wait()
    finally:
        # ffmpeg can ignore SIGTERM for a minute (a gap in the timestamps).
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listener.join()
        process.stdout.close()
        process.stderr.close()
    text = said.decode("utf-8", "replace")
    if code:
        raise _problem(code, text)
    return text


def _listen(pipe: IO[bytes], said: bytearray) -> None:
    while chunk := pipe.read1(65_536):  # type: ignore[attr-defined]
        said += chunk
        del said[:-KEPT_BYTES]


def _problem(code: int, text: str) -> Exception:
    """Tell whose fault an exit code is: the machine's, a limit's or the file's."""
    if code == OUT_OF_SPACE:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if code == FILE_TOO_LARGE:
        return OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    if code == OUT_OF_MEMORY or "Cannot allocate memory" in text:
        return MemoryError(text[-200:])
    if code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ):
        return Rejected("too-costly", "takes more time or memory than an item may have; send a shorter or smaller one")
    return Failed(text.strip()[-500:] or f"ffmpeg ended with {code}")
