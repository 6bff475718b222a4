"""Run the benchmarks one after another and write what they say: `python -m bench [NAME…] --folder FOLDER`.

`bench.pictures` and `bench.whole` write pages of their own; what the others print becomes docs/benchmarks/measured.md,
with the command and the machine beside it. A benchmark that is named alone replaces its own part of that page.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import machine

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "measured.md"

COMMANDS = {
    "whole": "-m bench.whole",
    "isolation": "bench/isolation.py",
    "maps": "bench/maps.py",
    "shares": "-m bench.shares {folder}",
    "pdf": "bench/pdf.py {folder}",
    "hostile": "bench/hostile.py {folder} --naive",
    "batch": "-m bench.batch {folder}",
    "worker": "-m bench.worker",
    "pictures": "-m bench.pictures {folder}",
    "video": "-m bench.video {folder} --budget {budget}",
}
HEAD = """# What was measured last

Written by `make bench`: the words of each benchmark, with the command that repeats it. FOLDER stands for other people's
files, which are not part of the project; the pages beside this one say what the figures mean.
"""


def measured(name: str, folder: str, budget: int) -> str:
    """Run one benchmark and give its part of the page; one that fails says so there."""
    command = COMMANDS[name].format(folder=folder, budget=budget)
    print(f"python {command}", flush=True)
    ended = subprocess.run([sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    shown = COMMANDS[name].format(folder="FOLDER", budget=budget)
    said = ended.stdout.strip() if ended.returncode == 0 else f"It failed: {ended.stderr.strip().splitlines()[-1]}"
    print(said, flush=True)
    day = f"On {datetime.now(UTC).date()}: {machine.described()}."
    return f"## {name}\n\n`python {shown}`\n\n{day}\n\n```text\n{said.replace(folder, 'FOLDER')}\n```\n"


def merged(page: str, parts: dict[str, str]) -> str:
    """Put *parts* in place of those of the same names on the page, in the order of the list above."""
    kept = dict(re.findall(r"^(?=## (\w+)$)(.*?)(?=^## |\Z)", page, flags=re.DOTALL | re.MULTILINE))
    both = {name: text.strip() + "\n" for name, text in (kept | parts).items()}
    return "\n".join([HEAD, *(both[name] for name in COMMANDS if name in both)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMMANDS)}; all if not given")
    parser.add_argument("--folder", default="fixtures")
    parser.add_argument("--budget", type=int, default=600_000)
    given = parser.parse_args()
    for name in given.names or COMMANDS:
        part = measured(name, given.folder, given.budget)
        PAGE.write_text(merged(PAGE.read_text() if PAGE.exists() else "", {name: part}))


if __name__ == "__main__":
    main()
