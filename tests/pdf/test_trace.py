"""A drawing that is too heavy becomes a picture of itself, and its words are still words."""

from __future__ import annotations

import random
from functools import cache

import pytest
from pikepdf import Array, Dictionary, Name

from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import draw, verify

LIMIT = 250_000


@cache
def scribble(count: int = 16_000) -> bytes:
    """Draw many short strokes, as a map does."""
    some = random.Random(5)
    strokes = []
    for _ in range(count):
        left, bottom = some.uniform(100, 300), some.uniform(150, 300)
        there = (left + some.uniform(-4, 4), bottom + some.uniform(-4, 4))
        colour = tuple(some.random() for _ in range(3))
        strokes.append(b"q %.5f %.5f %.5f RG %.5f %.5f m %.5f %.5f l S Q" % (*colour, left, bottom, *there))
    return b"\n".join(strokes)


def text(path):
    with draw.opened(path) as document:
        return [" ".join(draw.text(document, index).split()) for index in range(len(document))]


def look(path, index=0):
    with draw.opened(path) as document:
        return draw.render(document, index, verify.SIDE)


@pytest.mark.parametrize("rotation", [90, *(pytest.param(each, marks=pytest.mark.slow) for each in (0, 180, 270))])
def test_a_heavy_drawing_fits_looks_the_same_and_keeps_its_words(rotation, make, send, tmp_path):
    pdf = make.document(1)
    page = make.page(pdf, b"\nq 1.2 w " + scribble() + b" Q\nBT /F0 12 Tf 60 60 Td (after it) Tj ET")
    page.obj.Rotate = rotation
    page.obj.CropBox = Array([20, 30, 560, 820])
    source = make.saved(pdf, tmp_path / "map.pdf")
    assert source.stat().st_size > LIMIT
    (out,), warnings = send(source, STAGE, max_bytes=LIMIT)
    assert out.stat().st_size < LIMIT
    assert text(out)[0] == make.words
    assert sorted(text(out)[1].split()) == sorted(f"{make.words} after it".split())
    for index in (0, 1):
        assert verify.looks_alike(look(source, index), look(out, index))
    assert ["a page is now a picture" in each for each in warnings] == [True]


def test_words_in_a_form_are_kept_too(make, send, tmp_path):
    pdf = make.document(0)
    words = b"BT /F0 20 Tf 60 100 Td (inside a form) Tj ET "
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Courier)
    form = pdf.make_stream(
        words + scribble(), Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]),
        Resources=Dictionary(Font=Dictionary(F0=pdf.make_indirect(font))),
    )  # fmt: skip
    make.page(pdf, b" q /Fm Do Q", XObject=Dictionary(Fm=form))
    source = make.saved(pdf, tmp_path / "map.pdf")
    (out,), _ = send(source, STAGE, max_bytes=LIMIT)
    assert text(out) == [f"{make.words} inside a form"]
    assert verify.looks_alike(look(source), look(out))


def test_links_on_such_a_page_stay(make, send):
    pdf = make.document(0)
    page = make.page(pdf, scribble())
    page.obj.Annots = Array([make.link(pdf, "https://example.com")])
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    import pikepdf

    with pikepdf.open(out) as made:
        assert [str(each.A.URI) for each in made.pages[0].obj.Annots] == ["https://example.com"]


def test_forms_that_share_their_resources_end(make, send):
    pdf = make.document(0)
    shared = pdf.make_indirect(Dictionary())
    shared.XObject = Dictionary()
    for number in range(40):
        shared.XObject[f"/F{number}"] = pdf.make_stream(
            b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]), Resources=shared
        )
    page = make.page(pdf, scribble() + b" /F1 Do")
    page.obj.Resources.XObject = shared.XObject
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    assert out.stat().st_size < LIMIT
