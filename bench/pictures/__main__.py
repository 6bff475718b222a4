"""Run every peer on every photo at every limit, each in a process of its own, and write the tables."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from bench.pictures.every_side import every_side
from bench.pictures.metrics import Reference
from bench.pictures.peers import PEERS, Peer
from bench.pictures.tables import EVERY, page
from mmsprep.tools.raster.colour import srgb

LIMITS = (1_500_000, 600_000, 300_000, 100_000)
SECOND_LIMITS = (600_000,)
"""Where butteraugli is asked too, which is slow."""
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "images"


@dataclass(frozen=True)
class Run:
    """What one peer made of one photo at one limit."""

    peer: str
    photo: str
    limit: int
    side: int
    bytes: int
    score: float
    butteraugli: float | None
    cpu: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/pictures.md"))
    parser.add_argument("--limits", type=int, nargs="+", default=LIMITS)
    parser.add_argument("--peers", nargs="+", help="parts of their names")
    parser.add_argument("--runs", type=Path, help="keep the runs in this file, and go on from it")
    parser.add_argument("--every-side", action="store_true", help="also try every long side in full, which is slow")
    options = parser.parse_args()
    peers = [peer for peer in PEERS if not options.peers or any(part in peer.name for part in options.peers)]
    peers = [peer for peer in peers if peer.needs()]
    for peer in peers:
        peer.warm()
    Image.MAX_IMAGE_PIXELS = None
    photos = [path for path in sorted(options.folder.iterdir()) if _is_photo(path)]
    runs = list(_all_runs(photos, peers, options))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(runs, [peer.name for peer in PEERS]))
    print(f"{len(runs)} runs; wrote {options.out}", file=sys.stderr)


def _is_photo(path: Path) -> bool:
    """Take the JPEG photographs of at least 2 megapixels that every peer reads."""
    if path.suffix.lower() not in {".jpg", ".jpeg"}:
        return False
    with Image.open(path, formats=["JPEG", "MPO"]) as picture:
        return picture.mode == "RGB" and 2_000_000 <= picture.width * picture.height <= 60_000_000


def _all_runs(photos: list[Path], peers: list[Peer], options: argparse.Namespace) -> Iterable[Run]:
    known: dict[tuple[object, ...], Run] = {}
    if options.runs and options.runs.exists():
        for line in options.runs.read_text().splitlines():
            run = Run(**json.loads(line))
            known[run.peer, run.photo, run.limit, run.side] = run
    for photo in photos:
        wanted = [
            (peer.name, photo.name, limit, side) for limit in options.limits for peer in peers for side in peer.sides
        ]
        works = {peer.name: peer.run for peer in peers}
        if options.every_side:
            wanted += [(EVERY, photo.name, limit, 0) for limit in options.limits]
            works[EVERY] = every_side
        new = [key for key in wanted if key not in known]
        made = [(key, *measured(partial(works[key[0]], photo, key[2], key[3]))) for key in new]
        made = [one for one in made if one[1]]
        for (key, data, cpu, megabytes), (score, second) in zip(made, _scores(photo, made), strict=True):
            run = known[key] = Run(*key, len(data), score, second, cpu, megabytes)
            print(json.dumps(vars(run)), file=sys.stderr)
            if options.runs:
                with options.runs.open("a") as file:
                    file.write(json.dumps(vars(run)) + "\n")
        yield from (known[key] for key in wanted if key in known)


def _scores(photo: Path, made: list[Any]) -> list[tuple[float, float | None]]:
    """Score in a child too, so that what is measured next starts from a small process."""

    def work() -> bytes:
        with Image.open(photo) as opened:
            reference = Reference(srgb(ImageOps.exif_transpose(opened), opened.info.get("icc_profile")))
        return json.dumps(
            [
                (reference.ssimulacra2(data), reference.butteraugli(data) if key[2] in SECOND_LIMITS else None)
                for key, data, _, _ in made
            ]
        ).encode()

    return [tuple(pair) for pair in json.loads(measured(work)[0])] if made else []


def measured(work: Callable[[], bytes]) -> tuple[bytes, float, float]:
    """Do the work in a child, and give its result, its CPU seconds and how many megabytes it grew by.

    A program that the work starts counts in full: its libraries too, as they would in use.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            before = resource.getrusage(resource.RUSAGE_SELF)
            data = work()
            own, started = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
            cpu = own.ru_utime + own.ru_stime - before.ru_utime - before.ru_stime + started.ru_utime + started.ru_stime
            grown = max(own.ru_maxrss - before.ru_maxrss, started.ru_maxrss)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(json.dumps([cpu, grown / 1024]).encode() + b"\n" + data)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        cpu, megabytes = json.loads(pipe.readline() or "[0, 0]")
        data = pipe.read()
    os.waitpid(child, 0)
    return data, cpu, megabytes


if __name__ == "__main__":
    main()
