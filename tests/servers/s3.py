"""S3 servers to test against: rclone's, moto's and Ceph's, each started once for all workers of a test run."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ACCESS_KEY, SECRET_KEY = "AKIATESTKEY", "a-secret-that-must-never-be-seen"


@dataclass(frozen=True)
class Server:
    """A server that runs: where it is, who must be trusted for its certificate, what was started for it.

    ``public`` tells whether it honours a bucket's policy.
    """

    name: str
    endpoint: str
    pids: tuple[int, ...]
    folder: str
    secure_endpoint: str = ""
    authority: str = ""
    public: bool = False
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY


@contextmanager
def shared(start: Callable[[Path], Server], root: Path) -> Iterator[Server]:
    """Start a server, or join the one that another worker started; the last to leave stops it."""
    root.mkdir(exist_ok=True)
    name = start.__name__
    with _locked(root / f"{name}.lock"):
        users = [*_users(root / name), os.getpid()]
        if len(users) == 1:
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))
            (root / f"{name}.json").write_text(json.dumps(asdict(start(folder))))
        (root / name).write_text(json.dumps(users))
        server = Server(**json.loads((root / f"{name}.json").read_text()))
    try:
        yield server
    finally:
        with _locked(root / f"{name}.lock"):
            users = _users(root / name)
            users.remove(os.getpid())
            (root / name).write_text(json.dumps(users))
            if not users:
                stop(server.pids)


def rclone(folder: Path) -> Server:
    """Real HTTP and real signatures, from a wheel; it knows neither policies nor conditions."""
    port = free_port()
    program = Path(sys.executable).with_name("rclone")
    command = [
        program,
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        f"{ACCESS_KEY},{SECRET_KEY}",
        folder,
    ]
    pid = started([*map(str, command), "--config", str(folder.with_suffix(".conf"))], folder.with_suffix(".log"))
    wait_for(port)
    return Server("rclone", f"http://127.0.0.1:{port}", (pid,), str(folder))


def moto(folder: Path) -> Server:
    """The whole interface of AWS, in memory; it believes every signature."""
    port = free_port()
    pid = started([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], folder.with_suffix(".log"))
    wait_for(port)
    return Server("moto", f"http://127.0.0.1:{port}", (pid,), str(folder), public=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], log: Path, **environment: str) -> int:
    """Start a program in a group of its own, with the machine's environment and no credentials of ours."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MMSPREP_", "PYTHON"))}
    with log.open("ab") as written:
        return subprocess.Popen(
            command, stdout=written, stderr=written, start_new_session=True, env=clean | environment
        ).pid


def wait_for(port: int, *, seconds: float = 60) -> None:
    """Wait until something answers HTTP on *port*, with whatever status."""
    ends = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def stop(pids: tuple[int, ...], *, seconds: float = 5) -> None:
    """End what was started, kindly and then not."""
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    ends = time.monotonic() + seconds
    for pid in pids:
        while time.monotonic() < ends and lives(pid):
            time.sleep(0.05)
        _signal(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Tell whether a process still runs; one that has ended and waits to be asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signal(pid: int, number: int) -> None:
    if lives(pid):
        os.kill(pid, number)


def _users(file: Path) -> list[int]:
    return list(json.loads(file.read_text())) if file.exists() else []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
