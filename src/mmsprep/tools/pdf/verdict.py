"""Judge whether a PDF is one that a phone can show and that is safe to decode, before anything decodes it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected
from mmsprep.limits import MB, Limits
from mmsprep.tools.pdf import draw

if TYPE_CHECKING:
    import pikepdf

LARGEST_SIDE = 200_000
"""Points: seventy metres. Acrobat allows 14 400 units (ISO 32000-1, annex C.2), and a poster's may be ten points."""

STREAM_BYTES = 100 * MB
"""What one stream's Flate filters may give: pdfium holds it about twice, and an item has 400 MB."""

PICTURE_BYTES = 160 * MB
"""One picture decoded from JPEG, fax or JPEG 2000: an A3 page in colour has 209 MB at 600 dpi and 93 MB at 400."""

DRAWS = 200_000
"""Forms drawn on one page, those inside forms counted as often as they are drawn."""

OBJECTS_FOR_PYPDF = 20_000
"""pypdf looks a compressed object up in time proportional to their number: 8 s for 65 000 of them."""

CHUNK = 1 << 20


def judge(path: Path, pdf: pikepdf.Pdf, limits: Limits) -> None:
    """Hold an open document against what phones show and our bounds; raises Rejected with what is wrong.

    In this order, so that no parser meets what would harm it: sizes, decoded bytes, nesting, then the word
    of the other parsers.
    """
    pages = len(pdf.pages)
    _check_boxes(pdf)
    _check_streams(pdf, limits)
    _check_draws(pdf)
    found = draw.page_count(path)
    if found != pages:
        raise _disagreed(pages, found)
    if len(pdf.objects) <= OBJECTS_FOR_PYPDF:
        _ask_pypdf(path, pages)


def _ask_pypdf(path: Path, pages: int) -> None:
    import pypdf

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted:
            return
        found = len(reader.pages)
    except MemoryError:
        raise
    except Exception as error:  # AttributeError, KeyError, TypeError, RecursionError of odd structures
        raise Rejected("damaged", "one of two readers cannot open it; save it as PDF again") from error
    if found != pages:
        raise _disagreed(pages, found)


def _disagreed(pages: int, found: int) -> Rejected:
    many = "1 page" if pages == 1 else f"{pages} pages"
    return Rejected("damaged", f"has {many} to one reader and {found} to another; save it as PDF again")


def _check_boxes(pdf: pikepdf.Pdf) -> None:
    for number, page in enumerate(pdf.pages, 1):
        width, height = page_size(page)
        if max(width, height) > LARGEST_SIDE:
            raise Rejected(
                "too-costly",
                f"page {number} is {max(width, height) / 72 * 0.0254:,.0f} m long; "
                f"{LARGEST_SIDE / 72 * 0.0254:.0f} m is the most: save it at a page size that can be printed",
            )


def page_size(page: pikepdf.Page) -> tuple[float, float]:
    """Give a page's width and height in points as they are shown; those of a letter where its box cannot be read."""
    try:
        box = [float(each) for each in page.cropbox]
        unit = float(page.obj.get("/UserUnit", 1))
        return abs(box[2] - box[0]) * unit, abs(box[3] - box[1]) * unit
    except MemoryError:
        raise
    except Exception:  # no box at all: readers take a letter page
        return 612.0, 792.0


def _check_streams(pdf: pikepdf.Pdf, limits: Limits) -> None:
    """Count what each stream decodes to, without keeping any of it."""
    import pikepdf

    total = 0
    for each in pdf.objects:
        if not isinstance(each, pikepdf.Stream):
            continue
        is_picture = each.get("/Subtype") == "/Image"
        if is_picture and _picture_bytes(each) > PICTURE_BYTES:
            raise Rejected(
                "too-costly",
                f"a picture of {each.get('/Width')} × {each.get('/Height')} pixels inside; save it smaller",
            )
        size = decoded_size(each, STREAM_BYTES)
        total += 0 if is_picture else size
        if size > STREAM_BYTES or total > limits.decoded_document_bytes:
            raise Rejected("too-costly", "unpacks to more than a document holds; save it as PDF again")


def _picture_bytes(image: Any) -> int:
    import pikepdf

    try:
        width, height, bits = (
            int(image.get("/Width", 0)),
            int(image.get("/Height", 0)),
            int(image.get("/BitsPerComponent", 8)),
        )
    except (TypeError, ValueError):
        return 0
    space = image.get("/ColorSpace")
    named = {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4}
    single = isinstance(space, pikepdf.Array) and len(space) and space[0] in ("/Indexed", "/Separation", "/CalGray")
    parts = 1 if image.get("/ImageMask", False) or single else named.get(str(space), 3)
    return width * height * parts * bits // 8


def decoded_size(stream: Any, most: int) -> int:
    """Count the bytes that a stream's Flate filters give, up to a little over *most*."""
    filters = _filters(stream)
    flates = 0
    while flates < len(filters) and filters[flates] in ("/FlateDecode", "/Fl"):
        flates += 1
    raw = stream.read_raw_bytes()
    if not flates:
        return len(raw)
    chunks: Iterator[bytes] = iter((raw,))
    for _ in range(flates):
        chunks = _inflated(chunks)
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            break
    return total


def _filters(stream: Any) -> list[str]:
    import pikepdf

    named = stream.get("/Filter")
    if isinstance(named, pikepdf.Array):
        return [str(each) for each in named]
    return [] if named is None else [str(named)]


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    try:
        for chunk in chunks:
            data = chunk
            while data and not inflate.eof:
                yield inflate.decompress(data, CHUNK)
                data = inflate.unconsumed_tail
    except zlib.error:
        return


def _check_draws(pdf: pikepdf.Pdf) -> None:
    """Refuse forms that draw forms that draw forms, a billion in all."""
    counted: dict[tuple[int, int], int] = {}
    for page in pdf.pages:
        if _draws(page.obj, counted, 0) > DRAWS:
            raise Rejected("too-costly", "draws the same things over and over; save it as PDF again")


def _draws(holder: Any, counted: dict[tuple[int, int], int], depth: int) -> int:
    """Count the forms that showing *holder* draws; a form that draws itself counts once."""
    import pikepdf

    forms = _forms(holder)
    if not forms:
        return 0
    if depth > 30:
        return DRAWS + 1
    total = 0
    try:
        instructions = pikepdf.parse_content_stream(holder, "Do")
    except (pikepdf.PdfError, TypeError, UnicodeDecodeError):
        return 0
    for instruction in instructions:
        form = forms.get(str(instruction.operands[0])) if len(instruction.operands) else None
        if form is None:
            continue
        number = form.objgen
        if number not in counted:
            counted[number] = 1
            counted[number] = 1 + _draws(form, counted, depth + 1)
        total = min(total + counted[number], DRAWS + 1)
    return total


def _forms(holder: Any) -> dict[str, Any]:
    """Give the forms that *holder* can draw, by the names it has for them."""
    import pikepdf

    resources = holder.get("/Resources")
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return {}
    return {
        key: each for key, each in named.items() if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Form"
    }
