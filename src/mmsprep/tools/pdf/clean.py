"""Make a PDF only what is seen: its pages, its ordinary links, its table of contents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf import embedded
from mmsprep.tools.pdf.names import (
    CATALOGUE_KEYS,
    LINK_KEYS,
    MARKUP_KEYS,
    MARKUPS,
    OUTLINE_KEYS,
    PAGE_KEYS,
    VIEWER_KEYS,
)
from mmsprep.tools.pdf.sweep import allowed_link, empty, keys, sweep

if TYPE_CHECKING:
    import pikepdf

_URI_KEYS = frozenset({"/Type", "/S", "/URI"})

MOST_ENTRIES = 100_000
"""Outline entries and tree nodes that are looked at; more are cut off."""


@dataclass(slots=True)
class Removed:
    """Count what a sender would want to know is gone."""

    links: int = 0
    attachments: int = 0
    comments: int = 0
    media: int = 0


def clean(pdf: pikepdf.Pdf) -> Removed:
    """Keep of the document what showing it needs, in place; its forms are flattened before.

    What is kept is named by allow-lists, from the catalogue down to each link; `sweep` then goes through
    every object for what hides elsewhere.
    """
    removed = Removed()
    _trim_trailer(pdf)
    numbers = frozenset(page.obj.objgen for page in pdf.pages)
    _trim_catalogue(pdf.Root, removed)
    _trim_tree(pdf)
    for page in pdf.pages:
        _trim_annotations(page.obj, numbers, removed)
    _trim_outlines(pdf.Root, numbers)
    sweep(pdf, numbers)
    embedded.strip(pdf)
    return removed


def drop_tags(pdf: pikepdf.Pdf) -> bool:
    """Drop the structure that a screen reader follows, and tell whether there was one."""
    if "/StructTreeRoot" not in pdf.Root:
        return False
    for holder, key in ((pdf.Root, "/StructTreeRoot"), (pdf.Root, "/MarkInfo")):
        _drop(holder, key)
    for page in pdf.pages:
        _drop(page.obj, "/StructParents")
        _drop(page.obj, "/Tabs")
        for each in page.obj.get("/Annots", ()):
            _drop(each, "/StructParent")
    return True


def _trim_trailer(pdf: pikepdf.Pdf) -> None:
    for key in keys(pdf.trailer):
        if key not in ("/Root", "/Size"):
            del pdf.trailer[key]


def _trim_catalogue(root: Any, removed: Removed) -> None:
    import pikepdf

    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        removed.attachments += _count_names(names.get("/EmbeddedFiles"))
        _keep(names, {"/Dests"})
    _keep(root, CATALOGUE_KEYS)
    viewer = root.get("/ViewerPreferences")
    if isinstance(viewer, pikepdf.Dictionary):
        _keep(viewer, VIEWER_KEYS)
    if str(root.get("/PageMode")) not in ("/UseOutlines", "/UseThumbs", "/UseNone"):
        _drop(root, "/PageMode")


def _trim_tree(pdf: pikepdf.Pdf) -> None:
    """Trim each page and the nodes above it."""
    seen: set[tuple[int, int]] = set()
    for page in pdf.pages:
        node: Any = page.obj
        while node is not None and node.objgen not in seen and len(seen) < MOST_ENTRIES:
            seen.add(node.objgen)
            _keep(node, PAGE_KEYS)
            node = node.get("/Parent")


def _trim_annotations(page: Any, pages: Collection[tuple[int, int]], removed: Removed) -> None:
    """Keep the links, and the marks that a reader draws itself; empty the others, which a tag may refer to."""
    import pikepdf

    annotations = page.get("/Annots")
    if annotations is None:
        return
    kept = []
    for each in annotations if isinstance(annotations, pikepdf.Array) else ():
        if not isinstance(each, pikepdf.Dictionary):
            continue
        if _trim_annotation(each, pages, removed):
            kept.append(each)
        else:
            empty(each)
    if kept:
        page.Annots = pikepdf.Array(kept)
    else:
        del page["/Annots"]


def _trim_annotation(annotation: Any, pages: Collection[tuple[int, int]], removed: Removed) -> bool:
    """Trim one annotation in place and tell whether it stays."""
    kind = str(annotation.get("/Subtype"))
    if kind == "/Link" and _is_ordinary(annotation):
        return True
    if kind == "/Link":
        _trim_action(annotation, pages)
        stays = _leads_somewhere(annotation, pages)
        removed.links += not stays
        _keep(annotation, LINK_KEYS)
        return stays
    if kind in MARKUPS and "/AP" not in annotation:
        _keep(annotation, MARKUP_KEYS | ({"/Contents"} if kind == "/FreeText" else set()))
        return True
    removed.attachments += kind == "/FileAttachment"
    removed.media += kind in ("/Movie", "/Sound", "/Screen", "/RichMedia", "/3D")
    removed.comments += kind == "/Text"
    return False


def _is_ordinary(link: Any) -> bool:
    """Tell whether a link has nothing to trim, as nearly all: there may be tens of thousands."""
    import pikepdf

    action = link.get("/A")
    return (
        isinstance(action, pikepdf.Dictionary)
        and action.keys() <= _URI_KEYS
        and action.get("/S") == "/URI"
        and link.keys() <= LINK_KEYS
        and allowed_link(action.get("/URI", ""))
    )


def _trim_action(holder: Any, pages: Collection[tuple[int, int]]) -> None:
    import pikepdf

    action = holder.get("/A")
    if isinstance(action, pikepdf.Dictionary):
        holder.A = _trimmed_action(action, pages)
    else:
        _drop(holder, "/A")


def _trimmed_action(action: Any, pages: Collection[tuple[int, int]]) -> pikepdf.Dictionary:
    """Rebuild a link's action, or give an empty one for what is not an ordinary link."""
    import pikepdf

    if action.get("/S") == "/URI":
        target = str(action.get("/URI", "")).strip()
        if target.lower().startswith("www."):
            target = f"http://{target}"
        if allowed_link(target):
            return pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(target))
    if action.get("/S") == "/GoTo" and _is_destination(action.get("/D"), pages):
        return pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=action.D)
    return pikepdf.Dictionary()


