"""An animated picture as a film: its frames on white, each as long as it is shown, without loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.picture import open_picture
from mmsprep.errors import Rejected
from mmsprep.tools.ffmpeg import Runner
from mmsprep.tools.video.clip import Clip, describe

if TYPE_CHECKING:
    from PIL.Image import Image

HASTY_MS, USUAL_MS = 10, 100
"""A frame that is shown for no more than the one is shown for the other: so do all browsers."""

LEAST_TICK_MS, TICK_MS = 33, 40
"""Times that share no divisor of the one are brought onto a clock of the other, 25 frames a second."""

MOST_TICKS = 30 * 600
"""Ten minutes: a picture that holds longer is no film."""


def unrolled(runner: Runner, path: Path, mime: str) -> Clip:
    """Write the frames of an animated GIF, WebP or PNG as a film of FFV1; raises Rejected ``damaged``."""
    import av
    from PIL import Image

    shown_ms = list(_durations(path, mime))
    common = gcd(*shown_ms) if shown_ms else 0
    tick = common if common >= LEAST_TICK_MS else TICK_MS
    ends = [round(end / tick) for end in accumulate(shown_ms)]
    film, at = runner.path(".nut"), 0
    # Still pictures and their chunks are nothing for ffmpeg (a 300 MB profile took 624 MB): Pillow reads them.
    with av.open(str(film), "w", format="nut") as container:
        stream = container.add_stream("ffv1", rate=Fraction(1000, tick))
        for picture, end in zip(_frames(path, mime), ends, strict=False):
            if not at:
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "bgr0"
            same = picture.resize((stream.width, stream.height), Image.Resampling.LANCZOS)
            # The first frame is there even if it is shown for less than a tick.
            until = min(max(end, 1), MOST_TICKS)
            for moment in range(at, until):
                frame = av.VideoFrame.from_image(same).reformat(format="bgr0")  # type: ignore[no-untyped-call]
                frame.pts = moment
                container.mux(stream.encode(frame))
            at = max(at, until)
        if not at:
            raise Rejected("damaged", "has no frame that can be decoded; send it again")
        container.mux(stream.encode(None))
    # The file says when its last frame begins, not when it ends.
    return replace(describe(film, ours=True), rate=1000 / tick, seconds=at * tick / 1000)


def _durations(path: Path, mime: str) -> Iterator[int]:
    """Yield for how many milliseconds each frame is shown."""
    for frame in _sequence(path, mime):
        shown = int(frame.info.get("duration") or 0)
        yield shown if shown > HASTY_MS else USUAL_MS


def _frames(path: Path, mime: str) -> Iterator[Image]:
    """Yield each frame on white."""
    from PIL import Image

    for frame in _sequence(path, mime):
        whole = frame.convert("RGBA")
        flat = Image.new("RGB", whole.size, "white")
        flat.paste(whole, mask=whole.getchannel("A"))
        yield flat


def _sequence(path: Path, mime: str) -> Iterator[Image]:
    """Yield the frames as Pillow decodes them; what was decoded before a damage is shown."""
    from PIL import ImageSequence

    with open_picture(path, mime) as picture:
        try:
            for frame in ImageSequence.Iterator(picture):
                frame.load()
                yield frame
        except (OSError, SyntaxError, ValueError, EOFError):
            return
