"""A form that leaves shows what was written into it, and nothing behind it."""

from __future__ import annotations

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageChops

from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import draw, forms

LONG = "These words are many more than one line of this field can hold, so they have to go on in the next."


def look(pdf, content: bytes = b"1 0 0 rg 0 0 200 30 re f"):
    return pdf.make_stream(
        content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 200, 30]), Resources=Dictionary()
    )


def with_fields(make, *fields, **of_the_form):
    """Make a form whose fields lie below one another."""
    pdf = make.document()
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    made = []
    for number, entries in enumerate(fields):
        top = 700 - 80 * number
        given = {
            "FT": Name.Tx, "T": String(f"f{number}"), "F": 4, "Rect": Array([60, top - 60, 400, top]),
            "DA": String("/Helv 12 Tf 0 g"), **entries,
        }  # fmt: skip
        made.append(pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Widget, **given)))
    pdf.pages[0].obj.Annots = Array(made)
    pdf.Root.AcroForm = Dictionary(
        Fields=Array(made), DR=Dictionary(Font=Dictionary(Helv=pdf.make_indirect(helvetica))), **of_the_form
    )
    return pdf


def text(path):
    with draw.opened(path) as document:
        return " ".join(draw.text(document, 0).split())


def region(path, number=0):
    """Give the part of the page where a field lies."""
    with draw.opened(path) as document:
        page = draw.render(document, 0, 842)
    top = 842 - (700 - 80 * number)
    return page.crop((60, top, 400, top + 60))


def is_blank(picture):
    return picture.convert("L").getextrema() == (255, 255)


def test_a_field_with_an_appearance_looks_as_before_and_is_no_field(make, send):
    pdf = with_fields(make, {"V": String("old")})
    pdf.pages[0].obj.Annots[0].AP = Dictionary(N=look(pdf))
    (out,), warnings = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert "/AcroForm" not in made.Root
        assert "/Annots" not in made.pages[0].obj
    assert region(out).getpixel((30, 30)) == (255, 0, 0)
    assert any("no longer be filled" in each for each in warnings)


@pytest.mark.parametrize("value", ["plain words", "Größe: 5 €", "naïve café"])
def test_what_was_written_without_an_appearance_is_drawn(value, make, send):
    (out,), _ = send(with_fields(make, {"V": String(value)}), STAGE)
    assert value in text(out)
    assert not is_blank(region(out))


def test_many_lines_and_an_alignment_are_kept(make, send):
    (out,), _ = send(with_fields(make, {"V": String(LONG), "Ff": 1 << 12}, {"V": String("right"), "Q": 2}), STAGE)
    assert LONG in text(out)
    right = region(out, 1)
    assert is_blank(right.crop((0, 0, 170, 60)))
    assert not is_blank(right.crop((170, 0, 340, 60)))


def test_an_old_appearance_that_is_declared_so_is_drawn_anew(make, send):
    pdf = with_fields(make, {"V": String("new words")}, NeedAppearances=True)
    pdf.pages[0].obj.Annots[0].AP = Dictionary(N=look(pdf))
    (out,), _ = send(pdf, STAGE)
    assert "new words" in text(out)
    assert region(out).getpixel((30, 45)) != (255, 0, 0)


def test_a_ticked_box_stays_ticked_and_an_empty_one_empty(make, send):
    pdf = with_fields(make, {}, {})
    for widget, state in zip(pdf.pages[0].obj.Annots, ("/Yes", "/Off"), strict=True):
        widget.FT = Name.Btn
        widget.V = widget.AS = Name(state)
        widget.AP = Dictionary(N=Dictionary(Yes=look(pdf), Off=look(pdf, b"")))
    (out,), _ = send(pdf, STAGE)
    assert not is_blank(region(out, 0))
    assert is_blank(region(out, 1))


