"""The names by which a PDF acts, and those that are safe to keep (ISO 32000-2)."""

from __future__ import annotations

ACTIVE_ACTIONS = frozenset(
    "/JavaScript /Launch /GoToR /GoToE /GoToDp /SubmitForm /ImportData /ResetForm /Rendition /Movie /Sound /Hide "
    "/RichMediaExecute /GoTo3DView /Trans /SetOCGState /SetState /NOP /Named /Thread".split()
)
"""Values of an action's /S that do more than show a page of this document or open a link (table 201)."""

DROPPED_KEYS = frozenset(
    "/AA /OpenAction /JS /JavaScript /Launch /AF /EF /RF /EmbeddedFiles /XFA /PieceInfo /Metadata /LastModified "
    "/RichMediaContent /RichMediaSettings /3DD /3DA /Renditions /AlternatePresentations /SpiderInfo /OPI /Ref "
    "/Perms /DSS /Collection /Requirements /Movie /Sound /SubmitForm /ImportData "
    "/Info /CreatorInfo /Author /Creator /Producer /CreationDate /ModDate "
    "/PTEX.InfoDict /PTEX.FileName /PTEX.PageNumber /PTEX.Fullbanner".split()
)
"""Keys whose values act, embed another file, or say who made the document; no page needs them to be shown."""

RESOURCE_TYPES = frozenset("/Font /XObject /ExtGState /Pattern /OCG /OCMD /Encoding /FontDescriptor".split())
"""The /Type of what a page draws with: such a value under one of `DROPPED_KEYS` is a resource that is called so."""

CATALOGUE_KEYS = frozenset(
    "/Type /Pages /PageLabels /Names /Dests /Outlines /PageMode /PageLayout /Lang /OCProperties "
    "/StructTreeRoot /MarkInfo /ViewerPreferences".split()
)
VIEWER_KEYS = frozenset("/Direction /DisplayDocTitle".split())
PAGE_KEYS = frozenset(
    "/Type /Parent /Kids /Count /Resources /MediaBox /CropBox /Rotate /UserUnit /Contents /Group /Annots "
    "/StructParents /Tabs".split()
)
"""What a page and the tree above it need to be shown (table 31), and reading order."""

OUTLINE_KEYS = frozenset("/Type /Title /Parent /Prev /Next /First /Last /Count /Dest /A /C /F".split())
LINK_KEYS = frozenset("/Type /Subtype /Rect /F /Border /BS /C /H /QuadPoints /StructParent /Contents /A /Dest".split())
MARKUP_KEYS = frozenset(
    "/Type /Subtype /Rect /F /Border /BS /BE /C /CA /ca /IC /QuadPoints /InkList /Vertices /L /LE /LL /LLE /LLO "
    "/RD /CL /DA /Q /StructParent".split()
)
MARKUPS = frozenset(
    "/Highlight /Underline /StrikeOut /Squiggly /Square /Circle /Line /Ink /Polygon /PolyLine /FreeText".split()
)
"""Annotations that a reader can draw from their own keys where they have no appearance."""

LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:", "sms:")
"""What a link may open: the web, mail, a call, a message."""
