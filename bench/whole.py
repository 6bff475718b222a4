"""Measure the whole as a person meets it: `python -m bench.whole`, a page with a plot for each figure.

Start-up, import, what an item costs beside its codec, throughput against cores, memory against size. CPU rather
than the clock wherever that is meant; the fastest of several runs, because others only ever make a run slower.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bench import machine, plot

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "whole.md"
PYTHON = sys.executable
MMSPREP = str(Path(sys.executable).with_name("mmsprep"))
HELP_SECONDS, IMPORT_SECONDS = 0.25, 0.1
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\nTEL;TYPE=CELL:+12125550100\r\nEND:VCARD\r\n"


def children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of(command: Sequence[str], *, runs: int = 7) -> float:
    """Give the CPU seconds of a command and all that it starts, the least of several."""
    least = []
    for _ in range(runs):
        before = children_cpu_seconds()
        subprocess.run(command, check=True, capture_output=True)
        least.append(children_cpu_seconds() - before)
    return min(least)


def startup() -> dict[str, float]:
    """Measure what is paid before anything is done, in milliseconds of CPU."""
    bare = cpu_of([PYTHON, "-c", "pass"])
    measured = {
        "python -c pass": bare,
        "import mmsprep": cpu_of([PYTHON, "-c", "import mmsprep"]),
        "from mmsprep import Pipeline": cpu_of([PYTHON, "-c", "from mmsprep import Pipeline"]),
        "mmsprep --version": cpu_of([MMSPREP, "--version"]),
        "mmsprep --help": cpu_of([MMSPREP, "--help"]),
    }
    return {name: seconds * 1000 for name, seconds in measured.items()}


# A program of its own, so that what it waited for can be counted: the helper, and with it all items.
ITEMS = """
import json, resource, sys, time
from mmsprep import Pipeline

def cpu():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)

started, count = time.perf_counter(), int(sys.argv[2])
with Pipeline(store=sys.argv[3]) as pipeline:
    for _ in range(count):
        pipeline.prepare(sys.argv[1])
print(json.dumps({"cpu": cpu(), "wall": time.perf_counter() - started}))
"""

BY_HAND = """
import json, resource, sys, time
from PIL import Image, ImageOps
from io import BytesIO
started, count = time.perf_counter(), int(sys.argv[2])
for _ in range(count):
    with Image.open(sys.argv[1]) as picture:
        ImageOps.exif_transpose(picture).convert("RGB").save(BytesIO(), "JPEG", quality=90)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - started}))
"""


def each(program: str, source: Path, out: Path, count: int = 20) -> float:
    """Give the CPU milliseconds of one more item, beside those of starting."""
    used = {}
    for many in (1, 1 + count):
        command = [PYTHON, "-c", program, str(source), str(many), str(out)]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(3)]
        used[many] = min(json.loads(said)["cpu"] for said in runs)
    return (used[1 + count] - used[1]) / count * 1000


def items(folder: Path) -> dict[str, float]:
    """Measure what an item costs where its codec has next to nothing to do."""
    sources: dict[str, Callable[[Path], object]] = {
        "card.vcf": lambda path: path.write_text(CARD),
        "dot.png": lambda path: Image.new("RGB", (64, 64), "teal").save(path),
        "dot.jpg": lambda path: Image.new("RGB", (64, 64), "teal").save(path),
    }
    names = {"card.vcf": "a contact card", "dot.png": "a PNG of 64 × 64", "dot.jpg": "a JPEG of 64 × 64"}
    measured = {}
    for name, make in sources.items():
        make(folder / name)
        measured[names[name]] = each(ITEMS, folder / name, folder / "out")
    measured["the JPEG by Pillow, no walls"] = each(BY_HAND, folder / "dot.jpg", folder / "out")
    return measured


def photo(path: Path, megapixels: float) -> Path:
    """Bring the beach of fixtures/ to a size: a sky, fine sand, and everything between."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    with Image.open(ROOT / "fixtures" / "beach.jpg") as beach:
        beach.convert("RGB").resize((width, round(width * 3 / 4))).save(path, quality=88)
    return path


def throughput(folder: Path, count: int) -> dict[int, float]:
    """Count items a second on one core and on more, the best of three runs."""
    for index in range(count):
        photo(folder / f"photo-{index}.jpg", 2)
    sources = sorted(map(str, folder.glob("photo-*.jpg")))
    allowed = sorted(os.sched_getaffinity(0))
    rates = {}
    for cores in sorted({1, 2, len(allowed)}):
        if cores <= len(allowed):
            rates[cores] = max(_rate(sources, allowed[:cores], folder) for _ in range(3))
    return rates


