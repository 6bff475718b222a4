"""The animation stage: anything that moves by frames in; a GIF that still moves, below the limit, out."""

from __future__ import annotations

from pathlib import Path

from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Declined, Job, Stage
from mmsprep.tools.animation import convert
from mmsprep.tools.animation.blocks import Broken, Gif
from mmsprep.tools.animation.fit import Base, Made, based, fitted, unlikeness
from mmsprep.tools.animation.frames import ANIMATIONS, WISHES
from mmsprep.tools.animation.gifsicle import Complex
from mmsprep.tools.ffmpeg.run import Failed
from mmsprep.tools.wishes import one_of

GIF = "image/gif"

WORKING = ".work"
"""Hidden, so that it is never taken for a result."""

POOR = 0.6
"""The unlikeness from which on a film of the same bytes looks better (docs/benchmarks/animations.md)."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every animated picture where a GIF may leave."""
    return media.facts.animated and media.facts.type in ANIMATIONS and GIF in profile.types


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the GIF that is sent for *media*; leave it to the stages after this where a film shows more."""
    wish = one_of(job.options, "gif", WISHES) or "auto"
    film = "video/mp4" in job.profile.types and "h264" in job.profile.codecs
    if wish == "mp4" and film:
        job.warn("the animation is sent as a film, which does not repeat by itself")
        raise Declined
    try:
        made = _made(media, job)
        if wish == "auto" and film and (made is None or _is_poor(media, made)):
            job.warn(
                f"as GIF below {job.profile.limit(GIF):,} bytes the animation would lose too much: "
                "sent as a film, which does not repeat by itself; gif=keep sends the GIF"
            )
            raise Declined
        if made is None:
            raise Declined
        if made.setting.step > 1:
            job.warn("every second frame of the animation is left out, to keep it large enough to see")
        path = job.new_path(".gif")
        made.path.rename(path)
        return (path,)
    finally:
        for path in job.workdir.glob(f"{WORKING}*"):
            path.unlink(missing_ok=True)


STAGE = Stage("animation", accepts, run, frozenset({"gif"}))


def _made(media: Media, job: Job) -> Made | None:
    """Bring the animation below the limit as a GIF; None when nothing that fits is worth looking at."""
    width, height = media.facts.width or 1, media.facts.height or 1
    largest = max(job.profile.within(width, height)) / max(width, height)
    limit = job.profile.limit(GIF)
    if media.facts.type == GIF:
        try:
            return fitted(_own(media, job), limit, largest)
        except (Broken, Failed, Complex):
            # What gifsicle cannot read or scale, Pillow and libvips can.
            pass
    try:
        gif, scale = convert.to_gif(media.path, media.facts.type, largest)
        return fitted(based(gif, _working(job)), limit, min(1.0, largest / scale))
    except (Broken, Failed, Complex) as error:
        raise Rejected("damaged", "its frames cannot be decoded; send it again from where it was made") from error


def _own(media: Media, job: Job) -> Base:
    """Take over the blocks of a GIF that show its pictures."""
    gif = Gif.parse(media.path.read_bytes())
    if not gif.whole:
        job.warn("the end of the animation is missing")
    return based(gif, _working(job))


def _working(job: Job) -> Path:
    return job.workdir / f"{WORKING}.gif"


def _is_poor(media: Media, made: Made) -> bool:
    return unlikeness(media.path, media.facts.type, made.path) > POOR
