"""The video stage: any film in; H.264 and AAC in an MP4 that fits, plays everywhere and tells nothing, out."""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect.av import DEMUXERS
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools.ffmpeg import Failed, Runner, find
from mmsprep.tools.video import film
from mmsprep.tools.video.clip import describe
from mmsprep.tools.video.remux import remuxed
from mmsprep.tools.window import OPTIONS, window


def accepts(media: Media, profile: Profile) -> bool:
    """Take every film, where moving pictures may leave at all."""
    return bool(film.kinds(profile)) and media.facts.kind == "video" and media.facts.type in DEMUXERS


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one film that is sent for *media*."""
    runner = Runner(find(job.options.get("ffmpeg")), job.workdir, job.threads)
    try:
        clip = describe(media.path)
        part = window(job.options, clip.seconds)
        made = (remuxed(runner, clip, job.profile) if part.whole else None) or film.coded(runner, clip, part, job)
        path = job.new_path(made.suffix)
        made.rename(path)
    except Failed as error:
        raise Rejected("damaged", "its picture cannot be decoded; send it again from where it was made") from error
    finally:
        runner.clean()
    return (path,)


STAGE = Stage("video", accepts, run, OPTIONS | {"ffmpeg", "fast", "gif"})
