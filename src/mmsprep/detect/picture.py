"""Pictures: opened by the one parser that libmagic's type names, measured from the header."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.errors import Rejected
from mmsprep.limits import MP, Limits
from mmsprep.media import Facts

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/avif": "AVIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/jp2": "JPEG2000",
}
"""The picture types that are read, and Pillow's name for the one parser that may open each."""

REDUCIBLE = frozenset({"image/jpeg", "image/heic"})
"""Types that phones make above 100 megapixels and that decode within bounds all the same."""

SIDEWAYS = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height (EXIF 2.32, tag 0x0112)."""

EXIF_ORIENTATION, EXIF_GPS = 0x0112, 0x8825
EXIF_BYTES = 65_536
"""An EXIF block from here on is not read: a JPEG's segment, for which they are made, holds no more."""
TIFF_PHOTOMETRIC, TIFF_CIELAB = 262, 8


@cache
def codecs() -> None:
    """Import Pillow's parsers for `FORMATS` and register HEIC; decodes nothing."""
    import pi_heif
    from PIL import Image

    # Pillow refuses twice this when opening, or when one frame of an animation is larger than the canvas said.
    Image.MAX_IMAGE_PIXELS = Limits().reducible_pixels // 2
    Image.init()
    _let_pillow_read_16_bit_lab()
    pi_heif.register_heif_opener(thumbnails=False)


def _let_pillow_read_16_bit_lab() -> None:
    """Let TIFFs in CIELAB of 16 bits be read as if they were RGB; `is_lab` tells them apart again."""
    from PIL import TiffImagePlugin

    for order, raw in ((TiffImagePlugin.II, "RGB;16L"), (TiffImagePlugin.MM, "RGB;16B")):
        TiffImagePlugin.OPEN_INFO[order, TIFF_CIELAB, (1,), 1, (16, 16, 16), ()] = ("RGB", raw)


def is_lab(image: Image) -> bool:
    """Tell whether the three bands are L*, a* and b*, whatever mode they were read in."""
    tags = getattr(image, "tag_v2", None) or {}
    return image.mode == "LAB" or (image.mode == "RGB" and tags.get(TIFF_PHOTOMETRIC) == TIFF_CIELAB)


def open_picture(path: Path, mime: str) -> Image:
    """Open the picture at *path* with the parser of its type alone, reading the header.

    The format list matters: without it an EPS named .jpg starts Ghostscript. Raises Rejected ``damaged`` when
    the parser disagrees with libmagic, ``too-many-pixels`` when Pillow takes it for a decompression bomb.
    """
    codecs()
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(path, formats=[FORMATS[mime]])
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise _too_many_pixels(int(pixels[0]) if pixels else 0, Limits().reducible_pixels) from error
    except MemoryError:
        raise
    except Exception as error:  # Parsers raise SyntaxError, struct.error, ValueError, OverflowError, KeyError, …
        raise Rejected(
            "damaged", f"starts like {mime} but cannot be opened as such; send it again from where it was made"
        ) from error


