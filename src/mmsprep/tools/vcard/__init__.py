"""Contact cards: built from a contact's fields alone, so that nothing of a source's spelling gets out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmsprep.contact import Contact
from mmsprep.tools.vcard import v21, v30
from mmsprep.tools.vcard.lines import Line, lines_of
from mmsprep.tools.vcard.verify import verify

__all__ = ["PHOTO_SHARE", "build"]

PHOTO_SHARE = 0.7
"""What a photo's bytes are of its lines: base64 makes three bytes four letters, folding 74 letters 77."""


def build(contact: Contact, photo: bytes | None, version: str) -> bytes:
    """Write *contact*, as `lines.as_sent` completed it, with a *photo* that is ready, and read it again.

    Raises Rejected ``damaged`` when what is read again is not what was meant.
    """
    lines: Sequence[Line] = list(lines_of(contact))
    if photo:
        lines = [*lines, Line("PHOTO", photo, ("JPEG",))]
    data = v21.write(lines) if version == "2.1" else v30.write(lines)
    verify(data, replace(contact, photo=photo), lines, version)
    return data
