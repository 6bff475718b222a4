"""An animated picture as a film: its frames on white, each as long as it is shown, without loss."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from math import gcd
from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.tools.animation import frames
from mmsprep.tools.ffmpeg import Runner
from mmsprep.tools.raster import colour
from mmsprep.tools.video.clip import Clip, describe

LEAST_TICK_MS, TICK_MS = 33, 40
"""Frames whose times share no divisor as long as the one are brought onto a clock of the other, 25 frames a second."""

MOST_TICKS = 30 * 600
"""Ten minutes: a picture that holds longer is no film."""


def unrolled(runner: Runner, path: Path, mime: str) -> Clip:
    """Write the frames of an animated GIF, WebP or PNG as a film of FFV1; raises Rejected ``damaged``."""
    import av

    shown_ms = [int(lasts) for _, lasts in frames.shown(path, mime)]
    common = gcd(*shown_ms) if shown_ms else 0
    tick = common if common >= LEAST_TICK_MS else TICK_MS
    ends = [round(end / tick) for end in accumulate(shown_ms)]
    film, at = runner.path(".nut"), 0
    # Still pictures and their chunks are nothing for ffmpeg (a 300 MB profile took 624 MB): Pillow reads them.
    with av.open(str(film), "w", format="nut") as container:
        stream = container.add_stream("ffv1", rate=Fraction(1000, tick))
        for (picture, _), end in zip(frames.shown(path, mime), ends, strict=False):
            on_white = colour.flatten(picture).convert("RGB")
            if not at:
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "bgr0"
            # The first frame is there even if it is shown for less than a tick.
            until = min(max(end, 1), MOST_TICKS)
            for moment in range(at, until):
                frame = av.VideoFrame.from_image(on_white).reformat(format="bgr0")  # type: ignore[no-untyped-call]
                frame.pts = moment
                container.mux(stream.encode(frame))
            at = max(at, until)
        if not at:
            raise Rejected("damaged", "has no frame that can be decoded; send it again")
        container.mux(stream.encode(None))
    # The file says when its last frame begins, not when it ends.
    return replace(describe(film, ours=True), rate=1000 / tick, seconds=at * tick / 1000)
