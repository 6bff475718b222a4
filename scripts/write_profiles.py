"""Write the table of docs/profiles.md from the built-in profiles; run it after one of them has changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmsprep.profile import profiles

PAGE = Path(__file__).resolve().parents[1] / "docs" / "profiles.md"
BEGIN, END = "<!-- the table, from profiles.toml -->", "<!-- end of the table -->"
TYPES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "video/3gpp": "3GP",
    "audio/mp4": "M4A",
    "audio/mpeg": "MP3",
    "audio/amr": "AMR",
    "application/pdf": "PDF",
    "text/x-vcard": "vCard",
    "text/calendar": "calendar",
}


def table() -> Iterator[str]:
    """Draw the profiles, then where each figure was read."""
    yield "| profile | message | file | files | pixels | types | text | confidence |"
    yield "|---|--:|--:|--:|---|---|--:|---|"
    for row in profiles().values():
        kinds = "; ".join(f"{kind} {_grouped(size)}" for kind, size in row.kind_bytes)
        box = "×".join(str(side) for side in (row.max_side, row.max_short_side) if side)
        pixels = f"≤ {box}" if row.max_short_side else f"≤ {box} a side" if box else "–"
        known = ", ".join(word for type_, word in TYPES.items() if type_ in row.types)
        file = _grouped(row.max_bytes) + (f" ({kinds})" if kinds else "")
        yield (
            f"| `{row.name}` | {_grouped(row.total_bytes)} | {file} | {row.max_files} | {pixels} | {known} "
            f"| {_grouped(row.max_text_chars)} | {row.confidence} |"
        )
    yield "\n### Sources and notes\n"
    for row in profiles().values():
        pages = ", ".join(f"<{page}>" if page.startswith("https:") else page for page in row.source)
        yield f"- `{row.name}`: {row.note} {pages}".replace(":  ", ": ")


def written(page: str) -> str:
    """Give the page with its table as it should be."""
    parts = f"{BEGIN}\n\n" + "\n".join(table()) + f"\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: parts, page, flags=re.DOTALL)


def _grouped(count: int | None) -> str:
    return "–" if count is None else f"{count:,}".replace(",", " ")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
