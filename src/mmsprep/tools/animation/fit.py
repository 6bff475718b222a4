"""Make a GIF fit: exact where that is enough, else with a little loss, then smaller, then with fewer frames.

At equal bytes a smaller picture with a little loss scores far above a full-sized one with much loss
(docs/benchmarks/animations.md), and fewer colours come last: they hardly save anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

from mmsprep.fit import Fitted, fit
from mmsprep.tools.animation import frames
from mmsprep.tools.animation.blocks import Gif
from mmsprep.tools.animation.gifsicle import Setting, laid_whole, optimised
from mmsprep.tools.raster import likeness

LOSS = 30
"""Of ``--lossy``: at equal bytes 20 to 40 score alike, 0 and 80 two points less."""
GENTLE = 12
"""A smaller loss, tried where LOSS leaves room."""
SLOPE = 1.6
"""How bytes grow with the scale, as a power."""
ENOUGH = 0.93
"""The part of the limit that a scale must fill for the search to end, which takes at most so many encodes:"""
ENCODES = 5

SMALLEST_SIDE = 96
"""The long side below which nothing is made out."""
SMALL = 0.5
"""The scale below which a larger picture is worth leaving out every second frame."""
FAST_CS = 8
"""Frames of at most this mean length are still a movement when half of them are left out."""

MOMENTS = 6
"""Times at which the result is compared with its source."""


@dataclass(frozen=True, slots=True)
class Base:
    """The GIF to be fitted: where it is, its size, and how often it was thinned out."""

    path: Path
    gif: Gif
    size: tuple[int, int]
    step: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A GIF below the limit, and what was lost on the way."""

    path: Path
    setting: Setting


def based(gif: Gif, path: Path) -> Base:
    """Write *gif*, with the times that browsers give it, to *path*."""
    timed = gif.timed()
    path.write_bytes(timed.coded())
    size = int.from_bytes(gif.screen[6:8], "little"), int.from_bytes(gif.screen[8:10], "little")
    return Base(path, timed, size)


def fitted(base: Base, limit: int, largest: float) -> Made | None:
    """Give the GIF that looks best below *limit*, scaled by at most *largest*; None when nothing does.

    Raises `Complex` when its frames cannot be scaled, and Failed.
    """
    if largest < 1:
        base = _whole(base, 1)
    exact = _made(base, Setting(largest, 0, base.step))
    if _size(exact) < limit:
        return exact
    lossy = _made(base, Setting(largest, LOSS, base.step))
    if _size(lossy) < limit:
        gentle = _made(base, Setting(largest, GENTLE, base.step))
        return gentle if _size(gentle) < limit else lossy
    base = _whole(base, 1)
    found = _smaller(base, limit, largest, _size(lossy))
    if found and found.value.setting.scale >= SMALL * largest:
        return found.value
    return _fewer(base, limit, largest, found)


def unlikeness(source: Path, mime: str, made: Path) -> float:
    """Tell how far from the source the result looks, at some moments: 0.1 is good, 1 is poor."""
    from PIL import Image

    lasts = sum(ms for _, ms in frames.shown(made, "image/gif"))
    times = [lasts * (index + 0.5) / MOMENTS for index in range(MOMENTS)]
    pairs = zip(frames.moments(source, mime, times), frames.moments(made, "image/gif", times), strict=True)
    # The median, for a moment at which one of the two has just changed its frame says nothing.
    return median(
        likeness.unlikeness(
            likeness.sample_of(before.convert("L")), after.convert("L").resize(before.size, Image.Resampling.BICUBIC)
        )
        for before, after in pairs
    )


def _smaller(base: Base, limit: int, largest: float, size: int) -> Fitted[Made] | None:
    low = min(largest, SMALLEST_SIDE / max(base.size))
    return fit(
        lambda scale: _made(base, Setting(scale, LOSS, base.step)),
        limit,
        size=_size,
        low=low,
        high=largest,
        guess=largest * (ENOUGH * limit / size) ** (1 / SLOPE),
        slope=SLOPE,
        enough=ENOUGH,
        encodes=ENCODES,
    )


def _fewer(base: Base, limit: int, largest: float, found: Fitted[Made] | None) -> Made | None:
    """Leave every second frame out where that makes the picture much larger; its time goes to the one before."""
    delays = base.gif.delays_cs
    if len(delays) >= 4 and base.step == 1 and (found is None or fmean(delays) <= FAST_CS):
        half = _whole(base, 2)
        lossy = _made(half, Setting(largest, LOSS, half.step))
        again = None if _size(lossy) < limit else _smaller(half, limit, largest, _size(lossy))
        best = lossy if _size(lossy) < limit else again.value if again else None
        if best and (found is None or best.setting.scale > 1.2 * found.value.setting.scale):
            return best
    return found.value if found else None


def _whole(base: Base, step: int) -> Base:
    """Lay the frames whole, every one or every second, and give the time of what is left out to those that stay."""
    delays = base.gif.delays_cs
    target = base.path.with_name(f"{base.path.stem}.whole{step}.gif")
    laid_whole(base.path, target, len(delays), step)
    whole = Gif.parse(target.read_bytes())
    lasting = [sum(delays[at : at + step]) for at in range(0, len(delays), step)]
    timed = tuple(replace(frame, delay_cs=delay) for frame, delay in zip(whole.frames, lasting, strict=True))
    whole = replace(whole, frames=timed, repeats=base.gif.repeats)
    target.write_bytes(whole.coded())
    return Base(target, whole, base.size, step)


def _made(base: Base, setting: Setting) -> Made:
    name = f"{base.path.stem}.{setting.scale:.4f}.{setting.lossy}.{setting.step}.gif"
    target = base.path.with_name(name)
    optimised(base.path, target, base.size, setting)
    # Its own words about itself, and whatever it carried over, stay behind.
    target.write_bytes(Gif.parse(target.read_bytes()).coded())
    return Made(target, setting)


def _size(made: Made) -> int:
    return made.path.stat().st_size
