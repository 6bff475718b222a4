"""PDF: opened by qpdf, measured without decoding any page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.errors import Rejected
from mmsprep.limits import MB, Limits
from mmsprep.media import Facts

if TYPE_CHECKING:
    import pikepdf

TYPE = "application/pdf"

HEADER_WITHIN = 1024
"""Acrobat, and so every reader since, looks for ``%PDF-`` in the first 1024 bytes (ISO 32000-1, annex H.3)."""

SIGNED = 1
"""Bit 1 of /SigFlags: the document has signatures (ISO 32000-1, table 219)."""

INFO_NAMES = {
    "/Title": "title",
    "/Author": "author",
    "/Subject": "subject",
    "/Keywords": "keywords",
    "/Creator": "creator",
    "/Producer": "producer",
    "/CreationDate": "created",
    "/ModDate": "modified",
}


def codecs() -> None:
    """Import the PDF library and bound what it may decode; opens nothing."""
    import pikepdf

    # They tell each repaired object of a broken file, in the words of a stranger.
    for library in ("pikepdf", "pypdf", "pypdfium2"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    pikepdf.settings.set_qpdf_limits(
        doc_max_warnings=50_000,
        parser_max_nesting=100,
        max_stream_filters=8,
        flate_max_memory=300 * MB,
        png_max_memory=300 * MB,
        tiff_max_memory=300 * MB,
        run_length_max_memory=300 * MB,
        dct_max_memory=300 * MB,
        dct_max_progressive_scans=100,
    )


def parse(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    """Measure a PDF's facts from its structure and hold them against *limits*."""
    if size > limits.document_bytes:
        raise Rejected(
            "too-many-bytes", f"{size:,} bytes; a document may have {limits.document_bytes:,}: send a part of it"
        )
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(HEADER_WITHIN):
            raise Rejected("damaged", "does not start as a PDF does; save it as PDF again")
    with open_document(path) as pdf:
        pages = count_pages(pdf)
        if pages > limits.pages:
            raise Rejected("too-many-pages", f"{pages:,} pages; {limits.pages:,} is the most: send a part of it")
        metadata = tuple(sorted(set(_carried(pdf))))
    return Facts(type=mime, bytes=size, pages=pages, metadata=metadata)


def open_document(path: Path) -> pikepdf.Pdf:
    """Open the PDF at *path* with qpdf; raises Rejected ``encrypted`` or ``damaged``.

    A document that only its owner has locked (no printing, no copying) opens without a password.
    """
    codecs()
    import pikepdf

    is_empty = False
    try:
        pdf = pikepdf.open(path)
        if len(pdf.pages):
            return pdf
        is_empty = True
    except pikepdf.PasswordError as error:
        raise Rejected("encrypted", "needs a password to be opened; save it without one") from error
    except MemoryError:
        raise
    except Exception as error:  # qpdf's errors, and RecursionError, KeyError, TypeError of odd structures
        is_empty = "no pages found" in str(error)
    for repair in (_rewritten_by_pdfium, _rewritten_by_pypdf):
        try:
            return pikepdf.open(repair(path))
        except MemoryError:
            raise
        except Exception:  # noqa: S112  and those of pdfium and pypdf
            continue
    raise _empty() if is_empty else _damaged()


def _rewritten_by_pdfium(path: Path) -> BytesIO:
    """Let pdfium, which finds its way in some broken files where qpdf does not, write the document anew."""
    import pypdfium2

    written = BytesIO()
    with pypdfium2.PdfDocument(path.read_bytes()) as document:
        document.save(written)
    return written


def _rewritten_by_pypdf(path: Path) -> BytesIO:
    """Let pypdf write the document anew: it believes the table of objects where the other two count for themselves."""
    import pypdf

    written = BytesIO()
    pypdf.PdfWriter(clone_from=path).write(written)
    return written


def count_pages(pdf: pikepdf.Pdf) -> int:
    """Count the pages that are really there, whatever /Count says; raises Rejected ``damaged`` for none."""
    try:
        pages = len(pdf.pages)
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged() from error
    if pages == 0:
        raise _empty()
    return pages


def _empty() -> Rejected:
    return Rejected("damaged", "is a PDF without pages; save it as PDF again")


def _damaged() -> Rejected:
    return Rejected("damaged", "starts like a PDF but cannot be opened as one; save it as PDF again")


def _carried(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Name what the document carries besides its pages, from its trailer and catalogue."""
    import pikepdf

    try:
        info = pdf.trailer.get("/Info")
        if isinstance(info, pikepdf.Dictionary):
            yield from (INFO_NAMES.get(key, "info") for key in info.keys())  # noqa: SIM118  not a Mapping
        # A linearised file has a first cross-reference section for its first page: no older revision.
        if "/Prev" in pdf.trailer and not pdf.is_linearized:
            yield "revisions"
        if pdf.is_encrypted:
            yield "encryption"
        yield from _in_catalogue(pdf.Root)
    except MemoryError:
        raise
    except Exception:  # an odd structure, which is dropped like a sound one
        yield "odd"


def _in_catalogue(root: pikepdf.Object) -> Iterator[str]:
    import pikepdf

    kinds = {
        "/Metadata": "xmp",
        "/OpenAction": "action",
        "/AA": "action",
        "/AF": "attachment",
        "/Collection": "attachment",
        "/AcroForm": "form",
        "/Perms": "signature",
    }
    yield from (kind for key, kind in kinds.items() if key in root)
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        named = {"/JavaScript": "javascript", "/EmbeddedFiles": "attachment"}
        yield from (kind for key, kind in named.items() if key in names)
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        if "/XFA" in form:
            yield "xfa"
        flags = form.get("/SigFlags", 0)
        if isinstance(flags, int) and flags & SIGNED:
            yield "signature"
