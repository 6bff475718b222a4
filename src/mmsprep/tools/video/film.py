"""Code a film below its limit: sound first, its real bytes counted, the rest for the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.fit import fit
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.tools.audio import plan
from mmsprep.tools.audio.encode import encode
from mmsprep.tools.audio.measure import listen
from mmsprep.tools.ffmpeg import Failed, Runner, has_encoder, own
from mmsprep.tools.progress import Progress
from mmsprep.tools.video import code, oldest, trial
from mmsprep.tools.video.clip import Clip
from mmsprep.tools.video.code import Target
from mmsprep.tools.video.mux import mux
from mmsprep.tools.video.sizes import PLENTY, bits_per_pixel, picture_bits, sizes
from mmsprep.tools.window import Window
from mmsprep.tools.wishes import is_wanted

MP4, THREE_GP = "video/mp4", "video/3gpp"
SUFFIXES = {MP4: ".mp4", THREE_GP: ".3gp"}

ENOUGH = 0.96
"""A file that leaves more than 4 % unused is coded again."""

LEAST_BITS = 8_000
"""Bits per second of picture below which nothing is worth trying."""

FLOOR = 0.80
"""The likeness (SSIM of the luma at display size, 0 to 1) below which a film is unwatchable: faces and letters are
no longer made out."""

FAST_BITS_PER_PIXEL = 0.09
"""Without a trial the smaller size is safer: too large a one ends in blocks."""

FIRST_GUESS_BITS = 30_000
MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound as it will be sent, and what it costs."""

    path: Path | None
    bytes: int
    packets: float


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, and from what."""

    runner: Runner
    clip: Clip
    part: Window
    job: Job
    seconds: float
    limit: int
    suffix: str
    progress: Progress


def kind(profile: Profile) -> str | None:
    """Tell in which type a film may leave, MP4 first; None when in none."""
    coded = profile.codecs & {"h264", "h263"}
    return next((mime for mime in SUFFIXES if mime in profile.types and coded), None)


def coded(runner: Runner, clip: Clip, part: Window, job: Job) -> Path:
    """Code the window of the film below the profile's limit; raises Rejected ``cannot-fit``, Failed."""
    mime = kind(job.profile)
    assert mime is not None
    seconds = part.seconds or clip.seconds
    if seconds is None:
        raise Rejected("damaged", "does not say how long it is; save it anew and send that")
    progress = Progress(job.emit, "video", seconds)
    order = Order(runner, clip, part, job, seconds, job.profile.limit(mime), SUFFIXES[mime], progress)
    sound = _sound(order)
    bits = picture_bits(order.limit, sound.bytes, sound.packets + seconds * clip.capped_rate, seconds)
    if "h264" not in job.profile.codecs:
        return oldest.coded(runner, clip, part, bits, order.limit, sound.path, order.suffix) or _refused(order, None)
    if bits < LEAST_BITS:
        return _refused(order, _samples(order))
    if is_wanted(job.options, "fast"):
        return _fast(order, sound, bits)
    return _perfect(order, sound, bits) or _measured(order, sound, bits)


def _measured(order: Order, sound: Sound, bits: float) -> Path:
    """Find the size on samples, decode once, repeat pass 2 until the bytes are right."""
    clip, part = order.clip, order.part
    samples = _samples(order)
    profile = order.job.profile.h264_profile
    best = trial.best_of(order.runner, samples, sizes(clip, order.job.profile), bits, profile)
    if best.likeness < FLOOR:
        return _refused(order, samples)
    slower = best.rate < samples.rate
    target = Target(best.size, best.rate if slower or clip.capped_rate < clip.rate else None, profile=profile)
    copy = code.decode_once(order.runner, clip, part, target, bits, progress=order.progress.phase(0.2, 0.6))
    return _passes(order, copy, sound, bits)


def _passes(order: Order, copy: code.Copy, sound: Sound, bits: float) -> Path:
    def at(wanted: float) -> Path:
        picture = code.second_pass(order.runner, copy, wanted, progress=order.progress.phase(0.6, 1.0))
        return mux(order.runner, own(picture)["v:0"], sound.path, order.suffix)

    return _fitted(order, at, bits)


