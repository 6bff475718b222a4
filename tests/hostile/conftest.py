"""What attacks are tried on: one pipeline, isolated as in earnest, and what is seen from outside."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mmsprep import Pipeline, Profile
from mmsprep.errors import PrepError
from mmsprep.prepared import Prepared
from mmsprep.settings import Settings

Try = Callable[[Path], Prepared | PrepError]


@dataclass(frozen=True)
class Tried:
    """What became of one file, and what that took."""

    result: Prepared | PrepError
    memory_bytes: int
    cpu_seconds: float


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    base = Settings.load()
    everything = replace(base.named_profile("twilio"), name="all", max_bytes=1_500_000)
    with Pipeline(Profile.from_dict(everything.as_dict())) as pipeline:
        yield pipeline


@pytest.fixture
def attempt(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> Callable[[Path], Tried]:
    """Prepare one file and tell what became of it, and what the log says that it took."""

    def attempt(path: Path) -> Tried:
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="mmsprep.items"):
            try:
                result: Prepared | PrepError = pipeline.prepare(path)
            except PrepError as error:
                result = error
        lines = [json.loads(record.message) for record in caplog.records if record.name == "mmsprep.items"]
        return Tried(
            result,
            max((line["memory_bytes"] for line in lines), default=0),
            max((line["cpu_seconds"] for line in lines), default=0.0),
        )

    return attempt


def all_bytes(path: Path) -> bytes:
    """Give a file's bytes, and of a PDF also what its streams hold when unpacked."""
    data = path.read_bytes()
    if data[:5] != b"%PDF-":
        return data
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(path) as pdf:
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        )
    return data + out.getvalue()
