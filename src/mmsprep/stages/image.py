"""The image stage: any still picture in; an upright sRGB JPEG or PNG without metadata, below the limit, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.picture import FORMATS, open_picture
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools.raster import colour, heic, jpeg, kept, likeness, png
from mmsprep.tools.raster.decode import coded_bytes, decode, is_lossy_webp, poster
from mmsprep.tools.raster.side import PERFECT, first_side
from mmsprep.tools.raster.view import View

if TYPE_CHECKING:
    from PIL import Image

LOSSLESS_TYPES = frozenset(FORMATS) - {"image/jpeg", "image/heic", "image/avif"}
"""Sources that may hold graphics, unless `is_lossy_webp`: the others have lost what PNG would keep."""

TIGHTLY_CODED = frozenset({"image/heic", "image/avif"})
TIGHT, TIGHT_FINEST = 0.017, 13.0
"""The unlikeness, or the tables, with which a JPEG of such a source is done (SSIMULACRA 2 above 90), or of a lossy one
that fits: to come nearer would take several times the source's bytes, and show nothing."""

Goal = tuple[float, float, int]
ALL: Goal = 0.0, jpeg.FINEST, 0
"""The goal for drawings: flat surfaces hide from a sample what becomes of the edges, so all bytes may be spent."""
PHOTOGRAPHIC = 0.3
"""The share of equal neighbours below which a picture is a photograph (screenshots have 0.7 to 0.98)."""

AMPLE = 2.0
KEPT_PIXELS = 12_000_000
"""What is written whole at most: libjpeg holds all coefficients to find the best codes, 72 MB of them."""
WHOLE_PIXELS = 40_000_000
"""What is decoded whole at most: 160 MB."""

DAMAGED = "part of the picture is damaged"


def accepts(media: Media, profile: Profile) -> bool:
    """Take every picture that a decoder of ours reads, where a still picture may leave at all."""
    return media.facts.type in FORMATS and bool(profile.types & {"image/jpeg", "image/png"})


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one picture that is sent for *media*."""
    if media.facts.animated:
        job.warn("of the animation one picture is sent; record it as a film to keep it moving")
    data, suffix = _as_it_was(media, job) or _best(_decoded(media, job), job)
    path = job.new_path(suffix)
    path.write_bytes(data)
    return (path,)


STAGE = Stage("image", accepts, run)


def _as_it_was(media: Media, job: Job) -> tuple[bytes, str] | None:
    """Write a JPEG that fits with its own tables, in its own size; None for everything else."""
    facts, profile = media.facts, job.profile
    if facts.type != kept.TYPE or kept.TYPE not in profile.types or facts.pixels > KEPT_PIXELS:
        return None
    size = facts.width or 0, facts.height or 0
    if profile.within(*size) != size:
        return None
    written = kept.rewritten(media.path, profile.limit(kept.TYPE), progressive=profile.progressive)
    if written is None:
        return None
    data, whole = written
    if not whole:
        job.warn(DAMAGED)
    job.lost(0)
    return data, ".jpg"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The source's pixels as they are stored, and how they are seen."""

    pixels: Image.Image
    view: View

    exact: bool = False
    """Whether the pixels may be what somebody drew, and not what a codec left of a photograph."""

    few: int = 0
    """The source's bytes where they are few for what it shows, so that it need not be come near at any price."""

    @property
    def goal(self) -> Goal:
        """How like it a JPEG has to be at most, how fine its tables, and the bytes that it may take all the same."""
        return (TIGHT, TIGHT_FINEST, self.few) if self.few else (PERFECT, jpeg.FINEST, 0)


