"""Compare what a 4K film costs: `python -m bench.video.large SOURCE [--seconds 20] [--budget 600000] [--rounds 3]`.

SOURCE is looped and enlarged to 4K HEVC with a keyframe each second, as phones write it. Beside ours, turn by turn:
two passes of x264 medium that decode the source twice and scale it to the size which ours chose, and the same at 4K.
Prints the median CPU seconds and ratios.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import av

from bench.video.measure import children_cpu
from bench.video.peers import FFMPEG, ours, run


def enlarged(source: Path, target: Path, seconds: float) -> None:
    """Make a 4K film of *seconds* out of any film."""
    coding = ["-c:v", "libx265", "-preset", "ultrafast", "-b:v", "18M", "-x265-params", "keyint=30:log-level=none"]
    scaled = "scale=3840:2160:flags=lanczos,fps=30,format=yuv420p"
    read = ["-stream_loop", "-1", "-i", source, "-t", str(seconds)]
    run(FFMPEG, "-y", "-v", "error", *read, "-vf", scaled, *coding, "-tag:v", "hvc1", "-c:a", "aac", target)


def naive(source: Path, target: Path, bits: int, scale: str) -> None:
    """Make two passes over the source itself."""
    coding = ["-c:v", "libx264", "-preset", "medium", "-b:v", str(bits), "-vf", scale, "-pix_fmt", "yuv420p"]
    coding += ["-passlogfile", str(target.with_suffix(""))]
    run(FFMPEG, "-y", "-v", "error", "-i", source, *coding, "-pass", "1", "-an", "-f", "null", "-")
    run(FFMPEG, "-y", "-v", "error", "-i", source, *coding, "-pass", "2", "-c:a", "aac", "-b:a", "48k", target)


def cost(work: Callable[[], None]) -> float:
    """Count the CPU seconds that *work* and everything that it starts and waits for takes."""
    before = children_cpu()
    work()
    return children_cpu() - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.video.large", description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--budget", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-large-") as name:
        film, made, other = (Path(name) / each for each in ("film.mp4", "ours.mp4", "naive.mp4"))
        enlarged(given.source, film, given.seconds)
        bits = int(0.95 * given.budget * 8 / given.seconds) - 48_000
        spent: dict[str, list[float]] = {"ours": [], "two passes at our size": [], "two passes at 4K": []}
        for turn in range(given.rounds):
            spent["ours"].append(cost(lambda: ours(film, made, given.budget, given.seconds)))
            with av.open(made) as container:
                picture = container.streams.video[0]
                size = f"{picture.width}:{picture.height}"
            scaled = f"scale={size}:flags=lanczos"
            spent["two passes at our size"].append(cost(lambda: naive(film, other, bits, scaled)))  # noqa: B023
            if turn == 0:
                spent["two passes at 4K"].append(cost(lambda: naive(film, other, bits, "null")))
        own = median(spent["ours"])
        print(f"{given.seconds:.0f} s of 4K HEVC into {given.budget:,} bytes, ours {size.replace(':', ' × ')}")
        for each, seconds in spent.items():
            print(f"{each:24} {median(seconds):7.1f} s of CPU; ours is {own / median(seconds):.2f} of it")
        print(json.dumps({each: [round(value, 1) for value in seconds] for each, seconds in spent.items()}))


if __name__ == "__main__":
    main()
