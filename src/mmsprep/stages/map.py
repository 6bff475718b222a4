"""The map stage: a place in; the picture of a map, the card that opens one on a tap, and a link for the text out."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.card import CARD
from mmsprep.detect.place import TYPE
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.place import LOCATION_SUFFIX, Place, to_vcard
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools import mapdraw, tiles
from mmsprep.tools.mapdraw.type import readable, writable
from mmsprep.tools.raster import jpeg

if TYPE_CHECKING:
    from PIL import Image

SCALES = (2, 1)
LARGEST_PNG = 300_000
"""A map of flat colours is smaller as a PNG than this and keeps every letter crisp; aerial photographs are not."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every place, where a picture may leave."""
    return media.facts.type == TYPE and bool(profile.types & {"image/png", "image/jpeg"})


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the picture and, where the profile takes it, the card; offer the link for the text."""
    place = Place.from_geojson(media.path.read_bytes())
    paths = [_picture(place, job)]
    if CARD in job.profile.types:
        data = to_vcard(place, "2.1" if job.profile.vcard == "2.1" else "3.0")
        if len(data) < job.profile.limit(CARD):
            paths.append(job.new_path(LOCATION_SUFFIX))
            paths[-1].write_bytes(data)
    job.offer_text(place.link())
    if place.label and not writable(place.label, "semibold"):
        rest = "only in part" if readable(place.label, "semibold") else "not"
        job.warn(f"the label has letters that the map's typeface lacks; it is in the card, and {rest} on the map")
    return tuple(paths)


STAGE = Stage("map", accepts, run)


def _picture(place: Place, job: Job) -> Path:
    """Draw the map as large as the profile takes it, and write it below the limit."""
    width, height = place.size
    scale = next((each for each in SCALES if _fits(width * each, height * each, job.profile)), 1)
    pixels = _drawn(place, scale, job)
    largest = job.profile.within(*pixels.size)
    if largest != pixels.size:
        pixels = jpeg.at_side(pixels, max(largest))
    data, suffix = _encoded(pixels, job.profile)
    path = job.new_path(suffix)
    path.write_bytes(data)
    return path


def _fits(width: int, height: int, profile: Profile) -> bool:
    return profile.within(width, height) == (width, height)


def _drawn(place: Place, scale: int, job: Job) -> Image.Image:
    folder = job.workdir / tiles.FOLDER
    if folder.is_dir():
        from mmsprep.tools.tiles import paste

        picture, why = paste.draw(place, folder, scale=scale)
        if why:
            job.warn(f"{why}; {'what was missing' if picture else 'the map'} comes from the embedded world map")
        if picture is not None:
            return picture
    return mapdraw.draw(place, scale=scale)


def _encoded(pixels: Image.Image, profile: Profile) -> tuple[bytes, str]:
    limit = profile.limit("image/png")
    if "image/png" in profile.types and len(data := _png(pixels)) < min(limit, LARGEST_PNG):
        return data, ".png"
    if "image/jpeg" in profile.types:
        found = jpeg.fit_jpeg(pixels, profile.limit("image/jpeg"), max(pixels.size), progressive=profile.progressive)
        if found:
            return found, ".jpg"
    if "image/png" in profile.types:
        for share in (1.0, 0.75, 0.5):
            if len(data := _png(jpeg.at_side(pixels, round(max(pixels.size) * share)).quantize(256))) < limit:
                return data, ".png"
    raise Rejected("cannot-fit", "no map worth looking at fits; allow more bytes or ask for a smaller size")


def _png(pixels: Image.Image) -> bytes:
    buffer = BytesIO()
    # The highest level costs five times the seconds for a thirtieth of the bytes.
    pixels.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