def _leads_somewhere(holder: Any, pages: Collection[tuple[int, int]]) -> bool:
    """Tell whether a link's or outline entry's action or destination is left; drop what is not."""
    action = holder.get("/A")
    if action is not None:
        if len(keys(action)):
            return True
        del holder["/A"]
    if _is_destination(holder.get("/Dest"), pages):
        return True
    _drop(holder, "/Dest")
    return False


def _is_destination(value: Any, pages: Collection[tuple[int, int]]) -> bool:
    """Tell whether this is a named destination or one on a page that is still there."""
    import pikepdf

    if isinstance(value, pikepdf.Name | pikepdf.String):
        return True
    if not isinstance(value, pikepdf.Array) or not len(value):
        return False
    page = value[0]
    return isinstance(page, pikepdf.Dictionary) and page.objgen in pages


def _trim_outlines(root: Any, pages: Collection[tuple[int, int]]) -> None:
    """Keep of each entry its title and where in the document it leads."""
    import pikepdf

    outlines = root.get("/Outlines")
    if not isinstance(outlines, pikepdf.Dictionary) or "/First" not in outlines:
        _drop(root, "/Outlines")
        if root.get("/PageMode") == "/UseOutlines":
            del root["/PageMode"]
        return
    _keep(outlines, OUTLINE_KEYS)
    seen: set[tuple[int, int]] = set()
    waiting = [outlines.get("/First")]
    while waiting:
        entry = waiting.pop()
        if not isinstance(entry, pikepdf.Dictionary) or not entry.is_indirect or entry.objgen in seen:
            continue
        seen.add(entry.objgen)
        if len(seen) > MOST_ENTRIES:
            del root["/Outlines"]
            return
        _keep(entry, OUTLINE_KEYS)
        _trim_action(entry, pages)
        _leads_somewhere(entry, pages)
        waiting += [entry.get("/Next"), entry.get("/First")]


def _count_names(tree: Any) -> int:
    import pikepdf

    if not isinstance(tree, pikepdf.Dictionary):
        return 0
    names = tree.get("/Names")
    return max(1, len(names) // 2) if isinstance(names, pikepdf.Array) else 1


def _keep(dictionary: Any, allowed: Collection[str]) -> None:
    for key in keys(dictionary):
        if key not in allowed:
            del dictionary[key]


def _drop(dictionary: Any, key: str) -> None:
    if key in dictionary:
        del dictionary[key]
