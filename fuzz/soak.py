"""Prepare hostile files over and over and count what stays: `python fuzz/soak.py [--rounds 20] [FOLDER]`.

Without a folder it takes the attacks that tests/hostile/made.py writes. After each round it prints the memory of this
process and of the helper, their open descriptors, their processes, and the files in the temporary directory. It fails
when any of them is larger after the last round than after the second, but for a tenth of memory.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

JOBS = 2
SLACK = 1.10
"""How much memory may have grown: an allocator keeps what it once had."""


def children(pid: int) -> list[int]:
    """Give all descendants of a process, itself first (proc(5))."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [each for child in task.read_text().split() for each in children(int(child))]
    return found


def counted(temporary: Path) -> dict[str, int]:
    processes = children(os.getpid())
    status = [Path(f"/proc/{pid}/status").read_text() for pid in processes]
    resident = [int(text.partition("VmRSS:")[2].split()[0]) for text in status if "VmRSS:" in text]
    return {
        "memory": sum(resident) // 1024,
        "descriptors": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes),
        "processes": len(processes),
        "files": sum(1 for path in temporary.rglob("*") if path.is_file()),
    }


def files_in(given: Path | None, folder: Path) -> list[Path]:
    if given is not None:
        return sorted(path for path in given.rglob("*") if path.is_file() and path.suffix != ".tsv")
    from tests.hostile import made

    makers = {name: maker for group in (made.REFUSED, made.CLEANED) for name, (maker, _) in group.items()}
    for name, maker in {**makers, **made.ENDS}.items():
        (folder / name).write_bytes(maker())
    return sorted(folder.iterdir())


def prepare_all(files: list[Path], store: Path, rounds: int, temporary: Path) -> list[dict[str, int]]:
    from mmsprep import Pipeline
    from mmsprep.errors import PrepError

    seen = []
    chance = random.Random(1)
    with Pipeline(store=store) as pipeline, ThreadPoolExecutor(JOBS) as threads:

        def prepare(path: Path) -> str:
            try:
                pipeline.prepare(path)
            except PrepError as error:
                return error.status
            return "ready"

        for number in range(rounds):
            ended = list(threads.map(prepare, chance.sample(files, len(files))))
            time.sleep(1)  # what has ended is collected
            seen.append(counted(temporary))
            told = ", ".join(f"{ended.count(status)} {status}" for status in sorted(set(ended)))
            print(f"round {number + 1}: {told}; {seen[-1]}", flush=True)
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as outer:
        temporary, store, made = (Path(outer) / name for name in ("tmp", "store", "made"))
        for each in (temporary, made):
            each.mkdir()
        # Before the library asks: here lie the items' directories, and what they would leave.
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        seen = prepare_all(files_in(given.folder, made), store, max(3, given.rounds), temporary)
        early, late = seen[1], seen[-1]
        grown = [name for name in early if late[name] > early[name] * (SLACK if name == "memory" else 1)]
        # The directory that holds the items' own, and its lock, go when this process ends.
        left = [str(path) for path in temporary.glob("*/*") if path.name != "lock"]
    print(f"grown: {grown or 'nothing'}; left behind: {left or 'nothing'}")
    return 1 if grown or left else 0


if __name__ == "__main__":
    raise SystemExit(main())