def _decoded(media: Media, job: Job) -> Decoded:
    """Decode the picture, reduced where no budget can use the rest, and warn when part of it is missing."""
    picture = open_picture(media.path, media.facts.type)
    stored = picture.size
    part = _part(stored, first_side(stored, job.profile.limit("image/jpeg")))
    if media.facts.type == "image/jpeg" and part > 1:
        # Pillow divides the sizes and rounds down: rounded up, an odd one would not be reduced at all.
        picture.draft(None, (max(1, stored[0] // part), max(1, stored[1] // part)))
    large = media.facts.type == "image/heic" and media.facts.pixels > WHOLE_PIXELS
    if large and (small := heic.reduced(media.path, part)) is not None:
        return Decoded(small, replace(View.of(media.path, media.facts.type, picture), turn=None), few=media.facts.bytes)
    poster(picture)
    whole = decode(picture)
    if not whole or (media.facts.type == "image/jpeg" and coded_bytes(media.path) is None):
        job.warn(DAMAGED)
    view = View.of(media.path, media.facts.type, picture)
    exact = media.facts.type in LOSSLESS_TYPES and not is_lossy_webp(media.path)
    fits = media.facts.bytes < job.profile.limit("image/jpeg")
    tight = media.facts.type in TIGHTLY_CODED or (fits and not exact)
    return Decoded(colour.as_meant(picture), view, exact, media.facts.bytes if tight else 0)


def _part(size: tuple[int, int], side: int) -> int:
    """Tell at which part of its size a picture may be decoded: whole, or down to an eighth, well above *side*.

    Below `AMPLE` the reduced decoding would show (a point of SSIMULACRA 2 at 1.1, a third at 1.6, nothing at 2).
    """
    for part in (8, 4, 2):
        if -(-max(size) // part) >= AMPLE * side or (part == 2 and size[0] * size[1] > WHOLE_PIXELS):
            return part
    return 1


def _best(source: Decoded, job: Job) -> tuple[bytes, str]:
    """Encode as what looks best below the limit among the types that the profile admits."""
    profile = job.profile
    if not source.exact and source.pixels.mode in {"RGB", "L"}:
        return _as_jpeg(source.pixels, job, source.goal, source.view.show), ".jpg"
    pixels = source.view.show(source.pixels)
    drawn = pixels.mode == "RGBA" or (source.exact and png.flatness(pixels) >= PHOTOGRAPHIC)
    jpeg_too = "image/jpeg" in profile.types
    if "image/png" in profile.types and (drawn or not jpeg_too) and (found := _graphic(pixels, job)):
        return found
    if not jpeg_too:
        raise Rejected("cannot-fit", f"its pixels do not fit below {profile.limit('image/png')} bytes as PNG; crop it")
    if pixels.mode == "RGBA":
        job.warn("transparency flattened on white")
    return _as_jpeg(colour.flatten(pixels), job, ALL if drawn else source.goal), ".jpg"


def _as_jpeg(
    pixels: Image.Image,
    job: Job,
    goal: Goal,
    finish: Callable[[Image.Image], Image.Image] = lambda scaled: scaled,
) -> bytes:
    enough, finest, few = goal
    limit = job.profile.limit("image/jpeg")
    largest = max(job.profile.within(*pixels.size))
    progressive = job.profile.progressive
    data = jpeg.fit_jpeg(
        pixels,
        limit,
        largest,
        progressive=progressive,
        enough=enough,
        finest=finest,
        few=few,
        finish=finish,
        lost=job.lost,
    )
    if data is None:
        raise Rejected(
            "cannot-fit", f"no picture worth looking at fits below {limit} bytes; crop it or raise the limit"
        )
    return data


def _graphic(pixels: Image.Image, job: Job) -> tuple[bytes, str] | None:
    """Encode a drawing: exactly if that fits, else with a palette or as JPEG, as it looks better.

    Transparency is worth more than colours and pixels. None for what fits in no such way.
    """
    profile = job.profile
    limit = profile.limit("image/png")
    kept = jpeg.at_side(pixels, max(profile.within(*pixels.size)))
    clear = pixels.mode == "RGBA"
    if data := png.lossless(kept, limit):
        return data, ".png"
    data = png.palette(kept, limit) or (png.smaller_palette(kept, limit) if clear else None)
    if data is None or clear or "image/jpeg" not in profile.types:
        return (data, ".png") if data else None
    other = _as_jpeg(kept, job, ALL)
    first, second = (likeness.on_screen(kept, png.opened(each)) for each in (data, other))
    return (data, ".png") if first <= second else (other, ".jpg")
