"""A document that is too large becomes small enough, and still is the same document to its reader."""

from __future__ import annotations

import re
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageChops, ImageStat

from mmsprep.errors import Rejected
from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import draw, verify

LIMIT = 150_000


def drawn(source, index=0, side=480):
    with draw.opened(source) as document:
        return draw.render(document, index, side)


def text(path):
    with draw.opened(path) as document:
        return [draw.text(document, index).strip() for index in range(len(document))]


def as_it_is(pdf):
    """Draw the first page of a document that is not written yet."""
    buffer = BytesIO()
    pdf.save(buffer)
    return drawn(buffer.getvalue())


def before_and_after(pdf, send):
    """Send a document that is over the limit, and draw its page as it was and as it came out."""
    before = as_it_is(pdf)
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    return before, drawn(out)


def alike(one, other, *, mean=6.0):
    """Compare colours: the mean of each channel's difference, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one.reduce(8), other.reduce(8))).mean) < mean


def pictures(path):
    with pikepdf.open(path) as pdf:
        return [
            (int(each.Width), int(each.Height), str(each.get("/ColorSpace", "")), str(each.Filter))
            for each in pdf.objects
            if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"
        ]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("jpeg", [None, 95])
def test_a_large_picture_fits_and_keeps_its_colours(mode, jpeg, make, send):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(1400, 1050, mode))
    if jpeg:
        # Not through Pillow for CMYK: it writes the inverse, which is what a scanner's JPEG in a PDF is not.
        buffer = BytesIO()
        pixels = make.photo(1400, 1050, mode)
        (ImageChops.invert(pixels) if mode == "CMYK" else pixels).save(buffer, "JPEG", quality=jpeg)
        picture.write(buffer.getvalue(), filter=Name.DCTDecode)
    make.show(pdf, picture)
    before = as_it_is(pdf)
    (out,), warnings = send(pdf, STAGE, max_bytes=LIMIT)
    assert out.stat().st_size < LIMIT
    assert text(out) == [make.words]
    assert alike(before, drawn(out))
    assert warnings == []


def test_a_photoshop_jpeg_in_cmyk_keeps_its_inverted_samples(make, send):
    pdf = make.document(0)
    # Pillow writes CMYK as Photoshop does: inverted, with Adobe's marker; the PDF says so by /Decode.
    picture = make.image(pdf, make.photo(1400, 1050, "CMYK"), jpeg=95, Decode=Array([1, 0, 1, 0, 1, 0, 1, 0]))
    make.show(pdf, picture)
    assert alike(*before_and_after(pdf, send))


def test_a_spot_colour_stays_one(make, send):
    pdf = make.document(0)
    tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0, 0, 0]), C1=Array([0, 1, 1, 0]), N=1)
    space = Array([Name.Separation, Name("/Red"), Name.DeviceCMYK, tint])
    picture = make.image(pdf, make.photo(1400, 1050, "L"))
    picture.ColorSpace = space
    make.show(pdf, picture)
    before = as_it_is(pdf)
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    assert alike(before, drawn(out))
    assert "/Separation" in pictures(out)[0][2]


def test_an_indexed_picture_gets_the_colours_of_its_palette(make, send):
    pdf = make.document(0)
    indexed = make.photo(1400, 1050).quantize(256, method=Image.Quantize.FASTOCTREE)
    palette = bytes(indexed.getpalette() or b"").ljust(768, b"\0")
    picture = make.image(pdf, Image.frombytes("L", indexed.size, indexed.tobytes()))
    picture.ColorSpace = Array([Name.Indexed, Name.DeviceRGB, 255, String(palette)])
    make.show(pdf, picture)
    assert alike(*before_and_after(pdf, send))


def test_a_picture_with_sixteen_bits_keeps_its_tones(make, send):
    pdf = make.document(0)
    pixels = make.photo(900, 700, "L")
    picture = make.image(pdf, pixels, BitsPerComponent=16)
    picture.write(bytes(byte for each in pixels.tobytes() for byte in (each, 0)))
    make.show(pdf, picture)
    assert alike(*before_and_after(pdf, send))


def test_a_soft_mask_still_masks(make, send):
    pdf = make.document(0)
    mask = make.image(pdf, Image.linear_gradient("L").resize((1400, 1050)))
    picture = make.image(pdf, make.photo(1400, 1050), SMask=mask)
    make.show(pdf, picture)
    assert alike(*before_and_after(pdf, send))


@pytest.mark.parametrize(
    "entries",
    [{"Mask": Array([10, 20, 10, 20, 10, 20])}, {"Matte": True}],
    ids=["a colour key", "a matte"],
)
def test_a_picture_whose_values_mean_something_keeps_them(entries, make, send):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(150, 150), **({} if "Matte" in entries else entries))
    if "Matte" in entries:
        mask = make.image(pdf, make.photo(150, 150, "L"))
        mask.Matte = Array([0, 0, 0])
        picture.SMask = mask
    make.show(pdf, picture)
    make.show(pdf, make.image(pdf, make.photo(1400, 1050)))
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    assert (150, 150, "/DeviceRGB", "/FlateDecode") in pictures(out)


def test_a_page_of_fax_stays_black_and_white(make, send):
    pdf = make.document(0)
    pixels = make.photo(1600, 1200, "L").convert("1")
    picture = make.image(pdf, pixels.convert("L"))
    picture.BitsPerComponent = 1
    picture.write(pixels.tobytes())
    make.show(pdf, picture)
    make.show(pdf, make.image(pdf, make.photo(1400, 1050)))
    before = as_it_is(pdf)
    (out,), _ = send(pdf, STAGE, max_bytes=500_000)
    assert (1600, 1200, "/DeviceGray", "/FlateDecode") in pictures(out)
    assert alike(before, drawn(out))


def test_a_picture_keeps_the_pixels_that_its_largest_showing_needs(make, send):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(2400, 1800))
    make.show(pdf, picture, points=(40, 30))
    make.show(pdf, picture, points=(400, 300))
    (out,), _ = send(pdf, STAGE, max_bytes=600_000)
    ((width, height, *_),) = pictures(out)
    assert width == pytest.approx(400 / 72 * 200, abs=2)
    assert height == pytest.approx(300 / 72 * 200, abs=2)


def test_a_picture_inside_a_form_is_measured_through_it(make, send):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(2400, 1800))
    form = pdf.make_stream(
        b"q 1 0 0 1 0 0 cm /Im0 Do Q", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]),
        Matrix=Array([0.5, 0, 0, 0.5, 0, 0]), Resources=Dictionary(XObject=Dictionary(Im0=picture)),
    )  # fmt: skip
    make.page(pdf, b"q 400 0 0 300 60 300 cm /Fm0 Do Q", XObject=Dictionary(Fm0=form))
    (out,), _ = send(pdf, STAGE, max_bytes=300_000)
    assert pictures(out)[0][0] == pytest.approx(200 / 72 * 200, abs=2)


def test_a_small_document_keeps_its_pictures_as_they_are(make, send):
    pdf = make.document(0)
    make.show(pdf, make.image(pdf, make.photo(600, 450), jpeg=92))
    (out,), _ = send(pdf, STAGE)
    assert pictures(out) == [(600, 450, "/DeviceRGB", "/DCTDecode")]


def test_a_scan_of_many_pages_fits_with_all_of_them(make, send):
    pdf = make.document(0)
    for seed in range(4):
        make.show(pdf, make.image(pdf, make.photo(1240, 1754, seed=seed), jpeg=90), points=(595, 842))
    (out,), _ = send(pdf, STAGE, max_bytes=400_000)
    assert out.stat().st_size < 400_000
    assert text(out) == [make.words] * 4
    # A step down for all would leave a third of the bytes unused.
    assert out.stat().st_size > 200_000


def test_what_cannot_fit_says_why_in_pages_and_bytes(make, send):
    import random

    pdf = make.document(2)
    font = pdf.pages[0].obj.Resources.Font.F0
    font.FontDescriptor = pdf.make_indirect(
        Dictionary(Type=Name.FontDescriptor, Flags=32, FontFile=pdf.make_stream(random.Random(1).randbytes(400_000)))
    )
    with pytest.raises(Rejected) as raised:
        send(pdf, STAGE, max_bytes=LIMIT)
    assert raised.value.reason == "cannot-fit"
    assert re.search(r"2 pages with 4\d\d,\d{3} bytes of text, fonts and drawings", raised.value.message)
    assert "150,000" in raised.value.message


def test_pictures_that_cannot_fit_are_counted(make, send):
    pdf = make.document(0)
    for seed in range(3):
        make.show(pdf, make.image(pdf, make.photo(900, 700, seed=seed)), points=(595, 842))
    with pytest.raises(Rejected) as raised:
        send(pdf, STAGE, max_bytes=20_000)
    assert raised.value.reason == "cannot-fit"
    assert "3 pictures" in raised.value.message


def test_equal_streams_are_stored_once(make, send):
    pdf = make.document(0)
    for _ in range(4):
        make.show(pdf, make.image(pdf, make.photo(500, 400, seed=7), jpeg=90))
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    assert len(pictures(out)) == 1


def test_tags_are_kept_until_they_are_what_is_too_much(make, send):
    def tagged():
        import random

        pdf = make.document()
        some = random.Random(3)
        elements = [
            pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, Alt=String(some.randbytes(30).hex())))
            for _ in range(4000)
        ]
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array(elements)))
        return pdf

    (out,), warnings = send(tagged(), STAGE)
    with pikepdf.open(out) as made:
        assert len(made.Root.StructTreeRoot.K) == 4000
    assert warnings == []
    (out,), warnings = send(tagged(), STAGE, max_bytes=LIMIT)
    assert out.stat().st_size < LIMIT
    assert ["screen readers" in each for each in warnings] == [True]


def test_the_same_source_gives_the_same_bytes(make, send, tmp_path):
    pdf = make.document(0)
    make.show(pdf, make.image(pdf, make.photo(1400, 1050)))
    source = make.saved(pdf, tmp_path / "one.pdf")
    made = [send(source, STAGE, max_bytes=LIMIT)[0][0].read_bytes() for _ in range(2)]
    assert made[0] == made[1]


def test_an_already_small_document_does_not_grow(make, send, tmp_path):
    path = make.saved(make.document(), tmp_path / "small.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
    (out,), _ = send(path, STAGE)
    assert out.stat().st_size <= path.stat().st_size


def test_a_lost_picture_is_noticed_and_a_coarser_one_is_not(make):
    page = Image.new("RGB", (480, 360), "white")
    with_picture = page.copy()
    with_picture.paste(make.photo(120, 90), (100, 100))
    buffer = BytesIO()
    with_picture.save(buffer, "JPEG", quality=40)
    assert not verify.looks_alike(with_picture, page)
    assert verify.looks_alike(with_picture, Image.open(buffer))


def scan(make, pdf, *, stencil: bool = False):
    """Make a page of fax with the grain of a scanner."""
    pixels = make.photo(2480, 3508, "L").point(lambda level: 255 if level > 120 else 0)
    picture = make.image(pdf, pixels)
    picture.BitsPerComponent = 1
    if stencil:
        del picture["/ColorSpace"]
        picture.ImageMask = True
    picture.write(pixels.convert("1").tobytes())
    make.show(pdf, picture, points=(595, 842))


@pytest.mark.parametrize("stencil", [False, True])
def test_a_scan_in_black_and_white_is_packed_as_fax_and_looks_the_same(stencil, make, send, tmp_path):
    pdf = make.document(0)
    scan(make, pdf, stencil=stencil)
    source = make.saved(pdf, tmp_path / "scan.pdf")
    limit = int(source.stat().st_size * 0.9)
    (out,), _ = send(source, STAGE, max_bytes=limit)
    ((width, _, _, filters),) = pictures(out)
    assert filters == "/CCITTFaxDecode"
    assert width <= 2480
    assert alike(drawn(source), drawn(out), mean=8.0)


def test_a_scan_in_black_and_white_gets_coarser_before_it_is_refused(make, send, tmp_path):
    pdf = make.document(0)
    scan(make, pdf)
    source = make.saved(pdf, tmp_path / "scan.pdf")
    (out,), _ = send(source, STAGE, max_bytes=source.stat().st_size // 2)
    ((width, *_),) = pictures(out)
    assert 1600 < width < 2480
    assert alike(drawn(source), drawn(out), mean=12.0)
