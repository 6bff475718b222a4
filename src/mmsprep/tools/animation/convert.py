"""Any animation as a GIF that is still to be optimised: 256 colours for all of it, chosen by libvips."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected
from mmsprep.tools.animation import frames
from mmsprep.tools.animation.blocks import Gif, joined

if TYPE_CHECKING:
    from PIL import Image

CHUNK_PIXELS = 16_000_000
"""Pixels that are held at once: 64 MB, twice."""
SHEET_FRAMES = 9
SHEET_PIXELS = 4_000_000
"""From what the colours are chosen: frames spread over the animation, side by side."""
DITHER = 0.5
EFFORT = 3
"""Of 10: more made files no smaller and took three times as long."""
STEADY = 4.0
"""What a pixel may change, in levels of 255, and stay as it was: noise that nobody sees, and half of the bytes."""

PIXELS = 60_000_000
"""Frames times area that are given colours: what has more is made smaller first, or it would take too long."""


def to_gif(path: Path, mime: str, largest: float) -> tuple[Gif, float]:
    """Lay out the animation as a GIF, scaled by at most *largest*, and tell by how much it was.

    Raises Rejected ``damaged`` when no frame can be decoded.
    """
    lasting = []
    width = height = 1
    for frame, lasts in frames.shown(path, mime):
        lasting.append(lasts)
        width, height = frame.size
    if not lasting:
        raise Rejected("damaged", "has no frame that can be decoded; send it again")
    kept = dict(frames.schedule(lasting))
    scale = min(largest, (PIXELS / (len(kept) * width * height)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    colours = _colours([frame for frame, _ in _kept(path, mime, _spread(kept))])
    chunks = _chunks(((_scaled(frame, size), cs) for frame, cs in _kept(path, mime, kept)), size)
    return joined((_coded(chunk, colours) for chunk in chunks), frames.repeats(path, mime)), scale


def _spread(kept: dict[int, int]) -> dict[int, int]:
    every = -(-len(kept) // SHEET_FRAMES)
    return dict(list(kept.items())[::every])


def _colours(sample: list[Image.Image]) -> list[int]:
    """Choose one table for all frames: only with one can they be laid over one another, scaled and left out."""
    import pyvips

    pixels = sum(frame.width * frame.height for frame in sample)
    part = min(1.0, (SHEET_PIXELS / pixels) ** 0.5)
    small = [_scaled(frame, (ceil(frame.width * part), ceil(frame.height * part))) for frame in sample]
    data = _strip(small).gifsave_buffer(dither=0.0, keep="none")
    colours: list[int] = pyvips.Image.new_from_buffer(data, "").get("gif-palette")
    return colours


def _kept(path: Path, mime: str, kept: dict[int, int]) -> Iterator[tuple[Image.Image, int]]:
    for index, (frame, _) in enumerate(frames.shown(path, mime)):
        if index in kept:
            yield frame, kept[index]


def _scaled(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale with colours weighted by alpha, so that what is transparent does not bleed."""
    from PIL import Image

    if frame.size == size:
        return frame.convert("RGBA")
    return frame.convert("RGBA").convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")


def _chunks(timed: Iterator[tuple[Image.Image, int]], size: tuple[int, int]) -> Iterator[list[tuple[Image.Image, int]]]:
    most = max(1, CHUNK_PIXELS // (size[0] * size[1]))
    chunk: list[tuple[Image.Image, int]] = []
    for each in timed:
        chunk.append(each)
        if len(chunk) == most:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _coded(chunk: list[tuple[Image.Image, int]], colours: list[int]) -> Gif:
    """Give some frames these colours, and leave out what stays the same from one to the next."""
    import pyvips

    strip = _strip([frame for frame, _ in chunk])
    strip.set_type(pyvips.GValue.gint_type, "page-height", chunk[0][0].height)
    strip.set_type(pyvips.GValue.array_int_type, "delay", [10 * cs for _, cs in chunk])
    strip.set_type(pyvips.GValue.array_int_type, "gif-palette", colours)
    data = strip.gifsave_buffer(
        reuse=True, dither=DITHER, effort=EFFORT, interframe_maxerror=STEADY, keep_duplicate_frames=True, keep="none"
    )
    return Gif.parse(data)


def _strip(pictures: list[Image.Image]) -> Any:
    """Hand pictures of one size to libvips, one below the other."""
    import pyvips

    pages = [pyvips.Image.new_from_memory(each.tobytes(), each.width, each.height, 4, "uchar") for each in pictures]
    return pyvips.Image.arrayjoin(pages, across=1).copy(interpretation="srgb")
