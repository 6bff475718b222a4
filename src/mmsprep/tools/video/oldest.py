"""H.263 for handsets that know nothing newer: its few sizes, padded, one pass, as often as it takes."""

from __future__ import annotations

from pathlib import Path

from mmsprep.fit import fit
from mmsprep.tools.ffmpeg import Runner, own
from mmsprep.tools.ffmpeg.command import BIT_EXACT
from mmsprep.tools.video import code
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.code import Target
from mmsprep.tools.video.mux import mux
from mmsprep.tools.window import Window

FRAMES = ((352, 288), (176, 144), (128, 96))
"""The sizes of H.263 baseline (ITU-T H.263, 4.1)."""

BITS_PER_PIXEL = 0.06
"""What a size needs to be chosen."""
RATE = 15_000 / 1_001
"""Its clock is 29.97 Hz, of which every second tick is used."""


def coded(
    runner: Runner, clip: Clip, part: Window, bits: float, limit: int, sound: Path | None, suffix: str
) -> Path | None:
    """Code the film as H.263 below *limit*; None when it does not fit."""
    if bits <= 0:
        return None
    frame = next((each for each in FRAMES if bits >= BITS_PER_PIXEL * each[0] * each[1] * RATE), FRAMES[-1])
    scale = min(frame[0] / clip.width, frame[1] / clip.height)
    size = (max(2, int(clip.width * scale) // 2 * 2), max(2, int(clip.height * scale) // 2 * 2))
    copy = code.keep(runner, clip, part, Target(size, RATE))

    def at(wanted: float) -> Path:
        path = runner.path(".mov")
        frames = own(copy.path)["v:0"].filter("pad", *frame, "(ow-iw)/2", "(oh-ih)/2")
        rates = {"c:v": "h263", "b:v": round(wanted), "g": 60, "r": "15000/1001", "threads": 1}
        runner.run(frames.output(str(path), f="mov", **rates, **BIT_EXACT))
        return mux(runner, own(path)["v:0"], sound, suffix, codec="h263")

    found = fit(
        at, limit, size=lambda path: path.stat().st_size, low=bits / 4, high=bits * 2, guess=bits, enough=0.9, encodes=5
    )
    return found.value if found else None
