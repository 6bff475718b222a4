"""Many small uploads of all kinds, good and bad, each different from the others."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image

from mmsprep.worker import BucketSource, ContactSource, Job, PlaceSource


def picture(seed: int, kind: str) -> bytes:
    """Draw a small picture that no other seed gives."""
    chance = random.Random(seed)
    drawn = Image.frombytes("RGB", (48, 36), chance.randbytes(48 * 36 * 3)).resize((96, 72))
    file = io.BytesIO()
    drawn.save(file, kind)
    return file.getvalue()


def mixed(count: int, fixtures: Path) -> list[tuple[Job, bytes | None]]:
    """Make *count* jobs, each with what is to be uploaded for it if it names an object."""
    report = (fixtures / "report.docx").read_bytes()
    made: list[tuple[Job, bytes | None]] = []
    for index in range(count):
        name = f"mixed-{index:04}"
        kind = index % 10
        content: bytes | None = None
        source: BucketSource | ContactSource | PlaceSource
        if kind < 5:
            content, suffix = picture(index, "JPEG"), "jpg"
        elif kind == 5:
            content, suffix = picture(index, "PNG"), "png"
        elif kind == 6:
            content, suffix = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane %d\r\nEND:VCARD\r\n" % index, "vcf"
        elif kind == 7:
            content, suffix = report + bytes([index % 256]), "docx"
        elif kind == 8:
            content, suffix = picture(index, "JPEG")[: 200 + index], "jpg"
        else:
            suffix = ""
        source = (
            BucketSource(bucket="uploads", key=f"in/{name}.{suffix}")
            if suffix
            else ContactSource(contact={"given_name": "Jane", "family_name": str(index)})
        )
        made.append((Job(id=name, sources=(source,), correlation={"n": str(index)}), content))
    return made