def _perfect(order: Order, sound: Sound, bits: float) -> Path | None:
    """Code at a quality that nobody can tell from the source, where that may fit; None when it does not."""
    clip, profile = order.clip, order.job.profile
    size = sizes(clip, profile)[-1]
    if bits_per_pixel(bits, size, clip.capped_rate) < PLENTY:
        return None
    rate = clip.capped_rate if clip.capped_rate < clip.rate else None
    target = Target(size, rate, profile=profile.h264_profile)
    copy = code.keep(order.runner, clip, order.part, target, progress=order.progress.phase(0.1, 0.3))
    picture = code.at_quality(order.runner, copy, code.PERFECT, bits, progress=order.progress.phase(0.3, 0.6))
    made = mux(order.runner, own(picture)["v:0"], sound.path, order.suffix)
    if made.stat().st_size < order.limit:
        return made
    code.first_pass(order.runner, copy, bits)
    return _passes(order, copy, sound, bits)


def _fast(order: Order, sound: Sound, bits: float) -> Path:
    """Code in one pass, from the source, at the size that a rule of thumb gives."""
    clip, profile = order.clip, order.job.profile
    possible = sizes(clip, profile)
    size = possible[trial.first_guess(possible, bits, clip.capped_rate, FAST_BITS_PER_PIXEL)]
    target = Target(size, clip.capped_rate if clip.capped_rate < clip.rate else None, profile=profile.h264_profile)

    def at(wanted: float) -> Path:
        phase = order.progress.phase(0.1, 1.0)
        picture = code.one_pass(order.runner, clip, order.part, target, wanted, progress=phase)
        return mux(order.runner, own(picture)["v:0"], sound.path, order.suffix)

    return _fitted(order, at, bits * code.FAST_AIM, enough=0.7)


def _fitted(order: Order, at: code.Coder, bits: float, *, enough: float = ENOUGH) -> Path:
    found = fit(
        at,
        order.limit,
        size=lambda path: path.stat().st_size,
        low=bits / 4,
        high=bits * 3,
        guess=bits,
        enough=enough,
        encodes=4,
    )
    return found.value if found else _refused(order, None)


def _samples(order: Order) -> trial.Samples:
    size = sizes(order.clip, order.job.profile)[-1]
    return trial.take_samples(order.runner, order.clip, order.part, size)


def _refused(order: Order, samples: trial.Samples | None) -> Path:
    """Raise Rejected, with the length that would fit: the bits that the samples need, found by doubling."""
    fact = f"{order.seconds:,.0f} s in {order.limit:,} bytes is unwatchable"
    if samples is None:
        raise Rejected("cannot-fit", f"{fact}; trim it or send a link")
    possible = sizes(order.clip, order.job.profile)
    bits = FIRST_GUESS_BITS / 2
    for _ in range(MOST_DOUBLINGS):
        bits *= 2
        best = trial.best_of(order.runner, samples, possible, bits, order.job.profile.h264_profile)
        if best.likeness >= FLOOR:
            break
    # A sixth beside the picture is for the sound, as in its plan; a fifth for what the samples missed.
    fits = order.limit * 8 * 0.8 / (bits * (1.2 if order.clip.track else 1))
    shortest = max(1, int(min(fits, order.seconds * 0.9)))
    raise Rejected("cannot-fit", f"{fact}; trim below {shortest:,} s or send a link")


def _sound(order: Order) -> Sound:
    """Code the sound of the film; one that cannot be decoded or coded is left out, and that is told."""
    clip, job = order.clip, order.job
    nothing = Sound(None, 0, 0)
    if clip.track is None:
        return nothing
    try:
        heard = listen(order.runner, clip.track, order.part)
        coding = plan.for_film(clip.track, heard, order.limit * 8 / order.seconds, job.profile)
        if coding is None or (coding.suffix == ".amr" and not has_encoder(order.runner.binary, coding.encoder)):
            job.warn("its sound is left out: this profile takes none that can be made here")
            return nothing
        path = encode(order.runner, clip.track, coding, order.part, progress=order.progress.phase(0.0, 0.1))
    except Failed:
        job.warn("its sound cannot be decoded and is left out")
        return nothing
    # An M4A's own index is counted already.
    packets = order.seconds * 50 if coding.suffix == ".amr" else 0
    return Sound(path, path.stat().st_size, packets)
