"""Whoever sends too much is told how much it is, how much may be sent, and what to do."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path

import pytest
from PIL import Image

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits

TINY = Limits(picture_bytes=40, document_bytes=40, media_bytes=40, card_bytes=40)
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Example\r\nN:Example;Ann;;;\r\nEND:VCARD\r\n"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b\r\nEND:VCALENDAR\r\n"
PLACE = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"name": "x" * 64_000}}


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(400))


MADE = {
    "picture": lambda path: Image.new("RGB", (20, 20)).save(path, "PNG"),
    "document": lambda path: path.write_bytes(b"%PDF-1.4\n" + b"% not much else\n" * 9),
    "recording": sound,
    "card": lambda path: path.write_bytes(CARD),
    "contact": lambda path: path.write_text(json.dumps({"kind": "contact", "name": "Ann", "note": "x" * 50})),
    "calendar": lambda path: path.write_bytes(CALENDAR),
    "place": lambda path: path.write_text(json.dumps(PLACE)),
}


@pytest.mark.parametrize("kind", MADE)
def test_more_bytes_than_a_kind_may_have_are_told_with_the_remedy(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "source"
    MADE[kind](path)
    with pytest.raises(Rejected, match="too-many-bytes") as caught:
        detect(path, TINY)
    assert re.fullmatch(r"[\d,]+ bytes; .* may have [\d,]+.*: (send|use|shorten) .+", caught.value.message)
