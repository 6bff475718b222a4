"""A font that holds thousands of characters and shows ten keeps those ten, and every page looks as before."""

from __future__ import annotations

import zlib

import pytest
from pikepdf import Array, Dictionary, Name
from PIL import ImageChops, ImageFont

from mmsprep.tools.pdf import draw, fonts, outlines

SHOWN = range(30, 42)


def truetype() -> bytes:
    """Give the font that Pillow carries."""
    data = ImageFont.load_default(20).path.getvalue()
    assert data[:4] in (b"\0\1\0\0", b"OTTO")
    return data


def with_font(make, *, glyphs=SHOWN, encoding="/Identity-H", in_form=False, resources=True):
    """Make a document that shows *glyphs* of an embedded font by their numbers."""
    pdf = make.document(0)
    program = pdf.make_stream(truetype())
    program.Length1 = len(truetype())
    kind = "FontFile2"
    if truetype()[:4] == b"OTTO":
        kind, program.Subtype = "FontFile3", Name.OpenType
    descriptor = pdf.make_indirect(
        Dictionary(Type=Name.FontDescriptor, FontName=Name("/Some"), Flags=4, **{kind: program})
    )
    descendant = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2 if kind == "FontFile2" else Name.CIDFontType0,
        BaseFont=Name("/Some"), FontDescriptor=descriptor,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0), DW=600,
    )  # fmt: skip
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/Some"), Encoding=Name(encoding),
                   DescendantFonts=Array([descendant]))
    )  # fmt: skip
    codes = b"".join(each.to_bytes(2, "big") for each in glyphs).hex().encode()
    words = b"BT /F1 30 Tf 60 500 Td [<%s> -20 <%s>] TJ ET" % (codes, codes)
    page = make.page(pdf, b"" if in_form else words)
    page.obj.Resources.Font.F1 = font
    if in_form:
        form = pdf.make_stream(words, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]))
        if resources:
            form.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Resources.XObject = Dictionary(Fm=form)
        page.obj.Contents = pdf.make_stream(b"/Fm Do")
    return pdf, program


def drawn(pdf, path):
    pdf.save(path)
    with draw.opened(path) as document:
        return draw.render(document, 0, 800)


@pytest.fixture(autouse=True)
def _small_fonts_count(monkeypatch):
    monkeypatch.setattr(fonts, "LARGE", 1000)


@pytest.mark.parametrize("in_form", [False, True])
def test_a_font_loses_what_is_not_shown_and_pages_look_the_same(in_form, make, tmp_path):
    pdf, program = with_font(make, in_form=in_form)
    before, size = drawn(pdf, tmp_path / "before.pdf"), len(zlib.compress(program.read_bytes(), 9))
    assert fonts.shrink(pdf) > 0
    assert len(program.read_raw_bytes()) < size / 2
    after = drawn(pdf, tmp_path / "after.pdf")
    assert ImageChops.difference(before, after).getbbox() is None
    assert before.convert("L").getextrema()[0] < 100


@pytest.mark.parametrize("case", ["encoding", "borrowed resources", "font from outside"])
def test_a_font_that_cannot_be_followed_stays_whole(case, make, tmp_path):
    if case == "encoding":
        pdf, program = with_font(make, encoding="/UniJIS-UCS2-H")
    else:
        pdf, program = with_font(make, in_form=True, resources=case != "borrowed resources")
    if case == "font from outside":
        page = pdf.pages[0].obj
        page.Resources.XObject.Fm.write(b"BT 60 400 Td <0020> Tj ET")
        page.Contents = pdf.make_stream(b"/F1 30 Tf /Fm Do")
    before = program.read_bytes()
    assert fonts.shrink(pdf) == 0
    assert program.read_bytes() == before


def test_a_composite_glyph_keeps_its_parts():
    assert list(outlines._parts(b"\xff\xff" + bytes(8) + b"\0\x20\0\7" + bytes(2) + b"\0\0\0\t" + bytes(2))) == [7, 9]


