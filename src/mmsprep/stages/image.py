"""The image stage: any still picture in; an upright sRGB JPEG or PNG without metadata, below the limit, out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.picture import FORMATS, open_picture
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools.raster import colour, jpeg, png
from mmsprep.tools.raster.decode import decode, is_sound_jpeg, poster, upright

if TYPE_CHECKING:
    from PIL import Image

LOSSLESS_TYPES = frozenset(FORMATS) - {"image/jpeg", "image/heic", "image/avif"}
"""Sources that may hold graphics: the others were photographs or have lost what PNG would keep."""

GRAPHIC = 0.6
PHOTOGRAPHIC = 0.3
"""Shares of equal neighbours that tell a screenshot from a photograph (facts: screenshots 0.7 to 0.98)."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every picture that a decoder of ours reads, where a still picture may leave at all."""
    return media.facts.type in FORMATS and bool(profile.types & {"image/jpeg", "image/png"})


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one picture that is sent for *media*."""
    pixels = _pixels(media, job)
    data, suffix = _encode(pixels, media.facts.type, job)
    path = job.new_path(suffix)
    path.write_bytes(data)
    return (path,)


STAGE = Stage("image", accepts, run)


def _pixels(media: Media, job: Job) -> Image.Image:
    """Decode the picture upright, in sRGB, no larger than any budget can use."""
    from PIL import Image

    picture = open_picture(media.path, media.facts.type)
    target = jpeg.first_side(picture.size, max(job.profile.limit("image/jpeg"), 5_000_000))
    target = min(target, max(job.profile.within(*picture.size)))
    if picture.format in ("JPEG", "MPO") and max(picture.size) > target:
        factor = target / max(picture.size)
        picture.draft(None, (int(picture.width * factor), int(picture.height * factor)))
    poster(picture)
    whole = decode(picture)
    if not whole or (media.facts.type == "image/jpeg" and not is_sound_jpeg(media.path)):
        job.warn("part of the picture is damaged")
    pixels = picture
    if picture.mode in ("RGB", "L", "CMYK"):
        # The profile describes pixels that scaling keeps, so it is cheaper to convert the few that are left.
        pixels = jpeg.at_side(picture, target)
        pixels.info = picture.info
    pixels = jpeg.at_side(upright(colour.srgb(pixels), picture), target)
    return Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())


def _encode(pixels: Image.Image, source_type: str, job: Job) -> tuple[bytes, str]:
    profile = job.profile
    as_png = "image/png" in profile.types and (pixels.mode == "RGBA" or source_type in LOSSLESS_TYPES)
    if as_png and (data := _as_png(pixels, profile)):
        return data, ".png"
    if "image/jpeg" in profile.types:
        if pixels.mode == "RGBA":
            job.warn("transparency flattened on white")
        flat = colour.flatten(pixels)
        largest = profile.within(*flat.size)
        found = jpeg.fit_jpeg(flat, profile.limit("image/jpeg"), largest, progressive=profile.progressive)
        if found:
            return found, ".jpg"
    raise Rejected("cannot-fit", f"no picture worth looking at fits below {profile.limit('image/jpeg')} bytes")


def _as_png(pixels: Image.Image, profile: Profile) -> bytes | None:
    limit = profile.limit("image/png")
    kept = jpeg.at_side(pixels, max(profile.within(*pixels.size)))
    flat = png.flatness(kept)
    if pixels.mode != "RGBA" and flat < PHOTOGRAPHIC:
        return None
    data = png.lossless(kept, limit)
    if data is None and (flat > GRAPHIC or pixels.mode == "RGBA"):
        data = png.palette(kept, limit)
    return data
