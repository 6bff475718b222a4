"""Pictures of rarer kinds: made smaller where that keeps what they show, left alone where it would not."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from pikepdf import Array, Name, Pdf, String
from PIL import Image, ImageChops, ImageStat

from mmsprep.errors import Rejected
from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import draw

LIMIT = 150_000


def drawn(source):
    with draw.opened(source) as document:
        return draw.render(document, 0, 480)


def difference(pdf, out):
    """Give the mean difference of the first page's colours before and after, of 255."""
    buffer = BytesIO()
    pdf.save(buffer)
    one, other = drawn(buffer.getvalue()).reduce(8), drawn(out).reduce(8)
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def coded(pixels, form, **options):
    buffer = BytesIO()
    pixels.save(buffer, form, **options)
    return buffer.getvalue()


def indexed(make):
    """Make indexes and a table in which neighbours have nothing in common."""
    picture = make.photo(700, 500).quantize(200)
    indexes, order = Image.frombytes("L", picture.size, picture.tobytes()), list(range(200))
    random.Random(1).shuffle(order)
    table = bytearray(600)
    for old, new in enumerate(order):
        table[3 * new : 3 * new + 3] = bytes(picture.getpalette()[3 * old : 3 * old + 3])
    return indexes.point([*order, *range(200, 256)]), Array([Name.Indexed, Name.DeviceRGB, 199, String(bytes(table))])


@pytest.mark.parametrize(("form", "name"), [("JPEG2000", "JPXDecode"), ("JPEG", "DCTDecode")])
def test_indexes_in_a_coded_picture_are_never_scaled(form, name, make, send):
    pdf, (indexes, space) = make.document(0), indexed(make)
    stream = make.image(pdf, indexes, ColorSpace=space)
    data = coded(indexes, form, **({"quality": 100} if form == "JPEG" else {"irreversible": False}))
    stream.write(data, filter=Name(f"/{name}"))
    make.show(pdf, stream, points=(200, 140))
    with pytest.raises(Rejected) as raised:
        send(pdf, STAGE, max_bytes=LIMIT)
    assert raised.value.reason == "cannot-fit"
    assert f"{len(data):,} bytes of pictures in a form that cannot be made smaller" in raised.value.message


def test_a_jpeg_2000_of_other_parts_than_its_colours_stays_as_it_is(make, send):
    pdf, pixels = make.document(0), make.photo(700, 500)
    stream = make.image(pdf, pixels, ColorSpace=Name.DeviceCMYK)
    stream.write(coded(pixels, "JPEG2000", irreversible=False), filter=Name.JPXDecode)
    make.show(pdf, stream)
    with pytest.raises(Rejected):
        send(pdf, STAGE, max_bytes=LIMIT)


@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.parametrize("space", ["gray", "palette"])
def test_a_picture_of_few_bits_gets_smaller_and_keeps_its_colours(bits, space, make, send):
    levels, width, height = 2**bits, 1503, 1100
    grain = random.Random(bits)
    pixels = make.photo(width, height, "L")
    noisy = Image.blend(pixels, Image.frombytes("L", pixels.size, grain.randbytes(width * height)), 0.3)
    indexes = noisy.point([value * levels // 256 for value in range(256)])
    rows = [indexes.crop((0, y, width, y + 1)).tobytes() for y in range(height)]
    each = 8 // bits
    packed = b"".join(
        bytes(
            sum(value << (8 - bits * (at + 1)) for at, value in enumerate(row[start : start + each]))
            for start in range(0, width, each)
        )
        for row in rows
    )
    pdf = make.document(0)
    table = bytes(part for level in range(levels) for part in (255 - level * 255 // (levels - 1), 60, level * 10))
    palette = Array([Name.Indexed, Name.DeviceRGB, levels - 1, String(table)])
    made = make.image(pdf, pixels, ColorSpace=palette if space == "palette" else Name.DeviceGray, BitsPerComponent=bits)
    made.write(packed)
    make.show(pdf, made)
    (out,), _ = send(pdf, STAGE, max_bytes=LIMIT)
    assert out.stat().st_size < LIMIT
    assert difference(pdf, out) < 6


@pytest.mark.parametrize("size", [50_000, 400_000])
def test_a_document_of_few_objects_does_not_grow(size, make, send, tmp_path):
    pdf = make.document(0)
    picture = make.image(pdf, make.photo(200, 150))
    picture.write(random.Random(1).randbytes(size), filter=Name.JBIG2Decode)
    make.show(pdf, picture)
    del pdf.pages[0].obj.Resources["/Font"]
    source = make.saved(pdf, tmp_path / "source.pdf")
    (out,), _ = send(source, STAGE)
    assert out.stat().st_size <= source.stat().st_size
    with Pdf.open(out) as opened:
        assert len(opened.pages) == 1
