"""Measure a batch of many mixed items: `python -m bench.batch [FOLDER…] --items 1000`.

Copies fixtures (and files of FOLDER) until there are enough, each told apart by a comment, so that every one is work.
Says how close the batch keeps the cores busy, what its own process holds, how long a second run takes, and with
--kills whether runs that are killed add up to an undisturbed one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada {n}\nN:;Ada {n};;;\nTEL:+1415555{n:04}\nEND:VCARD\n"
EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Ran:
    """One run: how it ended, its time, the CPU of all it started and of others meanwhile, its own memory, sampled."""

    status: int
    seconds: float
    cpu_seconds: float
    others_seconds: float
    rss_mb: list[float]


def numbered(data: bytes, number: int) -> bytes:
    """Tell a copy apart by a comment where its format has one; what has none stays a copy."""
    word = f"copy {number}".encode()
    if data[:2] == b"\xff\xd8":
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(word) + 2) + word + data[2:]
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        chunk = b"tEXtn\0" + word
        return data[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    if data[4:8] == b"ftyp":
        return data + struct.pack(">I", 8 + len(word)) + b"free" + word
    if data[:4] == b"GIF8" and data[-1:] == b";":
        return data[:-1] + b"\x21\xfe" + bytes([len(word)]) + word + b"\0;"
    if data[:5] == b"%PDF-":
        return data + b"\n%" + word + b"\n"
    return data


def make(folder: Path, sources: list[Path], items: int, below: int) -> None:
    """Fill *folder* and folders in it with *items* files."""
    chosen = [path for path in sources if path.is_file() and path.suffix != ".md" and path.stat().st_size <= below]
    random.Random(8).shuffle(chosen)
    for number, path in zip(range(items), itertools.cycle(chosen), strict=False):
        target = folder / f"part {number % 7}" / f"{number:05} {path.name[-40:]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        if number % 10 == 9:
            target.with_suffix(".vcf").write_text(CARD.format(n=number))
        else:
            target.write_bytes(numbered(path.read_bytes(), number))


def run(folder: Path, store: Path, *flags: str, kill_after: int | None = None) -> Ran:
    """Run the batch and watch it; with *kill_after* kill it once so many results are written."""
    command = [sys.executable, "-m", "mmsprep", "batch", str(folder), "--store", str(store), *flags]
    started, rss, busy, own = time.monotonic(), list[float](), _busy_seconds(), _own_seconds()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as batch:
        while batch.poll() is None:
            rss.append(_rss_mb(batch.pid))
            if kill_after is not None and len(list(results(store))) >= kill_after:
                batch.kill()
            time.sleep(EVERY_SECONDS if kill_after is None else 0.02)
    cpu = _own_seconds() - own
    others = max(0.0, _busy_seconds() - busy - cpu)
    return Ran(batch.returncode, time.monotonic() - started, cpu, others, [each for each in rss if each])


def _busy_seconds() -> float:
    """Count what all cores have worked, and what a host took from them (proc(5): user, nice, system, irqs, steal)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _rss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def results(store: Path) -> Iterator[dict[str, object]]:
    """Yield the manifest's whole lines; one that is not whole would be a fault."""
    path = store / "results.jsonl"
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


def compared(store: Path) -> dict[str, object]:
    """Give of each result what must be the same in every run."""
    return {
        str(each["source"]): (
            each["status"],
            each.get("reason"),
            [(media["type"], media["sha256"], Path(media["url"]).name) for media in each.get("media", ())],  # type: ignore[attr-defined]
        )
        for each in results(store)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--items", type=int, default=1_000)
    parser.add_argument("--below", type=int, default=3_000_000, help="bytes that a file may have")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--max-bytes", type=int, default=600_000)
    given = parser.parse_args()
    sources = [*FIXTURES.iterdir(), *(path for folder in given.folders for path in sorted(folder.rglob("*")))]
    with tempfile.TemporaryDirectory(prefix="bench-batch-") as name:
        home = Path(name)
        make(home / "in", sources, given.items, given.below)
        flags = ("--max-bytes", str(given.max_bytes))
        first = run(home / "in", home / "out", *flags)
        told = list(results(home / "out"))
        cores = len(os.sched_getaffinity(0))
        cpu = sum(float(str(each["cpu_seconds"])) for each in told)
        print(f"{len(told)} items, {cores} cores, load {os.getloadavg()[0]:.1f}, exit {first.status}")
        ready = [each for each in told if each["status"] == "ready"]
        over = [m for each in ready for m in each["media"] if m["bytes"] >= given.max_bytes]  # type: ignore[attr-defined]
        print(f"{len(ready)} ready, {len(over)} over budget")
        print(f"first run   {first.seconds:7.1f} s; items' CPU {cpu:.1f} s; wall / (CPU / {cores}) = ", end="")
        print(f"{first.seconds / max(cpu / cores, 1e-9):.2f}")
        left = first.seconds * cores - first.others_seconds
        print(f"            others took {first.others_seconds:.1f} s of the cores; of what they left: {left / cpu:.2f}")
        middle = len(first.rss_mb) // 2
        print(
            f"own memory  {max(first.rss_mb):7.1f} MB at most; first half {max(first.rss_mb[: middle + 1]):.1f}, ",
            end="",
        )
        print(f"second half {max(first.rss_mb[middle:]):.1f}")
        second = run(home / "in", home / "out", *flags)
        parts = 100 * second.seconds / first.seconds, 100 * second.cpu_seconds / first.cpu_seconds
        print(f"second run  {second.seconds:7.1f} s, {parts[0]:.1f} % of the first; {parts[1]:.1f} % of its CPU")
        if given.kills:
            _kill(home, flags, given)
        shutil.rmtree(home / "in")


def _kill(home: Path, flags: tuple[str, ...], given: argparse.Namespace) -> None:
    """Kill one run after another at growing numbers of results, end the last, and compare."""
    known = 0
    for kill in range(given.kills):
        known = given.items * (kill + 1) // (given.kills + 1)
        run(home / "in", home / "killed", *flags, kill_after=known)
    last = run(home / "in", home / "killed", *flags)
    again = sum(bool(each["again"]) for each in results(home / "killed"))
    same = compared(home / "out") == compared(home / "killed")
    left = [path.name for path in (home / "killed").rglob(".*") if not path.name.startswith(".mmsprep.sqlite")]
    print(
        f"killed {given.kills} times, the last run took {last.seconds:.1f} s and knew {again} of {given.items}; ",
        end="",
    )
    print(f"{'the same as undisturbed' if same else 'NOT the same'}; {len(left)} half-written files left")


if __name__ == "__main__":
    main()