def parse(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Measure a picture's facts from its header and hold them against *limits*."""
    if size > limits.picture_bytes:
        said = f"{size:,} bytes; a picture may have {limits.picture_bytes:,}: send a smaller version"
        raise Rejected("too-many-bytes", said)
    with open_picture(path, mime) as image:
        most = limits.reducible_pixels if mime in REDUCIBLE else limits.pixels
        width, height = image.size
        if width * height > most:
            raise _too_many_pixels(width * height, most)
        orientation, metadata = _carried(image, path, mime)
        if orientation in SIDEWAYS:
            width, height = height, width
        frames = _frames(image, mime, limits)
        progressive = bool(image.info.get("progressive") or image.info.get("progression"))
        if progressive and mime == "image/jpeg":
            _count_scans(path, limits)
        return Facts(
            type=mime,
            bytes=size,
            width=width,
            height=height,
            frames=frames,
            alpha=_has_alpha(image),
            progressive=progressive,
            metadata=metadata,
        )


def _too_many_pixels(pixels: int, most: int) -> Rejected:
    return Rejected(
        "too-many-pixels",
        f"{pixels / MP:,.0f} megapixels; {most / MP:,.0f} is the most for this type of picture: send a smaller version",
    )


def _frames(image: Image, mime: str, limits: Limits) -> int | None:
    """Count an animation's frames, or None for a still: a TIFF's pages and a JPEG's second picture are no frames."""
    if mime in {"image/tiff", "image/jpeg", "image/heic"}:
        return None
    try:
        frames = int(getattr(image, "n_frames", 1))
    except MemoryError:
        raise
    except Exception as error:
        if mime != "image/gif":
            raise Rejected("damaged", "the animation's frames cannot be counted; send it again") from error
        # Pillow stops at the last frame before the damage.
        frames = image.tell() + 1
    if frames > limits.frames:
        raise Rejected("too-costly", f"{frames:,} frames; {limits.frames:,} is the most: cut it shorter")
    if frames > 1 and frames * image.width * image.height > limits.animation_pixels:
        raise Rejected(
            "too-costly",
            f"{frames:,} frames of {image.width} × {image.height} are {frames * image.width * image.height / MP:,.0f} "
            f"megapixels in all; {limits.animation_pixels / MP:,.0f} is the most: cut it shorter or smaller",
        )
    return frames if frames > 1 else None


def _count_scans(path: Path, limits: Limits) -> None:
    # Inside a scan 0xFF is always stuffed, so FF DA is a start-of-scan marker (ITU T.81, B.1.1.5).
    scans = path.read_bytes().count(b"\xff\xda")
    if scans > limits.scans:
        raise Rejected("too-costly", f"a progressive JPEG of {scans:,} scans; {limits.scans} is the most: save it anew")


def _has_alpha(image: Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info


def _carried(image: Image, path: Path, mime: str) -> tuple[int, tuple[str, ...]]:
    """Return the EXIF orientation (1 is upright) and the names of what the file carries besides its pixels."""
    orientation, found = 1, set[str]()
    chunks = dict(_png_chunks(path)) if mime == "image/png" else {}
    try:
        # Pillow would decode a whole PNG to look for its EXIF block.
        exif = _exif(chunks.get("exif", b"")) if mime == "image/png" else image.getexif()
        orientation = int(exif.get(EXIF_ORIENTATION, 1))
        if EXIF_GPS in exif:
            found.add("gps")
    except Exception:  # a broken EXIF block says nothing, and is dropped like a sound one
        found.add("exif")
    if mime == "image/jpeg":
        found.update(_jpeg_segments(image))
    elif mime == "image/png":
        found.update(chunks)
    else:
        kinds = {"exif": "exif", "xmp": "xmp", "icc_profile": "icc", "comment": "comment", "photoshop": "iptc"}
        found.update(kind for key, kind in kinds.items() if image.info.get(key))
    return orientation, tuple(sorted(found))


def _jpeg_segments(image: Image) -> Iterator[str]:
    """Name a JPEG's application segments and comments, but for JFIF and Adobe, which say how to decode it."""
    for marker, data in getattr(image, "applist", ()):
        if (marker, bytes(data[:4])) in {("APP0", b"JFIF"), ("APP0", b"JFXX"), ("APP14", b"Adob")}:
            continue
        named = {b"Exif\x00": "exif", b"http:": "xmp", b"ICC_P": "icc", b"Photo": "iptc", b"MPF\x00\x49": "mpf"}
        yield "comment" if marker == "COM" else named.get(bytes(data[:5]), marker.lower())


# Chunks that a decoder needs or that hold the picture itself (PNG 3rd edition, section 11).
PNG_STRUCTURE = frozenset(
    "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT bKGD pHYs acTL fcTL fdAT cICP mDCV cLLI hIST sPLT".split()
)
PNG_KINDS = {"eXIf": "exif", "iCCP": "icc", "tEXt": "text", "zTXt": "text", "iTXt": "text", "tIME": "time"}


def _png_chunks(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name what a PNG carries besides its picture, with the EXIF block's bytes; ``trailer`` is what follows its end."""
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            length, name = int.from_bytes(header[:4], "big"), header[4:].decode("latin-1")
            data = file.read(length) if name == "eXIf" and length < EXIF_BYTES else b""
            if name not in PNG_STRUCTURE:
                yield PNG_KINDS.get(name, "private"), data
            file.seek(length - len(data) + 4, 1)
            if name == "IEND":
                if file.read(1):
                    yield "trailer", b""
                return


def _exif(data: bytes) -> Exif:
    from PIL.Image import Exif

    exif = Exif()
    exif.load(data)
    return exif
