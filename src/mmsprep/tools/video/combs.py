"""Tell whether a film was woven of two fields though it does not say so: where things move, its frames show combs."""

from __future__ import annotations

from collections import Counter

from mmsprep.tools.ffmpeg import Runner
from mmsprep.tools.video.clip import Clip

LINES = frozenset({480, 486, 576, 1080})
"""What interlaced cameras, tapes and broadcasts have (ITU-R BT.601 and BT.709)."""
RATES = (24.5, 30.5)
"""Their frames per second, 25 or 29.97, as badly as they may be measured."""
SAMPLES = 2
SAMPLE_SECONDS = 0.5
WOVEN = 0.7
"""The share that must show combs, of the frames in which something moves."""
LEAST_FRAMES = 8


def woven(runner: Runner, clip: Clip) -> bool:
    """Look for combs in samples of a film that may have them, by ffmpeg's ``idet``; raises Failed."""
    import ffmpeg

    length = clip.seconds
    upright = clip.height in LINES and clip.plain
    if clip.interlaced or not upright or not RATES[0] <= clip.rate <= RATES[1] or length is None:
        return False
    starts = [length * (2 * each + 1) / (2 * SAMPLES) for each in range(SAMPLES)] if length > 3 else [0.0]
    log = runner.path(".txt")
    passages = [clip.opened(threads=runner.threads, ss=round(each, 3), t=SAMPLE_SECONDS) for each in starts]
    joined = ffmpeg.concat(*passages, v=1, a=0) if len(passages) > 1 else passages[0]
    seen = joined.filter("idet").filter(
        "metadata", mode="print", key="lavfi.idet.multiple.current_frame", file=log.name
    )
    runner.run(seen.output("-", f="null"))
    found = Counter(line.rpartition("=")[2] for line in log.read_text().splitlines() if "current_frame=" in line)
    moving = found["tff"] + found["bff"] + found["progressive"]
    return moving >= LEAST_FRAMES and found["tff"] + found["bff"] >= WOVEN * moving
