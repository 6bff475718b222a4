"""Read a manifest for the report's rows, what needs a look first, each with its thumbnails."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mmsprep.batch import manifest
from mmsprep.batch.ledger import Ledger
from mmsprep.batch.report.totals import fact_of, kind_of
from mmsprep.show import escaped, size

GROUPS = ("failed", "warned", "fine")
RANKS = {"rejected": 0, "unavailable": 1, "warning": 2, "ready": 3}


def read(path: Path, ledger: Ledger, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of the page that is to lie in *folder*: failures, then warnings, then the rest.

    The manifest is read once for each, so that memory stays flat.
    """
    number = 0
    for group in GROUPS:
        for told in manifest.read(path):
            if _group(told) == group:
                number += 1
                yield _row(number, told, ledger, folder)


def _group(told: Mapping[str, Any]) -> str:
    if told["status"] != "ready":
        return "failed"
    return "warned" if told["warnings"] else "fine"


def _row(number: int, told: dict[str, Any], ledger: Ledger, folder: Path) -> dict[str, Any]:
    """Give one row: what the table shows and sorts by, and in ``detail`` what the phone shows."""
    ready = told["status"] == "ready"
    status = "warning" if ready and told["warnings"] else told["status"]
    source = escaped(told["source"])
    name = source.rpartition("/")[2] or source
    media = [_media(each, folder) for each in told.get("media", ())]
    parts = _previews(told.get("keys", ()), ledger)
    for shown, seen in zip(media, parts["outputs"], strict=False):
        shown.update(seen)
    before = told["original"]["bytes"] if ready else 0
    fact, _, remedy = ("", "", "") if ready else fact_of(told).rpartition("; ")
    said = "; ".join(map(escaped, told["warnings"])) if ready else remedy
    return {
        "number": number,
        "name": name,
        "folder": source.removesuffix(name).rstrip("/"),
        "status": status,
        "rank": RANKS[status],
        "kind": kind_of(told),
        "was": _short(told["original"]["type"]) if ready else "",
        "before": before,
        "after": sum(each["bytes"] for each in media),
        "seconds": told.get("seconds", 0),
        "said": said,
        "find": " ".join([source, told.get("reason", ""), *(each["name"] for each in media)]),
        "detail": {
            "name": name,
            "source": source,
            "status": status,
            "code": told.get("code"),
            "reason": told.get("reason"),
            "fact": fact,
            "remedy": remedy,
            "warnings": [escaped(each) for each in told.get("warnings", ())],
            "before": {"picture": parts["source"], "bytes": size(before), "type": told["original"]["type"]}
            if ready
            else None,
            "media": media,
            "captions": [escaped(each) for each in told.get("captions", ())],
            "text": _lines(told.get("message_text") or "\n".join(told.get("text", ()))),
            "to": escaped(told.get("to") or ""),
            "steps": told.get("steps", []),
            "seconds": told.get("seconds"),
            "again": bool(told.get("again")),
        },
    }


def _media(media: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    facts = [_short(media["type"])]
    if "width" in media:
        facts.append(f"{media['width']} × {media['height']}")
    if media.get("seconds"):
        facts.append(f"{media['seconds']:.1f} s")
    if media.get("pages"):
        facts.append(f"{media['pages']} page{'s' if media['pages'] > 1 else ''}")
    return {
        "name": escaped(media["name"]),
        "type": media["type"],
        "bytes": media["bytes"],
        "facts": ", ".join([*facts, size(media["bytes"])]),
        "frames": media.get("frames"),
        "link": _link(media["url"], folder),
        "width": media.get("width"),
        "height": media.get("height"),
        "picture": None,
        "words": {},
    }


def _previews(keys: list[str], ledger: Ledger) -> dict[str, Any]:
    """Give the source's thumbnail and what shows each output, in the order in which they are sent."""
    source, outputs = None, list[dict[str, Any]]()
    for key in keys:
        made = ledger.made(key) or {}
        shown = {preview.part: preview for preview in ledger.previews(key)}
        if len(keys) == 1 and 0 in shown:
            source = _data(shown[0].picture)
        for part in range(1, len(made.get("outputs", ())) + 1):
            seen = shown.get(part)
            words = {escaped(key): escaped(value) for key, value in seen.words.items()} if seen else {}
            outputs.append({"picture": _data(seen.picture) if seen else None, "words": words})
    return {"source": source, "outputs": outputs}


def _data(picture: bytes | None) -> str | None:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}" if picture else None


def _link(url: str | None, folder: Path) -> str | None:
    """Give a link to a result: by a relative path where it is a file, so that page and folder may move together."""
    if url is None or not url.startswith("file://"):
        return url if url and url.startswith(("https://", "http://")) else None
    path = unquote(urlsplit(url).path, errors="surrogateescape")
    relative = os.path.relpath(path, folder)
    # "./", for a name with a colon would be a scheme.
    return quote(os.fsencode(relative if relative.startswith("../") else f"./{relative}"), safe="/")


def _lines(text: str) -> list[str]:
    return [escaped(line) for line in text.splitlines() if line]


def _short(mime: str) -> str:
    names = {"text/x-vcard": "Contact", "application/geo+json": "Place", "multipart/mixed": "Several"}
    names |= {"application/vcard+json": "Contact", "text/calendar": "Calendar", "video/quicktime": "MOV"}
    return names.get(mime) or mime.partition("/")[2].removeprefix("x-").upper()
