"""The report: one page that shows what became of every item, without any network.

Whatever came with a file is a stranger's: the template escapes it, the script writes text and never markup, and the
page's own policy lets nothing run or load but what is in it and the media that it names.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path

from mmsprep.batch.ledger import Ledger
from mmsprep.batch.report import items, totals
from mmsprep.errors import Unavailable
from mmsprep.profile import Profile

HERE = Path(__file__).parent
BUFFERED = 64
"""Pieces of the template that are written at a time."""


def write(path: Path, manifest: Path, ledger: Ledger, profile: Profile) -> None:
    """Write the report of *manifest* to *path*, whole or not at all, with the thumbnails that the ledger keeps."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from mmsprep.show import size

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["size"] = size
    environment.policies["json.dumps_kwargs"] = {}  # a card's words are in the order in which they are read
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    found = totals.count(manifest)
    stream = environment.get_template("page.html.j2").stream(
        totals=found,
        profile=profile,
        items=items.read(manifest, ledger, path.absolute().parent),
        style=style,
        script=script,
        policy=_policy(style, script, found.origins),
    )
    stream.enable_buffering(BUFFERED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".mmsprep-", delete=False) as beside:
            try:
                # A name that is no text in any encoding shows as its bytes.
                stream.dump(beside, encoding="utf-8", errors="backslashreplace")
                beside.flush()
                os.fchmod(beside.fileno(), 0o644)
                os.replace(beside.name, path)  # noqa: PTH105
            finally:
                Path(beside.name).unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            "store", f"cannot write {path}: {error.strerror}; free space or fix its permissions"
        ) from error


def _policy(style: str, script: str, origins: set[str]) -> str:
    """Give the page's Content-Security-Policy (CSP level 3): no script, style, picture or request but its own."""
    media = " ".join(["file:", *sorted(origins)])
    return "; ".join(
        [
            "default-src 'none'",
            f"img-src data: {media}",
            f"media-src {media}",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
