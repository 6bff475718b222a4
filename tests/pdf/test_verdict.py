"""What is no document, or would cost too much, is refused before anything decodes it."""

from __future__ import annotations

import random
import re
import time
import zlib
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.stages.pdf import STAGE


def refused(send, source, **options):
    before = time.process_time()
    with pytest.raises(Rejected) as raised:
        send(source, STAGE, **options)
    assert time.process_time() - before < 3
    return raised.value.reason


@cache
def zeros(millions: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(millions)) + packer.flush()


def bomb_in_content(make):
    pdf = make.document()
    content = pdf.make_stream(b"")
    content.write(zeros(150), filter=Name.FlateDecode)
    pdf.pages[0].obj.Contents = content
    return pdf


def bomb_of_bombs(make):
    pdf = make.document()
    content = pdf.make_stream(b"")
    content.write(zlib.compress(zeros(150)), filter=Array([Name.FlateDecode, Name.FlateDecode]))
    pdf.pages[0].obj.Contents = content
    return pdf


def giant_picture(make):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(4, 4))
    picture.Width, picture.Height = 60_000, 60_000
    make.show(pdf, picture)
    return pdf


def giant_page(make):
    pdf = make.document()
    pdf.pages[0].obj.MediaBox = Array([0, 0, 10**9, 10**9])
    return pdf


def a_billion_forms(make):
    pdf = make.document()
    inner = None
    for _ in range(9):
        resources = Dictionary(XObject=Dictionary(Fm=inner)) if inner is not None else Dictionary()
        body = b"/Fm Do " * 10 if inner is not None else b"0 0 1 1 re f"
        inner = pdf.make_stream(
            body, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]), Resources=resources
        )
    pdf.pages[0].obj.Resources.XObject = Dictionary(Fm=inner)
    pdf.pages[0].obj.Contents = pdf.make_stream(b"/Fm Do")
    return pdf


@pytest.mark.parametrize(
    "make_bomb",
    [bomb_in_content, pytest.param(bomb_of_bombs, marks=pytest.mark.slow), giant_picture, giant_page, a_billion_forms],
)
def test_a_bomb_costs_too_much_and_little(make_bomb, make, send):
    bomb = make_bomb(make)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of all tests before, unless it begins anew
    before = resident_peak_kb()
    assert refused(send, bomb) == "too-costly"
    # What naive code takes for the first: 811 MB.
    assert resident_peak_kb() - before < 300_000


def resident_peak_kb():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def test_a_form_that_draws_itself_ends(make, send):
    pdf = make.document()
    form = pdf.make_stream(
        b"/Fm Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]), Resources=Dictionary()
    )
    form.Resources.XObject = Dictionary(Fm=form)
    pdf.pages[0].obj.Resources.XObject = Dictionary(Fm=form)
    pdf.pages[0].obj.Contents = pdf.make_stream(b"/Fm Do")
    (out,), _ = send(pdf, STAGE)
    assert make.facts(out).pages == 1


def test_pages_are_counted_not_believed(make, send):
    pdf = make.document(2)
    pdf.Root.Pages.Count = 10**9
    (out,), _ = send(pdf, STAGE)
    assert make.facts(out).pages == 2


def test_too_many_pages_are_told(make, tmp_path):
    path = make.saved(make.document(4), tmp_path / "long.pdf")
    with pytest.raises(Rejected) as raised:
        make.facts(path, Limits(pages=3))
    assert raised.value.reason == "too-many-pages"
    assert "4 pages" in raised.value.message


def test_a_large_poster_is_still_a_document(make, send):
    pdf = make.document()
    pdf.pages[0].obj.MediaBox = Array([0, 0, 1800, 3600])
    pdf.pages[0].obj.UserUnit = 10
    (out,), _ = send(pdf, STAGE)
    assert make.facts(out).pages == 1


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Root 1 0 R>>\n",
        b"%PDF-" + bytes(range(256)) * 40,
    ],
    ids=["only a header", "no pages", "noise"],
)
def test_what_only_starts_like_a_pdf_is_damaged(data, make, tmp_path):
    path = tmp_path / "odd.pdf"
    path.write_bytes(data)
    with pytest.raises(Rejected) as raised:
        make.facts(path)
    assert raised.value.reason == "damaged"


def test_a_header_far_inside_is_no_pdf(make, tmp_path):
    path = make.saved(make.document(), tmp_path / "late.pdf")
    path.write_bytes(b"\n" * 2000 + path.read_bytes())
    with pytest.raises(Rejected) as raised:
        make.facts(path)
    assert raised.value.reason == "damaged"