def _rate(sources: list[str], cores: list[int], folder: Path) -> float:
    """Count items a second of the time that others left on these cores, for the machine may not be ours alone."""
    command = [MMSPREP, "prepare", "--store", str(folder / f"out-{len(cores)}-{time.monotonic_ns()}"), *sources]
    started, busy, own = time.perf_counter(), _busy_seconds(cores), children_cpu_seconds()
    subprocess.run(command, check=True, capture_output=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    wall, own = time.perf_counter() - started, children_cpu_seconds() - own
    others = max(0.0, _busy_seconds(cores) - busy - own)
    return len(sources) / (wall - others / len(cores))


def _busy_seconds(cores: Sequence[int]) -> float:
    """Sum what these cores did for anybody, and what the machine below took (proc(5): user to steal, without idle)."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{core}" for core in cores}:
            ticks += sum(int(field) for index, field in enumerate(fields[:8]) if index not in {3, 4})
    return ticks / os.sysconf("SC_CLK_TCK")


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory(folder: Path, sizes: Sequence[float]) -> list[tuple[float, float]]:
    """Give the most memory, in MB, that any process held while a photo of so many megapixels was prepared."""
    held = []
    for megapixels in sizes:
        source = photo(folder / f"{megapixels:g}.jpg", megapixels)
        command = [PYTHON, "-c", PEAK, MMSPREP, "prepare", "--store", str(folder / "out"), str(source)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        held.append((megapixels, int(said) * 1024 / 1e6))
    return held


def written(folder: Path, count: int, sizes: Sequence[float]) -> str:
    """Measure all, draw the plots beside the page, and give the page."""
    figures = PAGE.parent / "figures"
    figures.mkdir(exist_ok=True)
    start, per_item = startup(), items(folder)
    rates, held = throughput(folder, count), memory(folder, sizes)
    cores = {f"{n} core{'s' * (n > 1)}": rate for n, rate in rates.items()}
    lines = {"mmsprep": held, "the pixels alone": [(size, size * 3) for size, _ in held]}
    promise = HELP_SECONDS * 1000
    drawn = {
        "startup": plot.bars("Before anything is done", "ms of CPU", start, mark=promise, marked="promised: below"),
        "items": plot.bars("One more item", "ms of CPU", per_item),
        "throughput": plot.bars("Photos of 2 MP", "a second", cores),
        "memory": plot.lines("The most memory that a process held", "megapixels of the JPEG", "MB", lines),
    }
    for name, figure in drawn.items():
        (figures / f"{name}.svg").write_text(figure)
    return PAGE_TEXT.format(
        machine=machine.described(),
        day=datetime.now(UTC).date(),
        help=start["mmsprep --help"],
        imported=start["import mmsprep"] - start["python -c pass"],
        overhead=per_item["a JPEG of 64 × 64"],
        card=per_item["a contact card"],
        gain=max(rates.values()) / rates[1],
        cores=max(rates),
        largest=held[-1][0],
        held=held[-1][1],
        count=count,
    )


PAGE_TEXT = """# The whole

Written by `python -m bench.whole` on {day}. {machine}.
CPU is the least of several runs.

| | measured | promised |
|---|--:|--:|
| `mmsprep --help` | {help:.0f} ms of CPU | below 250 ms |
| `import mmsprep`, over Python's own start | {imported:.0f} ms of CPU | below 100 ms |
| one more small JPEG, walls and store included | {overhead:.0f} ms of CPU | |
| one more contact card | {card:.0f} ms of CPU | |
| {cores} cores against one, {count} photos | {gain:.2f} times | |
| a JPEG of {largest:g} megapixels | {held:.0f} MB in the largest process | |

## Start-up

`mmsprep` imports nothing until a name of it is used, and help is written without the libraries that draw tables.

![What is paid before anything is done](figures/startup.svg)

## What an item costs beside its codec

A child is forked from a warm helper, walled in, and asked twice what a file is: before and after. That is what this
measures, on files that no codec spends time on. By hand means: no walls, no limits, no check of what came out.

![What one more item costs](figures/items.svg)

## Throughput against cores

`mmsprep prepare` on {count} photos of 2 megapixels each, start-up included. Others worked on the cores too: a second is
one that they left.

![Throughput against cores](figures/throughput.svg)

## Memory against size

The largest process, libraries included. A JPEG is decoded at the half, quarter or eighth of its size that is enough for
what leaves, so the line falls where the fraction changes, and hardly rises after that.

![Memory against size](figures/memory.svg)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=12, help="how many photos throughput is measured on")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 4, 12, 24, 48, 100])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        page = written(Path(folder), given.photos, given.megapixels)
    PAGE.write_text(page)
    print(page.partition("## ")[0])


if __name__ == "__main__":
    main()
