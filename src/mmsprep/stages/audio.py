"""The audio stage: any recording in; M4A, MP3 or AMR-NB that fits, as loud as it was, and tells nothing, out."""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect.av import DEMUXERS
from mmsprep.errors import Rejected
from mmsprep.fit import fit
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools.audio import plan
from mmsprep.tools.audio.encode import at_rate, encode
from mmsprep.tools.audio.measure import Heard, listen
from mmsprep.tools.audio.plan import Coding
from mmsprep.tools.audio.remux import TYPES, decoded_seconds, remux, suffix_for
from mmsprep.tools.audio.track import Track, find_track
from mmsprep.tools.ffmpeg import Failed, Runner, find, has_encoder
from mmsprep.tools.progress import Progress
from mmsprep.tools.window import OPTIONS, Window, window
from mmsprep.tools.wishes import number

LOSS_SECONDS, PADDING_SAMPLES = 0.1, 4_096
"""A file whose end is missing by more than both was cut off on its way: coders put silence at both ends, which some
files count as theirs."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every recording without a moving picture, where sound may leave at all."""
    return (
        media.facts.kind == "audio" and media.facts.type in {*DEMUXERS, "audio/x-ms-wma"} and bool(_suffixes(profile))
    )


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one recording that is sent for *media*."""
    track = find_track(media.path)
    if track is None:
        raise Rejected("damaged", "has no sound that can be read; send it again")
    part = window(job.options, media.facts.seconds)
    runner = Runner(find(job.ffmpeg), job.workdir, job.threads)
    try:
        made = _copied(runner, track, part, job) or _encoded(runner, track, part, job)
        path = job.new_path(made.suffix)
        made.rename(path)
    except Failed as error:
        raise Rejected("damaged", "its sound cannot be decoded; send it again from where it was made") from error
    finally:
        runner.clean()
    return (path,)


STAGE = Stage("audio", accepts, run, OPTIONS | {"loudness"})


def _suffixes(profile: Profile) -> list[str]:
    """List what may leave, the type that sounds best for its bytes first."""
    return [suffix for suffix, (mime, codec) in TYPES.items() if mime in profile.types and codec in profile.codecs]


def _copied(runner: Runner, track: Track, part: Window, job: Job) -> Path | None:
    """Keep the sound as it is, when it may leave, fits, is wanted whole and can be decoded to its end."""
    suffix = suffix_for(track, job.profile)
    if suffix is None or not part.whole or job.options.get("loudness") is not None:
        return None
    limit = job.profile.limit(TYPES[suffix][0])
    copy = remux(runner, track, suffix, most=2 * limit)
    if copy is None or copy.stat().st_size >= limit:
        return None
    # A constant rate has no count of its frames, so MP3 and AMR show a missing end only when decoded.
    return copy if _loss(track, decoded_seconds(runner, copy), track.seconds or 0.0) <= 0 else None


def _encoded(runner: Runner, track: Track, part: Window, job: Job) -> Path:
    heard = listen(runner, track, part)
    seconds = part.seconds or track.seconds
    if seconds is None:
        raise Rejected("damaged", "does not say how long it is; save it anew and send that")
    limit = job.profile.limit("audio/mp4")
    coding = _coding(runner, track, heard, seconds, limit, job)
    if coding is None:
        raise _too_long(heard, seconds, limit, job.profile)
    made = _fitted(runner, track, coding, part, heard, limit, job)
    if made is None:
        raise Rejected(
            "cannot-fit", f"{seconds:,.0f} s of sound do not fit into {limit:,} bytes; trim it or send a link"
        )
    decoded = decoded_seconds(runner, made)
    if decoded <= 0:
        raise Rejected("damaged", "its sound cannot be decoded; send it again from where it was made")
    if _loss(track, decoded, seconds) > 0:
        job.warn(f"only {decoded:.1f} of {seconds:.1f} s could be read; the end is missing")
    return made


def _too_long(heard: Heard, seconds: float, limit: int, profile: Profile) -> Rejected:
    """Say that the limit is too small for so many seconds, and how many would surely fit."""
    least = plan.floor(heard, amr=".amr" in _suffixes(profile))
    # What MP4 adds goes with the seconds; AMR's frames are in its rate.
    added = 0.0 if least == plan.AMR_FLOOR else plan.packets_a_second(22_050) * plan.PACKET_BYTES * 8
    # ffmpeg's AAC goes over its rate by up to a tenth.
    fits = max(1, int(0.97 * (limit - plan.FILE_BYTES) * 8 / (least * 1.1 + added)))
    kind = "speech" if heard.speech else "music"
    return Rejected(
        "cannot-fit", f"{seconds:,.0f} s of {kind} in {limit:,} bytes; trim below {fits:,} s or send a link"
    )


def _coding(runner: Runner, track: Track, heard: Heard, seconds: float, limit: int, job: Job) -> Coding | None:
    """Choose type and rate; None when the bytes give less than the least that is worth sending."""
    allowed = _suffixes(job.profile)
    most = plan.transparent(track, heard)
    good_enough = plan.SPEECH_FLOOR if heard.speech else plan.MUSIC_FLOOR
    bits = min(plan.bits_in_mp4(limit, seconds, heard), most)
    if ".m4a" in allowed and bits >= good_enough:
        return plan.aac(track, heard, bits)
    bits = min(int(limit * 8 / seconds * plan.USED), most)
    if ".mp3" in allowed and bits >= max(good_enough, 16_000):
        return plan.mp3(track, heard, bits)
    if ".amr" in allowed and (heard.speech or allowed == [".amr"]) and has_encoder(runner.binary, "libopencore_amrnb"):
        return plan.amr(limit / seconds)
    return None


def _fitted(
    runner: Runner, track: Track, coding: Coding, part: Window, heard: Heard, limit: int, job: Job
) -> Path | None:
    """Encode until the bytes, counted, are below *limit*."""
    asked = number(job.options, "loudness", "a level in LUFS, such as -16")
    loudness = None if asked is None else min(-5.0, max(-40.0, asked))
    tell = Progress(job.emit, "audio", part.seconds or track.seconds or 1.0).phase(0.0, 1.0)

    def at(bits: float) -> Path:
        if coding.suffix == ".m4a":
            chosen = at_rate(coding, bits)
        else:
            chosen = plan.mp3(track, heard, round(bits)) if coding.suffix == ".mp3" else coding
        return encode(runner, track, chosen, part, loudness=loudness, progress=tell)

    target = coding.bits_per_second
    # ffmpeg's AAC gives from half to 1.1 times what it is asked for.
    high = plan.transparent(track, heard) if coding.suffix == ".m4a" else target
    low = min(target, max(plan.floor(heard, amr=coding.suffix == ".amr") // 2, plan.AMR_FLOOR))
    found = fit(at, limit, size=lambda path: path.stat().st_size, low=low, high=high, guess=target, encodes=6)
    return found.value if found else None


def _loss(track: Track, decoded: float, claimed: float) -> float:
    """Give the seconds that are missing beyond what padding explains; nothing at all is all of them."""
    if decoded <= 0:
        return max(claimed, LOSS_SECONDS)
    return claimed - decoded - LOSS_SECONDS - PADDING_SAMPLES / max(track.sample_rate, 1)
