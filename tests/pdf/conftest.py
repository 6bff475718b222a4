"""Documents that the tests make themselves, and the way they are sent through a stage."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image, ImageFilter

from mmsprep.detect.document import parse
from mmsprep.limits import Limits
from mmsprep.media import Facts, Media
from mmsprep.profile import load
from mmsprep.stage import Job, Stage

WORDS = "The quick brown fox jumps over the lazy dog and goes home."


def facts_of(path: Path, limits: Limits | None = None) -> Facts:
    return parse(path, "application/pdf", path.stat().st_size, limits or Limits())


def page(pdf: Pdf, content: bytes = b"", *, size: tuple[float, float] = (595, 842), **resources: Any) -> pikepdf.Page:
    """Add a page with a line of text and *content*."""
    pdf.add_blank_page(page_size=size)
    added = pdf.pages[-1]
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    added.obj.Resources = Dictionary(Font=Dictionary(F0=font), **resources)
    words = b"BT /F0 18 Tf 60 780 Td (%s) Tj ET\n" % WORDS.encode()
    added.obj.Contents = pdf.make_stream(words + content)
    return added


def document(pages: int = 1) -> Pdf:
    pdf = Pdf.new()
    for _ in range(pages):
        page(pdf)
    return pdf


def link(pdf: Pdf, target: str, *, kind: str = "URI") -> Dictionary:
    action = Dictionary(S=Name(f"/{kind}"), URI=String(target), F=String(target))
    return pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([60, 700, 300, 720]), A=action))


@cache
def photo(width: int, height: int, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Make something photo-like: soft shapes with grain."""
    grain = random.Random(seed)
    small = Image.frombytes(mode, (24, 24), grain.randbytes(24 * 24 * len(mode)))
    soft = small.resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (width, height), grain.randbytes(width * height)).filter(ImageFilter.BoxBlur(1))
    grained = Image.merge(mode, [noise] * len(mode)) if len(mode) > 1 else noise
    return Image.blend(soft, grained, 0.15)


def image(pdf: Pdf, pixels: Image.Image, *, jpeg: int | None = None, **extra: Any) -> Stream:
    """Make a picture's stream: plain samples, or JPEG of the quality *jpeg*."""
    spaces = {"L": Name.DeviceGray, "RGB": Name.DeviceRGB, "CMYK": Name.DeviceCMYK}
    entries = {"ColorSpace": spaces[pixels.mode], "BitsPerComponent": 8, **extra}
    made = pdf.make_stream(
        pixels.tobytes(), Type=Name.XObject, Subtype=Name.Image, Width=pixels.width, Height=pixels.height, **entries
    )
    if jpeg:
        buffer = BytesIO()
        pixels.save(buffer, "JPEG", quality=jpeg)
        made.write(buffer.getvalue(), filter=Name.DCTDecode)
    return made


def show(pdf: Pdf, picture: Stream, *, points: tuple[float, float] = (400, 300)) -> pikepdf.Page:
    """Add a page that shows *picture* at a size in points."""
    content = b"q %g 0 0 %g 60 300 cm /Im0 Do Q" % points
    return page(pdf, content, XObject=Dictionary(Im0=picture))


def saved(pdf: Pdf, path: Path, **options: Any) -> Path:
    pdf.save(path, **options)
    return path


@pytest.fixture
def make() -> SimpleNamespace:
    """The builders above."""
    return SimpleNamespace(
        document=document, page=page, link=link, photo=photo, image=image, show=show, saved=saved, facts=facts_of,
        words=WORDS,
    )  # fmt: skip


Run = Callable[..., tuple[list[Path], list[str]]]


@pytest.fixture
def send(tmp_path: Path) -> Run:
    """Send a PDF through a stage as the pipeline does; give the outputs and the warnings."""

    def run(
        source: Path | Pdf, stage: Stage, *, profile: str = "pantheon", max_bytes: int | None = None, **options: Any
    ) -> tuple[list[Path], list[str]]:
        path = source if isinstance(source, Path) else saved(source, tmp_path / "source.pdf")
        chosen = load(profile)
        workdir = tmp_path / "work"
        workdir.mkdir(exist_ok=True)
        job = Job(profile=replace(chosen, max_bytes=max_bytes or chosen.max_bytes), workdir=workdir, options=options)
        media = Media(path, "source", facts_of(path))
        assert stage.accepts(media, job.profile)
        return list(stage.run(media, job)), job.warnings

    return run
