"""A film that may be sent as it is: copied into a clean file."""

from __future__ import annotations

from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.profile import H264_PROFILES, Profile
from mmsprep.tools.audio import remux as sound
from mmsprep.tools.audio.remux import decoded_seconds
from mmsprep.tools.ffmpeg import Failed, Runner
from mmsprep.tools.video.clip import MOST_RATE, Clip
from mmsprep.tools.video.mux import mux

PROFILES = {"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main", "High": "high"}
"""H.264's profiles as ffmpeg names them, and which of ours they need."""

MOST_LEVEL = 41
"""The highest level (4.1) that handsets' decoders are made for: 1080p at 30 frames (ITU-T H.264, table A-1)."""

LOSS_SECONDS = 0.1
"""A copy that plays so much less than the source says has lost its end."""


def remuxed(runner: Runner, clip: Clip, profile: Profile) -> Path | None:
    """Copy the film into a clean file, when it may leave as it is, fits, and can be decoded to its end."""
    if not compliant(clip, profile):
        return None
    limit = profile.limit("video/mp4")
    try:
        heard = None
        if clip.track is not None:
            heard = sound.remux(runner, clip.track, ".m4a", most=2 * limit)
            if heard is None:
                return None
        # A source may be a gigabyte: what goes beyond the limit need not be copied to know that it does.
        copy = mux(runner, clip.opened(), heard, ".mp4", most=2 * limit)
    except (Failed, Rejected):
        return None
    if copy.stat().st_size >= limit:
        return None
    return copy if decoded_seconds(runner, copy) >= (clip.seconds or 0) - LOSS_SECONDS else None


def compliant(clip: Clip, profile: Profile) -> bool:
    """Tell whether every handset plays the film's streams as they are."""
    needs = PROFILES.get(clip.profile)
    return (
        "video/mp4" in profile.types
        and clip.codec == "h264"
        and "h264" in profile.codecs
        and needs is not None
        and H264_PROFILES.index(needs) <= H264_PROFILES.index(profile.h264_profile)
        and 0 < clip.level <= MOST_LEVEL
        and clip.pixel_format == "yuv420p"
        and clip.plain
        and not clip.interlaced
        and not clip.wide
        and clip.rate <= MOST_RATE
        and profile.within(clip.width, clip.height) == (clip.width, clip.height)
        and (clip.track is None or sound.suffix_for(clip.track, _mp4_sound(profile)) == ".m4a")
    )


def _mp4_sound(profile: Profile) -> Profile:
    """Judge sound inside a film by its codec alone: audio/mp4 need not be among the types."""
    from dataclasses import replace

    return replace(profile, types=profile.types | {"audio/mp4"})
