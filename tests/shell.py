"""A shell for what the documentation shows: commands in one folder, one after another, with or without a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Shell:
    """A shell that keeps its variables from command to command.

    *hosts* are the addresses that a page shows, and where the servers are that stand for them; *terminal* gives it
    one of 100 columns; what begins as *without* says needs what it does not have, and is left out. With *refresh*
    the page is given the figures that are printed today.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    terminal: bool = False
    without: tuple[str, ...] = ()
    refresh: bool = False

    def __post_init__(self) -> None:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MMSPREP_")}
        self.variables = {**kept, "PATH": programs, **self.variables}

    def run(self, command: str) -> tuple[int, str]:
        """Run one command and give its status and all that it printed."""
        for shown, real in self.hosts.items():
            command = command.replace(shown, real)
        after = self.folder / ".variables"
        script = f'{command}\nstatus=$?; env -0 > "{after}"; exit $status'
        status, said = (_in_terminal if self.terminal else _in_pipe)(script, self.folder, self.variables)
        if after.exists():
            pairs = (each.partition("=") for each in after.read_text().split("\0") if each)
            self.variables = {name: value for name, _, value in pairs}
            after.unlink()
        return status, ESCAPES.sub("", said).replace("\r\n", "\n")


def _in_pipe(script: str, folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return ended.returncode, ended.stdout


def _in_terminal(script: str, folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """Run with a terminal for results, and a pipe for everything else, so that no bar is drawn."""
    ours, theirs = pty.openpty()
    said: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 65536):
                said.append(part)
        except OSError:
            return  # how a terminal says that nobody writes any more

    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env={**variables, "COLUMNS": "100", "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as running:
        os.close(theirs)
        reader = threading.Thread(target=read)
        reader.start()
        _, errors = running.communicate(timeout=120)
        reader.join()
    os.close(ours)
    return running.returncode, b"".join(said).decode() + errors.decode()