def test_a_hidden_field_stays_hidden(make, send):
    pdf = with_fields(make, {"V": String("secret"), "F": 2})
    pdf.pages[0].obj.Annots[0].AP = Dictionary(N=look(pdf))
    (out,), _ = send(pdf, STAGE)
    assert is_blank(region(out))
    with pikepdf.open(out) as made:
        assert not any(b"secret" in each.unparse(resolved=True) for each in made.objects)


def test_letters_that_are_lost_are_told(make, send, monkeypatch):
    pdf = with_fields(make, {"V": String("日本")})
    (out,), warnings = send(pdf, STAGE)
    # No font here has them, but a phone's may: they are in the text.
    assert "日本" in text(out)
    assert not any("could not be drawn" in each for each in warnings)
    assert any("a phone may not show 日本" in each for each in warnings)
    monkeypatch.setattr(forms, "drawn", lambda whole, _: whole)
    _, warnings = send(pdf, STAGE)
    assert any("日" in each and "could not be drawn" in each for each in warnings)


def test_a_field_that_only_a_tag_still_knows_says_nothing(make, send):
    pdf = with_fields(make, {"V": String("planted"), "TU": String("planted")})
    widget = pdf.pages[0].obj.Annots[0]
    widget.AP = Dictionary(N=look(pdf))
    element = Dictionary(Type=Name.StructElem, S=Name.Form, K=Dictionary(Type=Name.OBJR, Obj=widget))
    pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=pdf.make_indirect(element)))
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert not any(b"planted" in each.unparse(resolved=True) for each in made.objects)
        assert not any(b"/Widget" in each.unparse(resolved=True) for each in made.objects)


def test_a_stamp_becomes_part_of_the_page(make, send):
    pdf = make.document()
    stamp = Dictionary(
        Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([60, 640, 400, 700]), F=4, AP=Dictionary(N=look(pdf))
    )
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(stamp)])
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert "/Annots" not in made.pages[0].obj
    assert not is_blank(region(out))


def test_a_highlight_that_readers_draw_themselves_stays_without_its_author(make, send):
    pdf = make.document()
    mark = Dictionary(
        Type=Name.Annot, Subtype=Name.Highlight, Rect=Array([60, 640, 400, 700]), C=Array([1, 1, 0]),
        QuadPoints=Array([60, 700, 400, 700, 60, 640, 400, 640]), T=String("planted"), Contents=String("planted"),
    )  # fmt: skip
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(mark)])
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        (kept,) = made.pages[0].obj.Annots
        assert kept.Subtype == "/Highlight"
        assert b"planted" not in kept.unparse(resolved=True)
    assert not is_blank(region(out))


def test_a_form_grows_a_file_only_a_little(make, send, tmp_path):
    pdf = with_fields(make, *({"V": String("some words")} for _ in range(6)))
    source = make.saved(pdf, tmp_path / "form.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
    (out,), _ = send(source, STAGE)
    assert out.stat().st_size <= source.stat().st_size * 1.02 + 4096


def test_comparing_sees_the_form_as_it_looked(make, send, tmp_path):
    pdf = with_fields(make, {"V": String("x")})
    pdf.pages[0].obj.Annots[0].AP = Dictionary(N=look(pdf))
    source = make.saved(pdf, tmp_path / "form.pdf")
    (out,), warnings = send(source, STAGE)
    difference = ImageChops.difference(region(source), region(out))
    assert difference.reduce(20).convert("L").getextrema()[1] < 40
    assert not any("different" in each for each in warnings)


@pytest.mark.parametrize("drawn", [True, False])
def test_words_that_were_only_marked_to_be_blacked_out_are_told(drawn, make, send):
    pdf = make.document()
    mark = Dictionary(Type=Name.Annot, Subtype=Name.Redact, Rect=Array([60, 775, 300, 800]))
    if drawn:
        mark.AP = Dictionary(N=look(pdf))
    pdf.pages[0].obj.Annots = Array([mark])
    (out,), warnings = send(pdf, STAGE)
    assert make.words in text(out)
    assert any("blacked out can still be read" in each for each in warnings)
