"""Measure the worst memory and CPU of an item per kind, ours beside naive code's.

    python bench/hostile.py FOLDER… [--naive] [--lines FILE]

prints a Markdown table (`docs/security.md` has one). Every file below the folders is prepared, two at a time, each
with the whole isolation on; memory and CPU are what the supervisor counted over all processes of the item. *--naive*
also gives each file to what a few lines of a library would do, in a process with 1 GB of memory and 20 s.
*--lines* writes one JSON line per file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from mmsprep import defaults, profile
from mmsprep.errors import PrepError
from mmsprep.isolate import Sandbox, item_directory
from mmsprep.limits import Limits
from mmsprep.receive import receive

JOBS = 2
NAIVE_BYTES, NAIVE_SECONDS = 1 << 30, 20


@dataclass(frozen=True)
class Outcome:
    """What became of one file, and what it took."""

    file: str
    kind: str
    who: str
    status: str
    why: str
    memory_bytes: int
    cpu_seconds: float


def files_of(folders: Iterable[Path]) -> list[Path]:
    found = [path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else [folder])]
    return sorted(path for path in found if path.is_file() and path.name not in ("MANIFEST.tsv", "canary.txt"))


def kind_of(mime: str) -> str:
    family = mime.partition("/")[0]
    named = {"application/pdf": "document", "text/x-vcard": "card", "text/calendar": "calendar"}
    return named.get(mime) or {"image": "picture", "video": "video", "audio": "audio"}.get(family, "other")


def ours(paths: list[Path], kinds: dict[Path, str]) -> list[Outcome]:
    stages = defaults.stage_names()
    arguments = {
        "profile": profile.load(profile.DEFAULT).as_dict(),
        "limits": asdict(Limits()),
        "options": {},
        "threads": 1,
        "stages": stages,
    }
    with Sandbox(preload=("mmsprep.warm", *(name.partition(":")[0] for name in stages))) as sandbox:
        sandbox.level  # noqa: B018  starts the helper, before there are threads
        with ThreadPoolExecutor(JOBS) as threads:
            return list(threads.map(partial(_prepared, sandbox, arguments, kinds), paths))


def _prepared(sandbox: Sandbox, arguments: dict[str, object], kinds: dict[Path, str], path: Path) -> Outcome:
    status, why = "ready", ""
    with item_directory() as directory, path.open("rb") as file:
        started = sandbox.start(
            "mmsprep.route:prepare_item", arguments, limits=Limits(), workdir=directory, source=file.fileno()
        )
        with started as item:
            try:
                received = receive(item.result(), directory, profile.load(profile.DEFAULT))
                kinds[path] = kind_of(received.original.type)
            except PrepError as error:
                status, why = error.status, f"{error.reason}: {error.message}"
        usage = item.usage
    kinds.setdefault(path, _guessed(path))
    return Outcome(str(path), kinds[path], "mmsprep", status, why, usage.memory_bytes, round(usage.cpu_seconds, 3))


def _guessed(path: Path) -> str:
    """Name the kind that a rejected file pretends to be, by its name."""
    by_name = {
        "picture": "jpg jpeg png gif webp tif tiff bmp jp2 j2k heic avif sgi psd fli blp dds pcx tga bin fuzzed eps",
        "video": "mp4 mov avi mkv webm m4v 3gp m3u8 ts mpg",
        "audio": "mp3 wav flac ogg m4a amr aac",
        "document": "pdf",
        "card": "vcf",
    }
    suffix = path.suffix.lower().lstrip(".")
    return next((kind for kind, names in by_name.items() if suffix in names.split()), "other")


PILLOW = "from PIL import Image; Image.open(argv[1]).save(argv[2], 'PNG')"
FRAMES = "from PIL import Image, ImageSequence; [f.copy() for f in ImageSequence.Iterator(Image.open(argv[1]))]"
PYPDF = "from pypdf import PdfWriter; w = PdfWriter(clone_from=argv[1]); w.write(argv[2])"
VOBJECT = "import vobject; open(argv[2], 'w').write(vobject.readOne(open(argv[1]).read()).serialize())"
FFMPEG = (
    "import os, imageio_ffmpeg; exe = imageio_ffmpeg.get_ffmpeg_exe(); "
    "os.execv(exe, [exe, '-v', 'error', '-y', '-i', argv[1], '-threads', '2', argv[2] + '.mp4'])"
)
NAIVE = {"picture": (PILLOW, FRAMES), "video": (FFMPEG,), "audio": (FFMPEG,), "document": (PYPDF,), "card": (VOBJECT,)}


BOUNDED = (
    f"from sys import argv; import resource; resource.setrlimit(resource.RLIMIT_DATA, ({NAIVE_BYTES}, {NAIVE_BYTES}))"
)


def naive(paths: list[Path], kinds: dict[Path, str]) -> list[Outcome]:
    work = [(path, program) for path in paths for program in NAIVE.get(kinds[path], ())]
    with ThreadPoolExecutor(JOBS) as threads:
        return list(threads.map(lambda each: _tried(*each, kinds[each[0]]), work))


def _tried(path: Path, program: str, kind: str) -> Outcome:
    """Run a few lines of a library on one file; the worst is what it took until it was stopped."""
    with item_directory() as directory:
        command = [sys.executable, "-c", f"{BOUNDED}; {program}", str(path), str(directory / "out")]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        killer = threading.Timer(NAIVE_SECONDS, process.kill)
        killer.start()
        started = time.monotonic()
        _, status, used = os.wait4(process.pid, 0)
        killer.cancel()
        code = process.returncode = os.waitstatus_to_exitcode(status)
    ended = "hang" if time.monotonic() - started >= NAIVE_SECONDS else "ready" if code == 0 else "error"
    cpu = used.ru_utime + used.ru_stime
    return Outcome(str(path), kind, "naive", ended, f"exit {code}", used.ru_maxrss * 1024, round(cpu, 3))


def table(outcomes: list[Outcome]) -> str:
    """Write one row per kind and author: how many, how they ended, the worst of each."""
    rows = ["| kind | by | runs | ready | refused | worst memory | worst CPU |", "|---|---|---|---|---|---|---|"]
    for kind in sorted({each.kind for each in outcomes}):
        for who in ("mmsprep", "naive"):
            found = [each for each in outcomes if (each.kind, each.who) == (kind, who)]
            if not found:
                continue
            ready = sum(each.status == "ready" for each in found)
            hangs = sum(each.status == "hang" for each in found)
            refused = f"{len(found) - ready - hangs}" + (f", {hangs} stopped" if hangs else "")
            memory, cpu = max(each.memory_bytes for each in found), max(each.cpu_seconds for each in found)
            rows.append(
                f"| {kind} | {who} | {len(found)} | {ready} | {refused} | {memory / 1e6:,.0f} MB | {cpu:.1f} s |"
            )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--lines", type=Path)
    given = parser.parse_args()
    paths, kinds = files_of(given.folders), dict[Path, str]()
    steps: list[Callable[[list[Path], dict[Path, str]], list[Outcome]]] = [ours, *([naive] if given.naive else [])]
    outcomes = [outcome for step in steps for outcome in step(paths, kinds)]
    if given.lines:
        given.lines.write_text("".join(json.dumps(asdict(each)) + "\n" for each in outcomes))
    print(table(outcomes))


if __name__ == "__main__":
    main()
