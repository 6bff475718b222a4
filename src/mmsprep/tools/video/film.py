"""Code a film below its limit: sound first, its real bytes counted, the rest for the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.fit import fit
from mmsprep.profile import Profile
from mmsprep.stage import Event, Job
from mmsprep.tools.audio import plan
from mmsprep.tools.audio.encode import encode
from mmsprep.tools.audio.measure import listen
from mmsprep.tools.ffmpeg import Failed, Runner, own
from mmsprep.tools.video import code, trial
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.code import Target
from mmsprep.tools.video.mux import mux
from mmsprep.tools.video.sizes import picture_bits, sizes
from mmsprep.tools.window import Window

MP4, THREE_GP = "video/mp4", "video/3gpp"
SUFFIXES = {MP4: ".mp4", THREE_GP: ".3gp"}

ENOUGH = 0.96
"""A file that leaves more than 4 % unused is coded again."""

LEAST_BITS = 10_000
"""Bits per second of picture below which nothing is worth trying."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound as it will be sent, and what it costs."""

    path: Path | None
    bytes: int
    packets: float


def kinds(profile: Profile) -> list[str]:
    """List the types in which a film may leave, MP4 first."""
    return [mime for mime in SUFFIXES if mime in profile.types and "h264" in profile.codecs]


def coded(runner: Runner, clip: Clip, part: Window, job: Job) -> Path:
    """Code the window of the film below the profile's limit; raises Rejected ``cannot-fit``, Failed."""
    mime = kinds(job.profile)[0]
    limit = job.profile.limit(mime)
    seconds = part.seconds or clip.seconds
    if seconds is None:
        raise Rejected("damaged", "does not say how long it is; save it anew and send that")
    sound = _sound(runner, clip, part, seconds, limit, job)
    bits = picture_bits(limit, sound.bytes, sound.packets + seconds * clip.capped_rate, seconds)
    if bits < LEAST_BITS:
        raise Rejected("cannot-fit", f"{seconds:,.0f} s in {limit:,} bytes is unwatchable; trim it or send a link")
    tell = _progress(job, seconds)
    possible = sizes(clip, job.profile)
    samples = trial.take_samples(runner, clip, part, possible[-1])
    best = trial.best_of(runner, samples, possible, bits, job.profile.h264_profile)
    slower = best.rate < samples.rate
    rate = best.rate if slower or clip.capped_rate < clip.rate else None
    target = Target(best.size, rate, profile=job.profile.h264_profile)
    copy = code.decode_once(runner, clip, part, target, bits, progress=tell(0.2, 0.6))

    def at(wanted: float) -> Path:
        picture = code.second_pass(runner, copy, wanted, progress=tell(0.6, 1.0))
        return mux(runner, own(picture)["v:0"], sound.path, SUFFIXES[mime])

    found = fit(
        at,
        limit,
        size=lambda path: path.stat().st_size,
        low=bits / 3,
        high=bits * 3,
        guess=bits,
        enough=ENOUGH,
        encodes=4,
    )
    if found is None:
        raise Rejected("cannot-fit", f"{seconds:,.0f} s do not fit into {limit:,} bytes; trim it or send a link")
    return found.value


def _sound(runner: Runner, clip: Clip, part: Window, seconds: float, limit: int, job: Job) -> Sound:
    """Code the sound of the film; one that cannot be decoded is left out, and that is told."""
    if clip.track is None:
        return Sound(None, 0, 0)
    try:
        heard = listen(runner, clip.track, part)
        coding = plan.for_film(clip.track, heard, limit * 8 / seconds, job.profile)
        path = encode(runner, clip.track, coding, part)
    except Failed:
        job.warn("its sound cannot be decoded and is left out")
        return Sound(None, 0, 0)
    samples = 160 if coding.suffix == ".amr" else plan.AAC_SAMPLES
    return Sound(path, path.stat().st_size, 0 if coding.suffix == ".m4a" else seconds * coding.sample_rate / samples)


def _progress(job: Job, seconds: float) -> Callable[[float, float], Callable[[float], None]]:
    """Give, for each phase's share of the work, what takes the seconds done and tells the whole."""
    started = time.monotonic()

    def phase(start: float, end: float) -> Callable[[float], None]:
        def tell(done: float) -> None:
            fraction = start + (end - start) * min(1.0, done / seconds)
            spent = time.monotonic() - started
            job.emit(Event("video", fraction, spent * (1 - fraction) / fraction if fraction > 0.02 else None))

        return tell

    return phase
