"""Read an animation frame by frame, as a browser would show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.picture import open_picture
from mmsprep.errors import Rejected
from mmsprep.tools.animation.blocks import HASTY_CS, USUAL_CS
from mmsprep.tools.raster import colour
from mmsprep.tools.raster.decode import DECODING_ERRORS
from mmsprep.tools.raster.view import View

if TYPE_CHECKING:
    from PIL import Image

ANIMATIONS = frozenset({"image/gif", "image/png", "image/webp", "image/avif"})
"""The types of picture that may move."""
WISHES = ("auto", "keep", "mp4")
"""What the option ``gif`` may say of one."""

SHORTEST_CS = 2
"""The shortest time that browsers keep: a GIF cannot be faster than 50 frames a second."""


def shown(path: Path, mime: str) -> Iterator[tuple[Image.Image, float]]:
    """Yield each frame upright in sRGB with its milliseconds, up to where the file is damaged if it is."""
    from PIL import Image

    with open_picture(path, mime) as picture:
        view = View.of(path, mime, picture)
        try:
            count = int(getattr(picture, "n_frames", 1))
            # An APNG's picture for viewers that cannot animate is none of its frames (PNG 3rd edition, 4.9).
            for index in range(int(bool(getattr(picture, "default_image", False))), count):
                picture.seek(index)
                picture.load()
                lasts = float(picture.info.get("duration") or 0)
                yield view.show(picture.convert("RGBA")), lasts if lasts > 10 * HASTY_CS else 10 * USUAL_CS
        except Image.DecompressionBombError as error:
            raise Rejected(
                "too-many-pixels", "a frame is far larger than the canvas; save the animation anew"
            ) from error
        except DECODING_ERRORS:
            return


def repeats(path: Path, mime: str) -> int | None:
    """Tell how often a GIF must repeat to play as often as this one: 0 is for ever, None is not at all.

    Other formats count how often it plays (PNG 3rd edition, 11.3.6.1; WebP container specification).
    """
    with open_picture(path, mime) as picture:
        told = picture.info.get("loop")
    if mime == "image/gif":
        return None if told is None else int(told)
    plays = int(told or 0)
    return plays - 1 or None if plays else 0


def schedule(lasting_ms: Sequence[float]) -> list[tuple[int, int]]:
    """Give the frames that are kept and their hundredths of a second: none is late, and none shorter than is shown."""
    kept: list[tuple[int, int]] = []
    at = 0
    for index, end in enumerate(accumulate(lasting_ms)):
        lasts = round(end / 10) - at
        if lasts >= SHORTEST_CS:
            kept.append((index, lasts))
            at += lasts
    return kept or [(0, SHORTEST_CS)]


def moments(path: Path, mime: str, times_ms: Sequence[float]) -> list[Image.Image]:
    """Give what is seen at each of some ascending times, on white."""
    seen: list[Image.Image] = []
    at = 0.0
    frame = None
    for frame, lasts in shown(path, mime):
        at += lasts
        while len(seen) < len(times_ms) and times_ms[len(seen)] < at:
            seen.append(colour.flatten(frame).convert("RGB"))
        if len(seen) == len(times_ms):
            break
    if frame is None:
        raise Rejected("damaged", "has no frame that can be decoded; send it again")
    return seen + [colour.flatten(frame).convert("RGB")] * (len(times_ms) - len(seen))
