"""Cards that the tests write."""

from __future__ import annotations

from mmsprep.contact import Contact


def read(*lines: str | bytes, version: str = "3.0") -> Contact:
    """Read one card of *lines*."""
    body = [line.encode() if isinstance(line, str) else line for line in lines]
    data = b"\r\n".join([b"BEGIN:VCARD", f"VERSION:{version}".encode(), *body, b"END:VCARD", b""])
    (contact,) = Contact.from_vcf(data)
    return contact
