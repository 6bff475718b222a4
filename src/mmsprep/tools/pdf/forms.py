"""Turn forms, stamps and other marks into ordinary page content, as they look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected
from mmsprep.tools.pdf import draw
from mmsprep.tools.pdf.sweep import empty

if TYPE_CHECKING:
    import pikepdf

PARENTS = 30
"""Fields above one another that are asked for an inherited value."""


@dataclass(frozen=True, slots=True)
class Interactive:
    """What a document offers to its reader besides pages."""

    fields: bool = False
    drawn: bool = False
    """Whether any annotation has an appearance to be drawn into its page."""
    undrawn: str = ""
    """What is written in fields that have no appearance, or an old one: readers draw it themselves."""
    stale: bool = False
    """Whether every appearance is declared old."""
    signed: bool = False
    redactions: bool = False
    """Whether something is marked to be blacked out, but was not (ISO 32000-2, 12.5.6.23)."""

    @property
    def foreign(self) -> str:
        """The letters that no standard font has: readers take them from a font of their own, if they have one."""
        return "".join(sorted({each for each in self.undrawn if each.isalnum() and not _is_western(each)}))


def _is_western(letter: str) -> bool:
    return letter.encode("cp1252", "ignore") != b""


def examine(pdf: pikepdf.Pdf, path: Path) -> Interactive:
    """Look at what is interactive; raises Rejected ``forbidden`` for a form that has no pages of its own."""
    import pikepdf

    form = pdf.Root.get("/AcroForm")
    form = form if isinstance(form, pikepdf.Dictionary) else None
    fields = form is not None and isinstance(form.get("/Fields"), pikepdf.Array) and len(form.Fields) > 0
    if form is not None and "/XFA" in form and _has_no_pages(pdf, path, fields=fields):
        raise Rejected("forbidden", "a dynamic form, whose pages Acrobat alone makes; print it to PDF and send that")
    flags = form.get("/SigFlags", 0) if form is not None else 0
    stale = form is not None and form.get("/NeedAppearances", False) is True
    written = [_value(each) for each in _widgets(pdf) if stale or "/AP" not in each] if fields else []
    return Interactive(
        fields=fields,
        drawn=any("/AP" in each or each.get("/Subtype") == "/Widget" for each in _annotations(pdf)),
        undrawn="".join(written),
        stale=stale,
        signed="/Perms" in pdf.Root or (isinstance(flags, int) and bool(flags & 1)),
        redactions=any(each.get("/Subtype") == "/Redact" for each in _annotations(pdf)),
    )


def _has_no_pages(pdf: pikepdf.Pdf, path: Path, *, fields: bool) -> bool:
    """Tell a form that says so, or (before PDF 1.7) whose one page only asks to get Acrobat, in whatever language."""
    if pdf.Root.get("/NeedsRendering", False):
        return True
    if fields or len(pdf.pages) > 1:
        return False
    with draw.opened(path) as document:
        return "adobe.com/" in draw.text(document, 0).lower()


def drawn(pdf: pikepdf.Pdf, what: Interactive) -> pikepdf.Pdf:
    """Give the document with an appearance for every field that has something written in it.

    pdfium makes them, as it does when it shows a form: with line breaks, alignment, combs and font sizes that
    fit, of which qpdf knows none. Where it cannot write the document, qpdf's must do.
    """
    import pikepdf
    import pypdfium2

    if not what.undrawn:
        return pdf
    if what.stale:
        for each in _widgets(pdf):
            if "/AP" in each and _inherited(each, "/FT") in ("/Tx", "/Ch"):
                del each["/AP"]
    plain, written = BytesIO(), BytesIO()
    pdf.save(plain)
    try:
        with pypdfium2.PdfDocument(plain.getvalue()) as document:
            document.init_forms()
            for index in range(len(document)):
                document[index].close()
            document.save(written)
        made = pikepdf.open(written)
    except (pypdfium2.PdfiumError, pikepdf.PdfError):
        pdf.Root.AcroForm.NeedAppearances = True
        pdf.generate_appearance_streams()
        return pdf
    if len(made.pages) != len(pdf.pages):
        return pdf
    made.Root.AcroForm.NeedAppearances = False
    return made


def flatten(pdf: pikepdf.Pdf, what: Interactive) -> None:
    """Draw what has an appearance into its page: what is seen on a screen, without the fields behind it."""
    import pikepdf

    if not what.drawn:
        return
    before = list(_annotations(pdf))
    pdf.flatten_annotations("screen")
    after = {each.objgen for each in _annotations(pdf)}
    for each in before:
        # The tags for screen readers may still lead to the field, and so to what it says and does.
        if isinstance(each, pikepdf.Dictionary) and each.is_indirect and each.objgen not in after:
            empty(each)


def _annotations(pdf: pikepdf.Pdf) -> Iterator[Any]:
    import pikepdf

    for page in pdf.pages:
        listed = page.obj.get("/Annots")
        if isinstance(listed, pikepdf.Array):
            yield from (each for each in listed if isinstance(each, pikepdf.Dictionary))


def _widgets(pdf: pikepdf.Pdf) -> Iterator[Any]:
    return (each for each in _annotations(pdf) if each.get("/Subtype") == "/Widget")


def _value(widget: Any) -> str:
    """Give what is written in a text or choice field."""
    import pikepdf

    if _inherited(widget, "/FT") not in ("/Tx", "/Ch"):
        return ""
    value = _inherited(widget, "/V")
    several = list(value) if isinstance(value, pikepdf.Array) else [value]
    return "".join(str(each) for each in several if isinstance(each, pikepdf.String))


def _inherited(widget: Any, key: str) -> Any:
    """Find a field's entry in it or in the fields above it (ISO 32000-1, 12.7.3.1)."""
    node = widget
    for _ in range(PARENTS):
        if key in node:
            return node[key]
        node = node.get("/Parent")
        if node is None:
            break
    return None
