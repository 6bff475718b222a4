"""The video stage: any film in; H.264 and AAC in an MP4 that fits, plays everywhere and tells nothing, out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmsprep.detect.av import DEMUXERS, open_media
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Declined, Job, Stage
from mmsprep.tools.animation.frames import ANIMATIONS, WISHES
from mmsprep.tools.ffmpeg import Failed, Runner, find
from mmsprep.tools.ffmpeg.command import OWN
from mmsprep.tools.progress import Progress
from mmsprep.tools.video import film
from mmsprep.tools.video.clip import Clip, describe
from mmsprep.tools.video.combs import woven
from mmsprep.tools.video.fallback import for_link
from mmsprep.tools.video.remux import remuxed
from mmsprep.tools.video.unroll import unrolled
from mmsprep.tools.window import OPTIONS, Window, window
from mmsprep.tools.wishes import is_wanted, one_of

LINK = ("link",)
"""What the option ``on_cannot_fit`` may say."""
LOSS_SECONDS = 0.25
"""A film that ends this much before it should was cut off on its way."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every film, and every animated picture that is to become one, where moving pictures may leave."""
    if media.facts.type in ANIMATIONS:
        return media.facts.animated and "video/mp4" in profile.types and "h264" in profile.codecs
    return film.kind(profile) is not None and media.facts.kind == "video" and media.facts.type in DEMUXERS


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one film that is sent for *media*; none where it is offered as a link instead."""
    animated = media.facts.type in ANIMATIONS
    if animated and one_of(job.options, "gif", WISHES) == "keep":
        raise Declined
    # Both are read again where they matter; what is misspelt must not cost a film's minutes first.
    is_wanted(job.options, "fast")
    one_of(job.options, "on_cannot_fit", LINK)
    runner = Runner(find(job.ffmpeg), job.workdir, job.threads)
    try:
        clip = unrolled(runner, media.path, media.facts.type) if animated else describe(media.path)
        if woven(runner, clip):
            clip = replace(clip, interlaced=True, woven=True)
        return _made(runner, clip, window(job.options, clip.seconds), job)
    except Failed as error:
        raise Rejected("damaged", "its picture cannot be decoded; send it again from where it was made") from error
    finally:
        runner.clean()


STAGE = Stage("video", accepts, run, OPTIONS | {"fast", "gif", "on_cannot_fit"})


def _made(runner: Runner, clip: Clip, part: Window, job: Job) -> tuple[Path, ...]:
    try:
        made = (remuxed(runner, clip, job.profile) if part.whole else None) or film.coded(runner, clip, part, job)
    except Rejected as refused:
        if refused.reason != "cannot-fit" or one_of(job.options, "on_cannot_fit", LINK) is None:
            raise
        progress = Progress(job.emit, "video", part.seconds or clip.seconds or 1.0)
        job.offer_link(_named(for_link(runner, clip, part, job.profile, progress), job))
        job.warn(f"{refused.message.partition(';')[0]}: a link is offered instead")
        return ()
    _tell_loss(made, part.seconds or clip.seconds, job)
    return (_named(made, job),)


def _named(made: Path, job: Job) -> Path:
    path = job.new_path(made.suffix)
    made.rename(path)
    return path


def _tell_loss(made: Path, expected: float | None, job: Job) -> None:
    """Say that the end is missing, by how long the result plays: ffmpeg ends a cut-off file as if it were whole."""
    with open_media(made, OWN) as container:
        plays = (container.duration or 0) / 1e6
    if expected is not None and plays < expected - max(LOSS_SECONDS, 0.02 * expected):
        job.warn(f"only {plays:.1f} of {expected:.1f} s could be read; the rest is missing")
