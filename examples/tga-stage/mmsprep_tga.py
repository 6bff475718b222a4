"""Take Targa pictures, as games and scanners save them: as PNG, and the built-in stages go on from there."""

from pathlib import Path

from PIL import Image

from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage


def accepts(media: Media, profile: Profile) -> bool:
    return media.facts.type == "image/x-tga"


def run(media: Media, job: Job) -> tuple[Path, ...]:
    with Image.open(media.path, formats=["TGA"]) as picture:
        # There is no detection for this type yet, so the limit on pixels is this stage's to keep.
        if picture.width * picture.height > job.limits.pixels:
            raise Rejected("too-many-pixels", f"{picture.width} × {picture.height}; send a smaller version")
        path = job.new_path(".png")
        picture.save(path, compress_level=1)
    return (path,)


STAGE = Stage("tga", accepts, run)
