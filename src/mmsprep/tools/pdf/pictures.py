"""One picture inside a PDF: its samples as they are stored, scaled and written again as JPEG.

The samples keep their meaning: neither colour space nor /Decode is touched, so a CMYK, calibrated, inverted
or spot-colour picture looks as before. Only an indexed one changes its space, to that of its palette.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

SMALLEST = 4096
"""Bytes of a picture that is worth the work."""

MODES = {1: "L", 3: "RGB", 4: "CMYK"}

COMPONENTS = {
    "/DeviceGray": 1, "/G": 1, "/CalGray": 1, "/Separation": 1,
    "/DeviceRGB": 3, "/RGB": 3, "/CalRGB": 3,
    "/DeviceCMYK": 4, "/CMYK": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A picture's new stream: its data and what its dictionary says of them."""

    data: bytes
    width: int
    height: int
    space: Any = None
    """The colour space, where it is not the old one."""


def is_worthwhile(image: Any) -> bool:
    """Tell whether a picture of tones may be written anew: it is in a form that Pillow reads as a PDF does."""
    if _hangs_on_values(image):
        return False
    kind = filter_of(image)
    if _is_indexed(image) and kind != "/FlateDecode":
        # Between two indexes lies any colour.
        return False
    if kind == "/JPXDecode":
        return "/Decode" not in image
    if kind == "/DCTDecode":
        return not _turned_colours(image)
    if kind is None or (_is_indexed(image) and "/Decode" in image):
        return False
    parts, bits = components(image), image.get("/BitsPerComponent")
    return parts is not None and (bits in (8, 16) or (parts == 1 and bits in (2, 4)))


def _hangs_on_values(image: Any) -> bool:
    """Tell whether single values mean something, as in a stencil, a colour key or a premultiplied mask."""
    import pikepdf

    mask = image.get("/SMask")
    return (
        bool(image.get("/ImageMask", False))
        or isinstance(image.get("/Mask"), pikepdf.Array)
        or bool(image.get("/SMaskInData", 0))
        or "/Matte" in image
        or (isinstance(mask, pikepdf.Stream) and "/Matte" in mask)
    )


def filter_of(image: Any) -> str | None:
    """Name the one filter that holds a picture's form, ``/FlateDecode`` for plain samples, None for all others."""
    import pikepdf

    named = image.get("/Filter")
    names = (
        [str(each) for each in named] if isinstance(named, pikepdf.Array) else [str(named)] if named is not None else []
    )
    simple = {"/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"}
    if not names or set(names) <= simple:
        return "/FlateDecode"
    if names[-1] in ("/DCTDecode", "/JPXDecode") and set(names[:-1]) <= simple:
        return names[-1]
    return None


def components(image: Any) -> int | None:
    """Count the samples of one pixel, 1 for an index; None for a colour space that JPEG cannot carry."""
    import pikepdf

    space = image.get("/ColorSpace")
    if isinstance(space, pikepdf.Name):
        return COMPONENTS.get(str(space))
    if not isinstance(space, pikepdf.Array) or not len(space):
        return None
    kind = str(space[0])
    if kind in ("/Indexed", "/I"):
        return 1
    if kind == "/ICCBased":
        return _icc_components(space)
    if kind == "/DeviceN":
        parts = len(space[1])
        # Three would be turned as if they were red, green and blue.
        return parts if parts in (1, 4) else None
    return COMPONENTS.get(kind)


def samples(image: Any, target: tuple[int, int]) -> tuple[Image.Image, Any] | None:
    """Decode a picture at *target* pixels or a little more: its stored samples and its new colour space, if any."""
    from PIL import Image

    kind = filter_of(image)
    if kind == "/FlateDecode":
        return _plain(image)
    data = _coded(image)
    # PDF decoders and Pillow agree on which pixels; the format list keeps Pillow from guessing others.
    picture = Image.open(BytesIO(data), formats=["JPEG" if kind == "/DCTDecode" else "JPEG2000"])
    if kind == "/DCTDecode":
        return _jpeg(picture, image, target)
    picture.load()
    if picture.mode not in ("L", "RGB") or ("/ColorSpace" in image and _has_other_parts(image, picture)):
        return None
    return picture, None if "/ColorSpace" in image else _device_space(picture)


