"""A folder to be prepared; a ledger and a manifest as a batch leaves them, made without preparing anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.batch.running import picture

from mmsprep.batch.ledger import Ledger
from mmsprep.batch.report import write
from mmsprep.profile import load
from mmsprep.receive import Preview


@cache
def thumbnail(colour: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (360, 240), colour).save(buffer, "WEBP")
    return buffer.getvalue()


@dataclass
class Campaign:
    """Results that are to be shown."""

    folder: Path
    ledger: Ledger
    lines: list[str] = field(default_factory=list)

    def ready(self, name: str, mime: str = "image/jpeg", **more: Any) -> None:
        """Add what is ready, with thumbnails of its source (red) and of itself (blue)."""
        previews = more.pop("previews", None)
        key = f"key {len(self.lines)}"
        if previews is None and mime.startswith("image/"):
            previews = [Preview(0, thumbnail("red")), Preview(1, thumbnail("blue"))]
        self.ledger.record(key, {"outputs": [{}]}, previews=previews or ())
        media = {"url": (self.folder / "out" / name).as_uri(), "path": None, "name": name, "sha256": "0" * 64}
        media |= {"type": mime, "bytes": 1_000 + len(self.lines), "width": 300, "height": 200}
        told = {"schema": 1, "source": f"in/{name}", "status": "ready", "media": [media], "text": []}
        told |= {"original": {"type": mime, "bytes": 5_000}, "steps": ["image"], "warnings": [], "seconds": 0.5}
        self.lines.append(json.dumps(told | {"again": False, "keys": [key]} | more))

    def refused(self, name: str, reason: str = "unknown-type", fact: str = "a Word document; send it as PDF") -> None:
        """Add what is rejected."""
        told = {"schema": 1, "source": f"in/{name}", "status": "rejected", "code": "MMS_002", "reason": reason}
        self.lines.append(json.dumps(told | {"message": f"{name}: {fact}", "again": False, "keys": []}))

    def report(self) -> Path:
        """Write the manifest and the report."""
        manifest = self.folder / "results.jsonl"
        manifest.write_text("".join(f"{line}\n" for line in self.lines))
        write(self.folder / "report.html", manifest, self.ledger, load())
        return self.folder / "report.html"


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield Campaign(tmp_path, ledger)


@pytest.fixture
def folder(tmp_path: Path, fixtures: Path) -> Path:
    """Two different pictures, one of them twice, a document that cannot be sent, a link."""
    picture(tmp_path / "in/a.png")
    picture(tmp_path / "in/sub/b.png", 90)
    shutil.copy(tmp_path / "in/a.png", tmp_path / "in/sub/again.png")
    shutil.copy(fixtures / "report.docx", tmp_path / "in/sub/deep.docx")
    (tmp_path / "in/link.png").symlink_to("a.png")
    return tmp_path
