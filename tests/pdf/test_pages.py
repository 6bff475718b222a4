"""Where a document may not leave, its first pages do, as pictures that can be read."""

from __future__ import annotations

import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageChops, ImageStat

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.stages.pdf_page import STAGE

NO_PDF = "signalwire.local"


def test_the_first_page_becomes_a_picture_and_the_others_are_counted(make, send):
    pdf = make.document(5)
    made, warnings = send(pdf, STAGE, profile=NO_PDF)
    assert len(made) == 1
    facts = detect(made[0], Limits())
    assert facts.type == "image/png"
    assert facts.metadata == ()
    assert facts.bytes < 200_000
    assert max(facts.width, facts.height) > 1500
    assert len(warnings) == 1
    assert "4 left out" in warnings[0]


def test_as_many_pages_as_are_wanted_and_there(make, send):
    made, warnings = send(make.document(3), STAGE, profile=NO_PDF, pages=2)
    assert len(made) == 2
    assert "1 left out" in warnings[0]
    made, warnings = send(make.document(3), STAGE, profile=NO_PDF, pages=9)
    assert len(made) == 3
    assert warnings == []


def test_never_more_pages_than_a_message_holds(make, send):
    made, warnings = send(make.document(14), STAGE, profile=NO_PDF, pages=14)
    assert len(made) == 10
    assert "4 left out" in warnings[0]


@pytest.mark.parametrize("pages", [0, -1, "many", 1.5])
def test_a_wish_that_is_no_number_is_refused(pages, make, send):
    with pytest.raises(Rejected) as raised:
        send(make.document(), STAGE, profile=NO_PDF, pages=pages)
    assert "pages" in raised.value.message


def test_a_page_that_is_a_photo_becomes_a_jpeg_below_the_limit(make, send):
    pdf = make.document(0)
    make.show(pdf, make.image(pdf, make.photo(1400, 1900)), points=(595, 842))
    made, _ = send(pdf, STAGE, profile=NO_PDF, max_bytes=300_000)
    facts = detect(made[0], Limits())
    assert facts.type == "image/jpeg"
    assert facts.bytes < 300_000


def test_black_text_is_legible_and_the_paper_white(make, send):
    made, _ = send(make.document(), STAGE, profile=NO_PDF)
    with Image.open(made[0]) as page:
        grey = page.convert("L")
        # The line of text: 60 points from the left, 62 from the top, of 595 × 842.
        scale = page.height / 842
        line = grey.crop([round(each * scale) for each in (55, 40, 560, 70)])
        assert line.getextrema() == (0, 255) or line.getextrema()[0] < 30
        rest = ImageStat.Stat(grey.crop((0, page.height // 2, page.width, page.height)))
        assert rest.mean[0] == 255


def test_what_was_written_into_a_form_is_on_the_picture(make, send):
    pdf = make.document()
    empty, _ = send(pdf, STAGE, profile=NO_PDF)
    look = pdf.make_stream(
        b"0 0 200 30 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 200, 30]), Resources=Dictionary()
    )
    field = pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("a"), V=String("x"), F=4,
                   Rect=Array([60, 400, 260, 430]), AP=Dictionary(N=look))
    )  # fmt: skip
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    filled, _ = send(pdf, STAGE, profile=NO_PDF)
    with Image.open(empty[0]) as one, Image.open(filled[0]) as other:
        assert ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is not None


def test_a_very_long_page_is_wide_enough_to_be_read(make, send):
    pdf = make.document(0)
    make.page(pdf)
    pdf.pages[0].obj.MediaBox = Array([0, 0, 300, 6000])
    (made,), warnings = send(pdf, STAGE, profile=NO_PDF)
    with Image.open(made) as picture:
        assert picture.width >= 300
        assert picture.height <= 8_000
    assert warnings == []
    _, warnings = send(pdf, STAGE, profile="device.default")
    assert "too small to read" in warnings[0]


def test_the_profile_s_pixels_are_kept(make, send):
    made, _ = send(make.document(), STAGE, profile=f"{NO_PDF}+tmobile.longcode")
    facts = detect(made[0], Limits())
    assert max(facts.width, facts.height) <= 3000
