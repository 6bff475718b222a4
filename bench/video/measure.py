"""Make one film in one way and measure it: VMAF by libvmaf, bytes on the disk, CPU of all that was started."""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.video.peers import FFMPEG, Peer
from mmsprep.tools.ffmpeg import Runner
from mmsprep.tools.video.clip import describe
from mmsprep.tools.video.filters import shown
from mmsprep.tools.video.sizes import sizes

SUBSAMPLE = 3
"""One frame in so many is compared."""


@dataclass(frozen=True)
class Shot:
    """One film made in one way."""

    clip: str
    peer: str
    budget: int
    bytes: int
    vmaf: float
    cpu_seconds: float
    cpu_ratio: float
    width: int
    height: int
    note: str = ""

    @property
    def used(self) -> float:
        return self.bytes / self.budget

    @property
    def fits(self) -> bool:
        return 0 < self.bytes < self.budget

    def cell(self) -> str:
        if not self.bytes:
            return f"– ({self.note})"
        over = "" if self.fits else "**over** "
        return f"{over}{self.vmaf:.1f} @{self.used:.2f}, {self.width}×{self.height}, CPU {self.cpu_ratio:.1f}"

    def line(self) -> str:
        return f"{self.clip} {self.budget} {self.peer}: {self.cell()} ({self.cpu_seconds:.1f} s)"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reference(clip: Path, out: Path) -> Path:
    """Keep the film as it should be shown, without loss: upright, square, at most 720 lines and 30 frames."""
    film = describe(clip)
    path = out / "reference.mkv"
    size = sizes(film, _wide_open())[-1]
    frames = shown(film.opened(threads=2), film, size, rate=film.capped_rate)
    Runner(FFMPEG, out, 2).run(frames.output(str(path), **{"c:v": "libx264", "qp": 0, "preset": "ultrafast"}))
    return path


def _wide_open() -> Any:
    from mmsprep.profile import load

    return load("pantheon")


def shoot(peer: Peer, name: str, clip: Path, original: Path, budget: int, out: Path) -> Shot:
    target = out / f"{clip.stem}.{budget}.{name}.mp4"
    target.unlink(missing_ok=True)
    seconds = describe(clip).seconds or 1.0
    before, note = children_cpu(), ""
    try:
        peer.make(clip, target, budget, seconds)
    except subprocess.CalledProcessError as error:
        note = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()[-1:] or ["failed"]
        note = note[0][:120]
        target.unlink(missing_ok=True)
    except subprocess.TimeoutExpired:
        note = "took half an hour"
        target.unlink(missing_ok=True)
    cpu = children_cpu() - before
    if not target.exists():
        return Shot(clip.name, name, budget, 0, 0.0, cpu, 0.0, 0, 0, note or "nothing written")
    made = describe(target)
    ours = out / f"{clip.stem}.{budget}.ours.mp4"
    ratio = cpu / single_pass_cpu(clip, ours if ours.exists() else target, out)
    return Shot(
        clip.name, name, budget, target.stat().st_size, vmaf(target, original), cpu, ratio, made.width, made.height
    )


_costs: dict[tuple[Path, tuple[int, int]], float] = {}


def single_pass_cpu(clip: Path, made: Path, out: Path) -> float:
    """Count the CPU of one pass of x264 medium from the source, decoding included, at the size of *made*."""
    film = describe(made)
    key = (clip, (film.width, film.height))
    if key not in _costs:
        source = describe(clip)
        rate = source.capped_rate if source.capped_rate < source.rate else None
        frames = shown(source.opened(threads=1), source, key[1], rate=rate)
        bits = int(made.stat().st_size * 8 / (film.seconds or 1))
        before = children_cpu()
        coding = {"c:v": "libx264", "preset": "medium", "b:v": bits, "threads": 1}
        Runner(FFMPEG, out, 1).run(frames.output(str(out / "single.mp4"), **coding))
        _costs[key] = max(0.01, children_cpu() - before)
    return _costs[key]


def vmaf(made: Path, original: Path) -> float:
    """Give the mean VMAF of a film against what it should look like, at that size and rate."""
    film = describe(original)
    log = made.with_suffix(".vmaf.json")
    rate = f"fps={film.rate:.5f}:start_time=0,setpts=N/{film.rate:.5f}/TB"
    graph = (
        f"[0:v]{rate},scale={film.width}:{film.height}:flags=bicubic,format=yuv420p[a];[1:v]{rate},format=yuv420p[b];"
        f"[a][b]libvmaf=log_fmt=json:log_path={log.name}:n_threads=2:n_subsample={SUBSAMPLE}:shortest=1"
    )
    command = [FFMPEG, "-nostdin", "-v", "error", "-i", made.absolute(), "-i", original.absolute()]
    subprocess.run([*map(str, command), "-lavfi", graph, "-f", "null", "-"], check=True, cwd=made.parent)
    score = json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]
    log.unlink()
    return float(score)
