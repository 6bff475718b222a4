"""Bring any picture to 8-bit sRGB as a colour-managed viewer would show it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from mmsprep.detect.picture import is_lab

if TYPE_CHECKING:
    from PIL import Image

PROFILE_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""ICC colour-space signatures (ICC.1:2010, table 15) and the Pillow mode whose pixels they describe."""

PLAIN_MODES = {"1": "L", "P": "RGB", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}

UNSEEN = 1
"""A difference of one in 255 that rounding makes: a profile no further off than this is sRGB."""


def srgb(picture: Image.Image, icc: bytes | None = None) -> Image.Image:
    """Give the picture as L, RGB or RGBA in 8-bit sRGB, alpha kept where it is not opaque everywhere.

    The ICC profile is applied; one that cannot be read is ignored, as viewers do.
    """
    return _without_opaque_alpha(_plain(_through_profile(_eight_bit(picture), icc)))


def bare(pixels: Image.Image) -> Image.Image:
    """Forget what Pillow remembers of the source besides its pixels, and would write: comments, profiles.

    In place, for `srgb` has made a copy: another one of a large photo would cost 170 MB.
    """
    pixels.info = {}
    return pixels


def as_meant(picture: Image.Image) -> Image.Image:
    """Give bands that are L*, a* and b* their own mode: a TIFF's a* and b* are signed, Pillow's begin at 128."""
    from PIL import Image

    if picture.mode != "RGB" or not is_lab(picture):
        return picture
    lightness, *signed = picture.split()
    return Image.merge("LAB", (lightness, *(band.point([value ^ 128 for value in range(256)]) for band in signed)))


def flatten(pixels: Image.Image) -> Image.Image:
    """Lay transparent pixels on white, in sRGB values as browsers do, so shadows look as they were drawn."""
    from PIL import Image

    if pixels.mode != "RGBA":
        return pixels
    paper = Image.new("RGB", pixels.size, "white")
    paper.paste(pixels, mask=pixels.getchannel("A"))
    return paper


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Scale deep grey to 8 bits (Pillow's own conversion clips it to white) and spell out palettes and keys."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if picture.mode == "F":
        low, high = (float(end) for end in picture.getextrema())  # type: ignore[arg-type]
        scale = 255 / max(high - low, 1e-9)
        return picture.point(lambda value: value * scale - low * scale).convert("L")
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert(PLAIN_MODES.get(picture.mode, picture.mode))


def converter(mode: str, icc: bytes | None) -> Any | None:
    """Build what converts pixels of *mode* by their profile; None where they are sRGB, or it cannot be read."""
    from PIL import ImageCms

    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        space = PROFILE_SPACES.get(profile.profile.xcolor_space)
        if space is None or not mode.startswith(space):
            return None
        transform = _transform(profile, mode)
        return None if mode.startswith("RGB") and _is_identity(transform, mode) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _through_profile(pixels: Image.Image, icc: bytes | None) -> Image.Image:
    from PIL import ImageCms

    transform = converter(pixels.mode, icc)
    if transform is None:
        return pixels
    try:
        converted: Image.Image = transform.apply(pixels)
        return converted
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return pixels


def _transform(profile: Any, mode: str) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGBA" if mode == "RGBA" else "RGB",
        # What Photoshop does by default: whites stay white, blacks stay black, other colours as measured.
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _is_identity(transform: Any, mode: str) -> bool:
    """Tell whether the profile is sRGB by what it does to a cube of colours: its name may lie."""
    from PIL import Image, ImageChops

    levels = range(0, 256, 51)
    cube = Image.new("RGB", (36, 6))
    cube.putdata([(red, green, blue) for red in levels for green in levels for blue in levels])
    same = ImageChops.difference(cube, transform.apply(cube.convert(mode)).convert("RGB"))
    extremes: tuple[tuple[int, int], ...] = same.getextrema()  # type: ignore[assignment]
    return all(high <= UNSEEN for _, high in extremes)


def _plain(pixels: Image.Image) -> Image.Image:
    """Convert what no profile described."""
    if pixels.mode in ("L", "RGB", "RGBA"):
        return pixels
    if pixels.mode == "LAB":
        return _from_lab(pixels)
    return pixels.convert("RGB")


def _from_lab(pixels: Image.Image) -> Image.Image:
    from PIL import ImageCms

    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted: Image.Image = transform.apply(pixels)
    return converted


def _without_opaque_alpha(pixels: Image.Image) -> Image.Image:
    if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema()[0] == 255:
        return pixels.convert("RGB")
    return pixels
