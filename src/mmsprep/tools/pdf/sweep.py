"""Remove from every object of a document what acts, embeds another file or tells who made it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from mmsprep.tools.pdf.names import ACTIVE_ACTIONS, DROPPED_KEYS, LINK_SCHEMES, RESOURCE_TYPES

if TYPE_CHECKING:
    import pikepdf

NESTING = 60
"""Direct containers inside one another; no writer comes near, and what lies deeper is emptied."""

# qpdf writes names without needless #xx escapes, so that one look at an object's text finds what to examine.
_SUSPECT = re.compile(
    rb"/(?:%s)(?![A-Za-z0-9])|/URI[ (<]|/F [(<]|/FFilter|/Filespec|/EmbeddedFile|/Type /(?:Page|Template)(?![A-Za-z])"
    % b"|".join(re.escape(name[1:].encode()) for name in sorted(ACTIVE_ACTIONS | DROPPED_KEYS))
)


_ORDINARY_LINK = re.compile(
    rb"/S /URI (?:/Type /Action )?/URI \((?:https?://|mailto:|tel:|sms:)[^()\\\x00-\x1f\x7f-\xff]{0,4000}\)"
)
"""By far the most frequent action, so it is told apart without a look at its object."""


def sweep(pdf: pikepdf.Pdf, pages: Collection[tuple[int, int]]) -> None:
    """Prune every object in place; *pages* are the pages' object numbers.

    All objects are visited, not only those that a walk from the catalogue reaches: an action or a page that
    was taken out of the tree is still written as long as anything refers to it.
    """
    for each in _suspects(pdf):
        _prune_object(each, pages)


def allowed_link(target: object) -> bool:
    """Tell whether a URI action's target is an ordinary web, mail or phone link."""
    text = str(target).strip()
    return text.lower().startswith(LINK_SCHEMES) and text.isprintable() and len(text) < 4096


def empty(container: pikepdf.Object) -> None:
    """Take everything out of a dictionary, stream or array that others may still refer to."""
    import pikepdf

    if isinstance(container, pikepdf.Array):
        while len(container):
            del container[len(container) - 1]
        return
    if isinstance(container, pikepdf.Stream):
        container.write(b"")
    for key in keys(container):
        if key != "/Length":
            del container[key]


def keys(container: pikepdf.Object) -> list[str]:
    """List a dictionary's or stream's keys: a copy, so that it may be changed while they are gone through."""
    return list(container.keys())


def text_of(each: Any) -> bytes:
    """Give an object as a file would spell it, a stream without its data; nothing for what refers to nothing."""
    import pikepdf

    if isinstance(each, pikepdf.Stream):
        return each.stream_dict.unparse()
    if isinstance(each, pikepdf.Dictionary | pikepdf.Array):
        return each.unparse(resolved=True)
    return b""


def _suspects(pdf: pikepdf.Pdf) -> Iterator[Any]:
    for each in list(pdf.objects):
        text = text_of(each)
        if _SUSPECT.search(_ORDINARY_LINK.sub(b"", text) if b"/URI" in text else text):
            yield each


def _prune_object(each: Any, pages: Collection[tuple[int, int]]) -> None:
    import pikepdf

    if not isinstance(each, pikepdf.Array) and _must_go(each, pages):
        empty(each)
        return
    if isinstance(each, pikepdf.Stream):
        # A stream whose data lies in another file (ISO 32000-1, 7.3.8.2).
        for key in ("/F", "/FFilter", "/FDecodeParms"):
            if key in each:
                del each[key]
    _prune(each, 0)


def _must_go(each: Any, pages: Collection[tuple[int, int]]) -> bool:
    """Tell whether an object is a page that was taken out of the tree, an action or an embedded file."""
    kind = each.get("/Type")
    if kind in ("/Page", "/Template"):
        return each.objgen not in pages
    return _acts(each) or kind in ("/Filespec", "/EmbeddedFile") or "/EF" in each


def _prune(container: Any, depth: int) -> None:
    """Prune the direct contents of *container*; what it refers to is an object of its own."""
    import pikepdf

    if depth > NESTING:
        empty(container)
        return
    if isinstance(container, pikepdf.Array):
        for index in range(len(container)):
            _prune_value(container[index], depth)
        return
    for key in keys(container):
        value = container[key]
        if key in DROPPED_KEYS and not _is_resource(value):
            del container[key]
        else:
            _prune_value(value, depth)


def _prune_value(value: Any, depth: int) -> None:
    import pikepdf

    if not isinstance(value, pikepdf.Array | pikepdf.Dictionary) or value.is_indirect:
        return
    if isinstance(value, pikepdf.Dictionary) and (_acts(value) or "/EF" in value):
        empty(value)
    else:
        _prune(value, depth + 1)


def _acts(dictionary: Any) -> bool:
    """Tell whether this is an action other than going to a page or opening an ordinary link."""
    kind = dictionary.get("/S")
    # In a structure element /S is the role of a piece of text, and a role may be called anything.
    if kind is None or dictionary.get("/Type") == "/StructElem":
        return False
    if kind == "/URI":
        return not allowed_link(dictionary.get("/URI", ""))
    return str(kind) in ACTIVE_ACTIONS


def _is_resource(value: Any) -> bool:
    import pikepdf

    if isinstance(value, pikepdf.Stream):
        return value.get("/Subtype") in ("/Image", "/Form")
    if isinstance(value, pikepdf.Dictionary):
        return str(value.get("/Type")) in RESOURCE_TYPES or "/PatternType" in value
    # A colour space under an arbitrary name.
    return isinstance(value, pikepdf.Array) and len(value) > 1 and isinstance(value[0], pikepdf.Name)
