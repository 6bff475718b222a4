"""Bring each large GIF of a folder below two limits, by our stage and by gifsicle alone, and score what is seen.

gifsicle gets our bytes: at each of some losses the largest scale whose file is no larger than ours. Scores are
SSIMULACRA 2 against the source at six moments, each result scaled to the source's size.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from PIL import Image

from bench.pictures.__main__ import measured
from bench.pictures.metrics import Reference
from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.animation import STAGE
from mmsprep.tools.animation import frames
from mmsprep.tools.animation.gifsicle import find
from mmsprep.tools.ffmpeg.run import run

LIMITS = (1_500_000, 600_000)
LARGE = 1_500_000
LOSSES = (20, 60, 120)
MOMENTS = 6
GIF = "image/gif"

HEAD = """# Animations: a GIF below the limit, against gifsicle alone

Written by `python -m bench.pictures.animations FOLDER`; do not edit. Every GIF above 1.5 MB, kept a GIF. gifsicle
(`-O3 --lossy`, smaller by `--scale` where that alone is not enough) gets the bytes that ours took, at the best of three
losses. SSIMULACRA 2 against the source at six moments; every result is brought to the source's size first.

| animation | limit | ours: bytes | pixels | frames | seconds | score | CPU | gifsicle: bytes | scale, loss | score |
|---|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Source:
    path: Path
    times: tuple[float, ...]
    references: tuple[Reference, ...]

    @classmethod
    def of(cls, path: Path) -> Source:
        lasts = sum(ms for _, ms in frames.shown(path, GIF))
        times = tuple(lasts * (index + 0.5) / MOMENTS for index in range(MOMENTS))
        return cls(path, times, tuple(Reference(each) for each in frames.moments(path, GIF, times)))

    def score(self, made: Path) -> float:
        return fmean(
            reference.ssimulacra2(_png(picture))
            for reference, picture in zip(self.references, frames.moments(made, GIF, self.times), strict=True)
        )


def _png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def ours(path: Path, limit: int) -> bytes:
    profile = Profile(name="bench", types=frozenset({GIF}), max_bytes=limit)
    with TemporaryDirectory() as work:
        job = Job(profile=profile, workdir=Path(work), options={"gif": "keep"})
        (made,) = STAGE.run(Media(path, path.name, detect(path, Limits())), job)
        return made.read_bytes()


def gifsicle(path: Path, target: Path, loss: int, scale: float) -> int:
    smaller = ["--scale", f"{scale:.4f}", "--resize-method", "mix"] if scale < 1 else []
    run([find(), "-O3", f"--lossy={loss}", *smaller, str(path), "-o", str(target)], cwd=target.parent)
    return target.stat().st_size


def at_bytes(path: Path, target: Path, loss: int, wanted: int) -> float | None:
    """Find the largest scale whose file is at most *wanted* bytes, by four steps; None when none was."""
    scale, found = 1.0, None
    for _ in range(5):
        size = gifsicle(path, target, loss, scale)
        if size <= wanted:
            found = scale
            if scale >= 1 or size > 0.95 * wanted:
                break
        scale = min(1.0, scale * (0.98 * wanted / size) ** 0.6)
    if found is not None and found != scale:
        gifsicle(path, target, loss, found)
    return found


def rows(path: Path, work: Path) -> Iterator[str]:
    source = Source.of(path)
    for limit in LIMITS:
        data, cpu, _ = measured(lambda limit=limit: ours(path, limit))  # type: ignore[misc]
        made = work / "ours.gif"
        made.write_bytes(data)
        facts, lasts = detect(made, Limits()), sum(ms for _, ms in frames.shown(made, GIF)) / 1000
        tried = []
        for loss in LOSSES:
            target = work / f"{loss}.gif"
            if scale := at_bytes(path, target, loss, len(data)):
                tried.append((source.score(target), target.stat().st_size, scale, loss))
        best = max(tried, default=None)
        theirs = f"{best[1]:,} | {best[2]:.2f}, {best[3]} | {best[0]:.1f}" if best else "– | – | –"
        yield (
            f"| {path.name} | {limit:,} | {len(data):,} | {facts.width}×{facts.height} | {facts.frames} "
            f"| {lasts:.1f} | {source.score(made):.1f} | {cpu:.0f} s | {theirs} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/animations.md"))
    options = parser.parse_args()
    large = {each.stat().st_size: each for each in sorted(options.folder.rglob("*.gif")) if each.stat().st_size > LARGE}
    lines = []
    with TemporaryDirectory() as work:
        for path in large.values():
            for row in rows(path, Path(work)):
                print(row, file=sys.stderr)
                lines.append(row)
    options.out.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