def write(pixels: Image.Image, target: tuple[int, int], quality: int, *, space: Any = None) -> Written:
    """Scale the samples to *target* and write them as JPEG, never larger than they are."""
    from PIL import Image, ImageChops

    if target[0] < pixels.width or target[1] < pixels.height:
        # Two steps cost a third of one: reduce() averages whole pixels.
        factor = min(pixels.width // target[0], pixels.height // target[1]) // 2
        pixels = pixels.reduce(factor) if factor > 1 else pixels
        pixels = pixels.resize(target, Image.Resampling.LANCZOS if factor > 1 else Image.Resampling.BICUBIC)
    if pixels.mode == "CMYK":
        # Pillow writes the inverse of its samples, as Photoshop does; a PDF takes them as they are.
        pixels = ImageChops.invert(pixels)
    buffer = BytesIO()
    pixels.save(buffer, "JPEG", quality=quality, optimize=True)
    return Written(buffer.getvalue(), *pixels.size, space=space)


def replace(image: Any, written: Written) -> None:
    """Put the new data into the picture's stream and say what they are."""
    import pikepdf

    image.write(written.data, filter=pikepdf.Name.DCTDecode)
    image.Width, image.Height, image.BitsPerComponent = written.width, written.height, 8
    if written.space is not None:
        image.ColorSpace = written.space
        if "/Decode" in image:
            del image["/Decode"]


def _plain(image: Any) -> tuple[Image.Image, Any] | None:
    from PIL import Image

    width, height, bits = int(image.Width), int(image.Height), int(image.BitsPerComponent)
    parts = components(image)
    if parts is None:
        return None
    data = image.read_bytes()
    if bits < 8:
        data, bits = _unpacked(data, (width, height), bits, is_index=_is_indexed(image)), 8
    if bits == 16:
        # The high byte of each big-endian sample.
        data = data[::2]
    if len(data) < width * height * parts:
        return None
    pixels = Image.frombytes(MODES[parts], (width, height), data[: width * height * parts])
    palette = _palette(image)
    if palette is None:
        return pixels, None
    table, base, mode = palette
    return _looked_up(pixels, table, mode), base


def _unpacked(data: bytes, size: tuple[int, int], bits: int, *, is_index: bool) -> bytes:
    """Give each sample of two or four bits a byte: an index as it is, a tone on the scale of eight bits."""
    from PIL import Image

    mode = "P" if is_index else "L"
    needed = (size[0] * bits + 7) // 8 * size[1]
    return Image.frombytes(mode, size, data[:needed], "raw", f"{mode};{bits}").tobytes() if len(data) >= needed else b""


def _is_indexed(image: Any) -> bool:
    import pikepdf

    space = image.get("/ColorSpace")
    return isinstance(space, pikepdf.Array) and len(space) == 4 and space[0] in ("/Indexed", "/I")


def _looked_up(indexes: Image.Image, table: bytes, mode: str) -> Image.Image:
    from PIL import Image

    parts = len(mode)
    planes = [indexes.point((table[start::parts] + bytes(256))[:256]) for start in range(parts)]
    return Image.merge(mode, planes) if parts > 1 else planes[0]


def _palette(image: Any) -> tuple[bytes, Any, str] | None:
    """Give an indexed picture's table, the colour space of its entries and Pillow's mode for them."""
    import pikepdf

    if not _is_indexed(image):
        return None
    space = image.ColorSpace
    base, lookup = space[1], space[3]
    table = lookup.read_bytes() if isinstance(lookup, pikepdf.Stream) else bytes(lookup)
    kind = str(base) if isinstance(base, pikepdf.Name) else str(base[0])
    parts = _icc_components(base) if kind == "/ICCBased" else COMPONENTS.get(kind)
    if parts is None:
        raise ValueError(f"palette of {kind}")
    return table, base, MODES[parts]


def _jpeg(picture: Image.Image, image: Any, target: tuple[int, int]) -> tuple[Image.Image, Any] | None:
    from PIL import ImageChops

    if picture.mode not in ("L", "RGB", "CMYK") or _has_other_parts(image, picture):
        return None
    picture.draft(None, target)
    picture.load()
    if picture.mode == "CMYK" and "adobe" in picture.info:
        # Pillow has inverted what Adobe's marker announces; a PDF does not.
        return ImageChops.invert(picture), None
    return picture, None


def _coded(image: Any) -> bytes:
    """Give the JPEG or JPEG 2000 file inside a stream, its outer filters undone."""
    import pikepdf

    named = image.get("/Filter")
    if isinstance(named, pikepdf.Array) and len(named) > 1:
        data: bytes = image.read_bytes(pikepdf.StreamDecodeLevel.generalized)
        return data
    raw: bytes = image.read_raw_bytes()
    return raw


def _has_other_parts(image: Any, picture: Image.Image) -> bool:
    parts = components(image)
    return parts is None or MODES.get(parts) != picture.mode


def _turned_colours(image: Any) -> bool:
    """Tell whether /ColorTransform overrides what the JPEG says of itself."""
    import pikepdf

    parameters = image.get("/DecodeParms")
    each = list(parameters) if isinstance(parameters, pikepdf.Array) else [parameters]
    return any(isinstance(one, pikepdf.Dictionary) and "/ColorTransform" in one for one in each)


def _icc_components(space: Any) -> int | None:
    try:
        parts = int(space[1].N)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        return None
    return parts if parts in MODES else None


def _device_space(picture: Image.Image) -> Any:
    import pikepdf

    return pikepdf.Name.DeviceGray if picture.mode == "L" else pikepdf.Name.DeviceRGB
