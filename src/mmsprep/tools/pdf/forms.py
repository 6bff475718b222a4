"""Turn forms, stamps and other marks into ordinary page content, as they look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Rejected

if TYPE_CHECKING:
    import pikepdf


@dataclass(frozen=True, slots=True)
class Interactive:
    """What a document offers to its reader besides pages."""

    fields: bool = False
    drawn: bool = False
    """Whether any annotation has an appearance to be drawn into its page."""
    signed: bool = False


def examine(pdf: pikepdf.Pdf) -> Interactive:
    """Look at what is interactive; raises Rejected ``forbidden`` for a form that has no pages of its own."""
    import pikepdf

    form = pdf.Root.get("/AcroForm")
    form = form if isinstance(form, pikepdf.Dictionary) else None
    if form is not None and "/XFA" in form and pdf.Root.get("/NeedsRendering", False):
        raise Rejected("forbidden", "a dynamic form, whose pages Acrobat alone makes; print it to PDF and send that")
    fields = form is not None and isinstance(form.get("/Fields"), pikepdf.Array) and len(form.Fields) > 0
    flags = form.get("/SigFlags", 0) if form is not None else 0
    signed = "/Perms" in pdf.Root or (isinstance(flags, int) and bool(flags & 1))
    kinds = [_drawn(page.obj.get("/Annots")) for page in pdf.pages]
    return Interactive(fields=fields, drawn=any(kinds), signed=signed)


def flatten(pdf: pikepdf.Pdf, what: Interactive) -> None:
    """Draw what has an appearance into its page: what is seen on a screen, without the fields behind it."""
    if what.fields:
        pdf.generate_appearance_streams()
    if what.drawn:
        pdf.flatten_annotations("screen")


def _drawn(annotations: Any) -> bool:
    import pikepdf

    if not isinstance(annotations, pikepdf.Array):
        return False
    return any(
        isinstance(each, pikepdf.Dictionary) and ("/AP" in each or each.get("/Subtype") == "/Widget")
        for each in annotations
    )
