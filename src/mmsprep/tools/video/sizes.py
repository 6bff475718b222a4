"""The sizes that a film may have, and how many bits its picture gets."""

from __future__ import annotations

from math import sqrt

from mmsprep.profile import Profile
from mmsprep.tools.audio.plan import FILE_BYTES, PACKET_BYTES
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.filters import Size

SHORT_SIDES = (144, 180, 240, 270, 360, 480, 540, 720)
"""Of which one is always within a quarter of a VMAF point of the best (measured)."""

MOST_PIXELS = 1280 * 720
"""What a handset's screen shows in a message, and all that level 3.1 promises (ITU-T H.264, table A-1)."""

PLENTY = 0.15
"""Bits per pixel from which a film may be as good as its source, so that this is tried first."""

SHARE = 0.99
"""Of the budget, what is aimed at: two passes miss their aim by less than a percent."""


def sizes(clip: Clip, profile: Profile) -> tuple[Size, ...]:
    """List the sizes that come into question, ascending, none above the source or the profile's caps."""
    width, height = profile.within(clip.width, clip.height)
    if width * height > MOST_PIXELS:
        shrink = sqrt(MOST_PIXELS / (width * height))
        width, height = round(width * shrink), round(height * shrink)
    largest = _even(width), _even(height)
    short = min(largest)
    smaller = [_scaled(clip, side) for side in SHORT_SIDES if side < short * 0.92]
    return (*smaller, largest)


def _scaled(clip: Clip, side: int) -> Size:
    if clip.width >= clip.height:
        return _even(round(clip.width * side / clip.height)), side
    return side, _even(round(clip.height * side / clip.width))


def _even(length: int) -> int:
    return max(2, length // 2 * 2)


def picture_bits(limit: int, sound_bytes: int, packets: float, seconds: float) -> float:
    """Give the bits per second that are left for the picture; may be negative.

    What MP4's index and boxes take is measured (`plan.PACKET_BYTES`, `plan.FILE_BYTES`).
    """
    return (SHARE * limit - sound_bytes - FILE_BYTES - PACKET_BYTES * packets) * 8 / seconds


def bits_per_pixel(bits: float, size: Size, rate: float) -> float:
    """Give how many bits there are for each pixel of each frame."""
    return bits / (size[0] * size[1] * rate)