def test_a_broken_font_stays_as_it_is(make):
    pdf, program = with_font(make)
    for length in (10, 300, 5000):
        program.write(truetype()[:length] + bytes(4000))
        before = program.read_bytes()
        assert fonts.shrink(pdf) == 0
        assert program.read_bytes() == before


def index(*items: bytes) -> bytes:
    if not items:
        return b"\0\0"
    offsets, at = b"\1", 1
    for item in items:
        at += len(item)
        offsets += bytes([at])
    return len(items).to_bytes(2, "big") + b"\1" + offsets + b"".join(items)


def cff(characters: list[int], *, keyed: bool) -> tuple[bytes, list[bytes]]:
    """Write a CFF program of one charstring per character, keyed by CIDs or not."""
    strings = [b"\x0e", *(bytes([each, each, 0x0E]) for each in range(1, len(characters) + 1))]
    start = b"\1\0\4\1" + index(b"Some")
    ros = b"\x8b\x8b\x8b\x0c\x1e" if keyed else b""

    def top(charset: int, charstrings: int) -> bytes:
        return ros + b"\x1c" + charset.to_bytes(2, "big") + b"\x0f\x1c" + charstrings.to_bytes(2, "big") + b"\x11"

    charset = b"\0" + b"".join(each.to_bytes(2, "big") for each in characters)
    at = len(start + index(top(0, 0)) + index() + index())
    data = start + index(top(at, at + len(charset))) + index() + index() + charset + index(*strings)
    return data, strings


def test_a_cid_keyed_program_is_cut_by_cids_and_nothing_moves():
    data, strings = cff([50, 60, 70], keyed=True)
    cut = outlines.cut_cff(data, {60})
    assert len(cut) == len(data)
    assert cut.endswith(b"\x0e" + b"\x0e\0\0" + strings[2] + b"\x0e\0\0")
    assert cut[: -len(b"".join(strings))] == data[: -len(b"".join(strings))]


def test_another_program_is_cut_by_glyph_numbers():
    data, strings = cff([50, 60, 70], keyed=False)
    assert outlines.cut_cff(data, {1}).endswith(b"\x0e" + strings[1] + b"\x0e\0\0" * 2)


def with_simple_font(make, text: bytes = b"Some Words, 19", **entries):
    """Make a document that shows *text* in an embedded font by characters of one byte."""
    pdf = make.document(0)
    program = pdf.make_stream(truetype())
    descriptor = pdf.make_indirect(
        Dictionary(Type=Name.FontDescriptor, FontName=Name("/Some"), Flags=32, FontFile2=program)
    )
    given = {"Encoding": Name.WinAnsiEncoding, **entries}
    font = Dictionary(
        Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name("/Some"), FirstChar=0, LastChar=255,
        Widths=Array([600] * 256), FontDescriptor=descriptor, **given,
    )  # fmt: skip
    page = make.page(pdf, b"BT /F1 30 Tf 60 500 Td (%s) Tj ET" % text)
    page.obj.Resources.Font.F1 = pdf.make_indirect(font)
    return pdf, program


def named(*names: str) -> Dictionary:
    return Dictionary(Type=Name.Encoding, Differences=Array([65, *(Name(f"/{each}") for each in names)]))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (b"Some Words, 19", {}),
        (b"Some Words", {"Encoding": Name.MacRomanEncoding}),
        (b"ABC", {"Encoding": named("x", "uni0079", "ampersand")}),
    ],
)
def test_a_simple_font_loses_what_is_not_shown_too(text, entries, make, tmp_path):
    pdf, program = with_simple_font(make, text, **entries)
    before, size = drawn(pdf, tmp_path / "before.pdf"), len(zlib.compress(program.read_bytes(), 9))
    assert fonts.shrink(pdf) > 0
    assert len(program.read_raw_bytes()) < size * 0.7
    assert ImageChops.difference(before, drawn(pdf, tmp_path / "after.pdf")).getbbox() is None


def test_a_character_of_an_unknown_name_leaves_the_font_whole(make):
    pdf, program = with_simple_font(make, b"A", Encoding=named("g17"))
    assert fonts.shrink(pdf) == 0
    assert program.read_bytes() == truetype()
