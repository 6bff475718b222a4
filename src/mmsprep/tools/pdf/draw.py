"""Draw pages and read their text with pdfium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected

if TYPE_CHECKING:
    from PIL import Image

MOST_CHARACTERS = 2_000_000
"""Text of one page that is read."""


@contextmanager
def opened(source: Path | bytes) -> Iterator[Any]:
    """Open a PDF, a path or its bytes, with pdfium; raises Rejected ``encrypted`` or ``damaged``."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(source if isinstance(source, bytes) else source.read_bytes())
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Rejected("encrypted", "needs a password to be opened; save it without one") from error
        raise Rejected("damaged", "one of two readers cannot open it; save it as PDF again") from error
    try:
        if document.get_formtype():
            document.init_forms()
        yield document
    finally:
        document.close()


def page_count(path: Path) -> int:
    """Count the pages as pdfium sees them."""
    with opened(path) as document:
        return len(document)


@contextmanager
def loaded(document: Any, index: int) -> Iterator[Any]:
    """Load one page; raises Rejected ``damaged`` if it cannot be."""
    import pypdfium2

    try:
        page = document[index]
    except pypdfium2.PdfiumError as error:
        raise Rejected("damaged", f"page {index + 1} cannot be shown; save it as PDF again") from error
    try:
        yield page
    finally:
        page.close()


def render(document: Any, index: int, side: int, *, marks: bool = True) -> Image.Image:
    """Draw one page on white, its longer side at *side* pixels.

    *marks* says whether annotations are drawn: links have nothing to show, and thousands of them take seconds.
    The scale follows from the longer side: at a fixed one a page of seventy metres exhausts the memory.
    """
    with loaded(document, index) as page:
        return drawn(page, side, marks=marks)


def drawn(page: Any, side: int, *, marks: bool = True) -> Image.Image:
    """Draw a page that is loaded."""
    longest = max(*page.get_size(), 1.0)
    bitmap = page.render(scale=side / longest, rev_byteorder=True, may_draw_forms=marks, draw_annots=marks)
    picture: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return picture


def text(document: Any, index: int) -> str:
    """Read one page's text."""
    with loaded(document, index) as page:
        return words(page)


def words(page: Any) -> str:
    """Read the text of a page that is loaded."""
    found = page.get_textpage()
    count = min(found.count_chars(), MOST_CHARACTERS)
    read: str = found.get_text_range(0, count) if count > 0 else ""
    found.close()
    return read
