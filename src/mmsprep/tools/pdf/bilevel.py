"""Pictures of one bit: packed as fax machines do, and made coarser only where that leaves letters whole."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf.pictures import Written, components, filter_of

if TYPE_CHECKING:
    from PIL import Image

_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTES = 273, 278, 279


def is_worthwhile(image: Any) -> bool:
    """Tell whether a picture has one bit a pixel and is packed in a way that we can undo."""
    stencil = bool(image.get("/ImageMask", False))
    if not stencil and (image.get("/BitsPerComponent") != 1 or components(image) != 1):
        return False
    return filter_of(image) == "/FlateDecode"


def write(image: Any, target: tuple[int, int]) -> Written | None:
    """Pack the bits by CCITT's group 4 (ITU T.6), scaled to *target* where that is smaller."""
    from PIL import Image

    size = int(image.Width), int(image.Height)
    data = image.read_bytes()
    if len(data) < (size[0] + 7) // 8 * size[1]:
        return None
    pixels = Image.frombytes("1", size, data)
    if target[0] < size[0]:
        # A pixel is black where half of what it covers is.
        grey = pixels.convert("L").resize(target, Image.Resampling.BOX)
        pixels = grey.point(lambda level: 255 if level >= 128 else 0).convert("1", dither=Image.Dither.NONE)
    return Written(_group4(pixels), *pixels.size)


def replace(image: Any, written: Written) -> None:
    """Put the packed bits into the picture's stream; what they mean stays in its dictionary."""
    import pikepdf

    # The coder calls ones black, as they are in a TIFF; so they come out as they went in.
    parameters = pikepdf.Dictionary(K=-1, Columns=written.width, Rows=written.height, BlackIs1=True)
    image.write(written.data, filter=pikepdf.Name.CCITTFaxDecode, decode_parms=parameters)
    image.Width, image.Height = written.width, written.height


def _group4(pixels: Image.Image) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    pixels.save(buffer, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: pixels.height})
    data = buffer.getvalue()
    with Image.open(buffer) as made:
        tags = made.tag_v2  # type: ignore[attr-defined]
        offsets, lengths = tags[_STRIP_OFFSETS], tags[_STRIP_BYTES]
    if len(offsets) != 1:
        raise ValueError("more than one strip")
    return data[offsets[0] : offsets[0] + lengths[0]]
