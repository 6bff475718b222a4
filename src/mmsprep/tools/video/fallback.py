"""The version for a link: larger than any message may be, and good."""

from __future__ import annotations

from pathlib import Path

from mmsprep.profile import Profile
from mmsprep.tools.audio import plan
from mmsprep.tools.audio.encode import encode
from mmsprep.tools.audio.measure import listen
from mmsprep.tools.ffmpeg import Failed, Runner, own
from mmsprep.tools.progress import Progress
from mmsprep.tools.video import code
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.code import Target
from mmsprep.tools.video.mux import mux
from mmsprep.tools.video.sizes import sizes
from mmsprep.tools.window import Window

MOST_BITS = 2_500_000
"""Bits per second of picture: what a telephone network carries without waiting."""
SOUND_BITS = 128_000


def for_link(runner: Runner, clip: Clip, part: Window, profile: Profile, progress: Progress) -> Path:
    """Code the window at up to 720 lines and a constant quality, as MP4."""
    whole = Profile(name="link", types=frozenset({"video/mp4"}))
    size = sizes(clip, whole)[-1]
    target = Target(size, clip.capped_rate if clip.capped_rate < clip.rate else None, profile=profile.h264_profile)
    sound = None
    if clip.track is not None:
        try:
            heard = listen(runner, clip.track, part)
            bits = min(SOUND_BITS, plan.transparent(clip.track, heard))
            sound = encode(runner, clip.track, plan.aac(clip.track, heard, bits), part)
        except Failed:
            sound = None
    picture = code.one_pass(runner, clip, part, target, MOST_BITS, progress=progress.phase(0.0, 1.0))
    return mux(runner, own(picture)["v:0"], sound, ".mp4")
