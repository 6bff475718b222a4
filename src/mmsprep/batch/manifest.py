"""The manifest: results as JSON lines and as a table, whole line by whole line as items end."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from mmsprep.batch.outcome import Outcome
from mmsprep.errors import Unavailable

LINES, TABLE, REQUESTS = "results.jsonl", "results.csv", "requests.jsonl"
COLUMNS = (
    *("source", "row", "to", "status", "code", "reason", "url", "name", "type", "bytes", "width", "height"),
    *("seconds", "caption", "text", "warnings", "message", "sha256", "source_type", "source_bytes"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


class Manifest:
    """Write the manifest into *folder*: a killed process leaves what ended before, each line whole.

    With *requests* also one line per row that can be sent, in a provider's words.
    """

    def __init__(self, folder: Path, *, requests: bool = False) -> None:
        self.folder = folder
        names = (LINES, TABLE, *((REQUESTS,) if requests else ()))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = {name: _Lines(folder / name) for name in names}
        except OSError as error:
            raise Unavailable(
                "store", f"cannot write to {folder}: {error.strerror}; free space or fix its permissions"
            ) from error
        self._files[TABLE].write(_table_line(COLUMNS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, outcome: Outcome) -> dict[str, Any]:
        """Write down one outcome; gives its JSON."""
        told = outcome.as_dict()
        self._files[LINES].write(json.dumps(told) + "\n")
        self._files[TABLE].write("".join(_table_line(line) for line in _table(told)))
        if outcome.request is not None:
            self._files[REQUESTS].write(json.dumps(outcome.request) + "\n")
        return told


class _Lines:
    """A file that grows by whole lines: what cannot be written whole, as on a full disk, is taken back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._end = 0

    def write(self, lines: str) -> None:
        data = lines.encode("utf-8", "backslashreplace")
        try:
            # One call for all of it: what a killed process had handed over arrives.
            written = os.write(self._file, data)
            if written < len(data):
                raise OSError(28, os.strerror(28))
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise Unavailable("store", f"cannot write {self.path}: {error.strerror}; free space") from error
        self._end += written

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the results of a manifest, one at a time; a line that is not whole ends it."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            yield json.loads(line)


def _table(told: Mapping[str, Any]) -> Iterator[list[object]]:
    """Give a line for each of the media, or the one that says why there is none."""
    shared = {
        **{key: told.get(key) for key in ("source", "row", "to", "status", "code", "reason")},
        "warnings": " | ".join(told.get("warnings", ())),
        "message": told.get("message"),
        "text": told.get("message_text") or "\n".join(told.get("text", ())),
        "source_type": told.get("original", {}).get("type"),
        "source_bytes": told.get("original", {}).get("bytes"),
    }
    captions = told.get("captions", ())
    for index, media in enumerate(told.get("media", ()) or ({},)):
        caption = captions[index] if index < len(captions) else None
        line = shared | {key: media[key] for key in media if key in COLUMNS} | {"caption": caption}
        yield [_harmless(key, line.get(key)) for key in COLUMNS]


def _harmless(column: str, value: object) -> object:
    """Put an apostrophe before what a spreadsheet would run: names are strangers'. Phone numbers stay as they are."""
    if column != "to" and isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _table_line(values: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)  # type: ignore[arg-type]
    return buffer.getvalue()
