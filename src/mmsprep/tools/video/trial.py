"""Try sizes on samples: no rule of bits per pixel tells which size looks best (the best ran from 0.006 to 0.16)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsprep.tools.ffmpeg import Runner, own
from mmsprep.tools.video.clip import Clip, entries_near
from mmsprep.tools.video.code import QUICK, Copy, Target, first_outputs, second_output
from mmsprep.tools.video.filters import Size, shown
from mmsprep.tools.window import Window

SAMPLES, SAMPLE_SECONDS = 3, 1.0
FIRST_BITS_PER_PIXEL = 0.05
"""Where the search begins."""

COMPARED = 3
"""One frame in so many is compared."""

SLOW_BELOW = 0.90
"""A likeness below which half the frames may look better than all of them."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Three seconds of the film, as large as they will ever be shown, without loss."""

    path: Path
    size: Size
    rate: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One way to code the picture, and how like the source the samples became (SSIM of the luma, 0 to 1)."""

    size: Size
    rate: float
    likeness: float


def take_samples(runner: Runner, clip: Clip, part: Window, size: Size) -> Samples:
    """Decode one second of each third of the window; all of a short one."""
    import ffmpeg

    rate = clip.capped_rate
    path = runner.path(".nut")
    length = part.seconds or clip.seconds or 0.0
    whole = length <= SAMPLES * SAMPLE_SECONDS * 1.5
    starts = [part.start] if whole else _starts(clip, part.start, length / SAMPLES)
    seconds = length or SAMPLES * SAMPLE_SECONDS if whole else SAMPLE_SECONDS
    passages = [
        shown(
            clip.opened(threads=runner.threads, ss=round(each, 3), t=round(seconds, 3)),
            clip,
            size,
            rate=rate,
            seconds=seconds,
        )
        for each in starts
    ]
    joined = ffmpeg.concat(*passages, v=1, a=0) if len(passages) > 1 else passages[0]
    joined = joined.filter("setpts", f"N/{rate:.5f}/TB")
    runner.run(joined.output(str(path), f="nut", fps_mode="vfr", **{"c:v": "rawvideo"}))
    return Samples(path, size, rate)


def _starts(clip: Clip, start: float, third: float) -> list[float]:
    """Choose the middle of each third, or a place nearby where the film can be entered without decoding more."""
    middles = [start + third * (each + 0.5) for each in range(SAMPLES)]
    return entries_near(clip, middles, before=third / 4, after=third / 2 - SAMPLE_SECONDS)


def best_of(runner: Runner, samples: Samples, sizes: Sequence[Size], bits: float, profile: str) -> Tried:
    """Climb from the size with 0.05 bits per pixel to the one whose samples look most like the source."""
    tried: dict[int, Tried] = {}

    def attempt(indices: Iterator[int] | Sequence[int], rate: float) -> None:
        wanted = [each for each in indices if 0 <= each < len(sizes) and each not in tried]
        found = try_sizes(runner, samples, [sizes[each] for each in wanted], rate, bits, profile)
        tried.update(zip(wanted, found, strict=True))

    start = first_guess(sizes, bits, samples.rate)
    attempt(range(start - 1, start + 2), samples.rate)
    while True:
        best = max(tried, key=lambda each: tried[each].likeness)
        if all(each in tried or not 0 <= each < len(sizes) for each in (best - 1, best + 1)):
            break
        # Two steps at once: to start a process costs as much as to try a small size.
        attempt((best - 2, best - 1) if best - 1 >= 0 and best - 1 not in tried else (best + 1, best + 2), samples.rate)
    chosen = tried[best]
    if chosen.likeness < SLOW_BELOW and samples.rate > 20:
        around = [sizes[each] for each in (best, best + 1) if each < len(sizes)]
        slower = try_sizes(runner, samples, around, samples.rate / 2, bits, profile)
        chosen = max((chosen, *slower), key=lambda each: each.likeness)
    return chosen


def first_guess(sizes: Sequence[Size], bits: float, rate: float, bits_per_pixel: float = FIRST_BITS_PER_PIXEL) -> int:
    """Give the index of the size that comes nearest to so many bits per pixel."""
    pixels = bits / rate / bits_per_pixel
    return min(range(len(sizes)), key=lambda each: abs(sizes[each][0] * sizes[each][1] / pixels - 1))


def try_sizes(
    runner: Runner, samples: Samples, sizes: Sequence[Size], rate: float, bits: float, profile: str
) -> list[Tried]:
    """Code the samples at each size in two quick passes and compare them with what they were."""
    if not sizes:
        return []
    copies = [
        Copy(runner.path(".nut"), runner.path("-pass"), Target(size, rate, profile=profile), rate, QUICK)
        for size in sizes
    ]
    runner.run(*_scaled(samples, copies, bits))
    coded = [runner.path(".mp4") for _ in copies]
    runner.run(*(second_output(runner, copy, bits, path) for copy, path in zip(copies, coded, strict=True)))
    for copy in copies:
        copy.path.unlink()
    logs = [runner.path(".ssim") for _ in copies]
    runner.run(*_compared(samples, coded, rate, logs))
    return [Tried(size, rate, _likeness(log)) for size, log in zip(sizes, logs, strict=True)]


def _scaled(samples: Samples, copies: Sequence[Copy], bits: float) -> list[Any]:
    branches = own(samples.path)["v:0"].filter_multi_output("split", len(copies))
    outputs = []
    for number, copy in enumerate(copies):
        frames = branches[number]
        if copy.frames_a_second < samples.rate:
            frames = frames.filter("fps", fps=f"{copy.frames_a_second:.5f}", start_time=0)
        frames = frames.filter("scale", *copy.target.size, flags="lanczos")
        outputs.append(first_outputs(frames, copy, bits, SAMPLES * SAMPLE_SECONDS))
    # ffmpeg names statistics by the output's number: those of pass 1 must have the numbers that pass 2 has.
    return [first for first, _ in outputs] + [kept for _, kept in outputs]


def _compared(samples: Samples, films: Sequence[Path], rate: float, logs: Sequence[Path]) -> Iterator[Any]:
    originals = _thinned(own(samples.path)["v:0"], samples.rate).filter_multi_output("split", len(films))
    for number, (film, log) in enumerate(zip(films, logs, strict=True)):
        coded = own(film)["v:0"]
        if rate < samples.rate:
            coded = coded.filter("fps", fps=f"{samples.rate:.5f}", start_time=0)
        coded = _thinned(coded, samples.rate).filter("scale", *samples.size, flags="bicubic")
        yield _ssim(coded, originals[number], log).output("-", f="null")


def _thinned(frames: Any, rate: float) -> Any:
    return frames.filter("select", f"not(mod(n,{COMPARED}))").filter("setpts", f"N/{rate:.5f}/TB")


def _ssim(coded: Any, original: Any, log: Path) -> Any:
    import ffmpeg

    return ffmpeg.filter([coded, original], "ssim", stats_file=log.name)


def _likeness(log: Path) -> float:
    """Average the luma's likeness over the frames."""
    found = [float(each) for each in re.findall(r" Y:([\d.]+)", log.read_text())] if log.exists() else []
    return sum(found) / len(found) if found else 0.0