def test_a_cut_off_document_is_repaired_or_damaged_but_never_an_odd_error(make, send, tmp_path):
    path = make.saved(make.document(3), tmp_path / "whole.pdf")
    data = path.read_bytes()
    for share in (0.3, 0.6, 0.9, 0.99):
        cut = tmp_path / "cut.pdf"
        cut.write_bytes(data[: int(len(data) * share)])
        try:
            (out,), _ = send(cut, STAGE)
        except Rejected as error:
            assert error.reason == "damaged"
        else:
            assert make.facts(out).metadata == ()


def test_a_document_whose_table_lies_is_read_all_the_same(make, send, tmp_path):
    path = make.saved(make.document(), tmp_path / "lies.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    at = path.read_bytes().rfind(b"startxref")
    path.write_bytes(path.read_bytes()[:at] + b"startxref\n7\n%%EOF\n")
    (out,), _ = send(path, STAGE)
    assert make.facts(out).pages == 1


def test_detection_names_what_a_document_carries(make, tmp_path):
    pdf = make.document(2)
    pdf.docinfo["/Author"] = "somebody"
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<x/>"), SigFlags=1)
    facts = detect(make.saved(pdf, tmp_path / "some.pdf"), Limits())
    assert facts.type == "application/pdf"
    assert facts.pages == 2
    assert {"author", "form", "xfa", "signature"} <= set(facts.metadata)


def a_bit_of_everything(make):
    """Make a document that every part of the stage has something to do with."""
    pdf = make.document(0)
    make.show(pdf, make.image(pdf, make.photo(300, 200), SMask=make.image(pdf, make.photo(300, 200, "L"))))
    page = make.page(pdf, b" /Fm Do")
    form = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Resources=Dictionary())
    page.obj.Resources.XObject = Dictionary(Fm=pdf.make_stream(b"0 0 1 1 re f", form))
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=b"a", V=b"b", Rect=Array([60, 400, 200, 430]), F=4,
        DA=b"/Helv 12 Tf 0 g",
    )  # fmt: skip
    page.obj.Annots = Array([make.link(pdf, "https://example.com"), pdf.make_indirect(field)])
    pdf.Root.AcroForm = Dictionary(Fields=Array([page.obj.Annots[1]]), DR=Dictionary(Font=Dictionary()))
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("One", 0))
    return pdf


@pytest.mark.parametrize("seed", range(4))
def test_broken_bytes_anywhere_are_repaired_or_refused(seed, make, send, tmp_path):
    some = random.Random(seed)
    plain = make.saved(
        a_bit_of_everything(make), tmp_path / "whole.pdf",
        object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False,
    ).read_bytes()  # fmt: skip
    # Structure, not pixels, is where parsers break.
    places = [at for at in range(len(plain)) if 32 <= plain[at] < 127]
    for _ in range(12):
        data = bytearray(plain)
        for _ in range(some.choice((1, 3, 20))):
            at = some.choice(places)
            data[at : at + some.choice((0, 1, 4))] = some.choice((b"", b"0", b"/", b"<<", b"]", b"-1", b"99999", b" R"))
        path = tmp_path / "broken.pdf"
        path.write_bytes(data)
        try:
            (out,), _ = send(path, STAGE, max_bytes=60_000)
        except Rejected as error:
            assert error.reason in ("damaged", "too-costly", "cannot-fit", "encrypted", "forbidden")
        else:
            assert make.facts(out).metadata == ()


def test_pages_on_which_two_readers_do_not_agree_are_refused(make, send, tmp_path):
    source = make.saved(make.document(2), tmp_path / "source.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    kids = re.search(rb"/Kids \[ (\d+ 0 R) (\d+ 0 R) \]", source.read_bytes())
    lied = source.read_bytes().replace(kids[2] + b" ]", b"null".ljust(len(kids[2])) + b" ]", 1)
    source.write_bytes(lied)
    with pytest.raises(Rejected) as raised:
        send(source, STAGE)
    assert raised.value.reason == "damaged"
    assert "1 page to one reader and 2 to another" in raised.value.message


def test_a_document_without_pages_is_told_to_be_empty(make, tmp_path):
    with pytest.raises(Rejected) as raised:
        make.facts(make.saved(pikepdf.Pdf.new(), tmp_path / "empty.pdf"))
    assert raised.value.reason == "damaged"
    assert "without pages" in raised.value.message
