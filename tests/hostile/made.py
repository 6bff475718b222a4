"""Files that were made to hurt, each written here in a few lines: bombs, polyglots, playlists, active documents.

`REFUSED` are to be rejected, with the reasons that fit. `CLEANED` are to come out ready and without `MARK`, which
each of them carries where only metadata, a tail or an older revision can be.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

MARK = b"PLANTED-5e1f"

Maker = Callable[[], bytes]


# Pictures


def _picture(kind: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*extra: bytes, width: int = 8, height: int = 8, rows: bytes | None = None) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * (width + 1) * height if rows is None else rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def deflated_zeros(count: int) -> bytes:
    """Compress *count* zeros without holding them."""
    deflate = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(deflate.compress(block) for _ in range(count >> 20)) + deflate.flush()


def jpeg_of(width: int, height: int) -> bytes:
    data = bytearray(_picture("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_of_scans(count: int) -> bytes:
    data = _picture("JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def gif(canvas: tuple[int, int], frame: tuple[int, int] | None = None, frames: int = 1) -> bytes:
    """Write frames of one colour; the data of each is far too short, as in real bombs."""
    head = b"GIF89a" + struct.pack("<HH", *canvas) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    one = b"\x2c\0\0\0\0" + struct.pack("<HH", *(frame or canvas)) + b"\0" + b"\x02\x02\x4c\x01\0"
    return head + (b"\x21\xf9\x04\0\x0a\0\0\0" + one) * frames + b"\x3b"


def blank_gif() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("P", (10, 10)).save(out, "GIF")
    return out.getvalue()


def tiff_of(side: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "TIFF", compression="tiff_deflate")
    return out.getvalue()


def tiff_of_noise() -> bytes:
    """Keep the header of a compressed picture and replace its data."""
    data = bytearray(tiff_of(300))
    data[8:60] = b"\xa5" * 52
    return bytes(data)


def tiff_loop() -> bytes:
    """Point the second directory back at the first."""
    data = bytearray(_picture("TIFF"))
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    at = first + 2 + 12 * entries
    data[at : at + 4] = struct.pack("<I", first)
    return bytes(data)


def heic_header(width: int, height: int) -> bytes:
    """Write only the boxes that say how large a picture is that is not there."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + kind + body

    sizes = box(b"ipco", box(b"ispe", struct.pack(">III", 0, width, height)))
    meta = box(b"meta", bytes(4) + box(b"pitm", bytes(6)) + box(b"iprp", sizes))
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(w) (w) file closefile showpage\n"


# Video and audio


def playlist(url: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n".encode()


DASH = (
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    b'<Representation id="1"><BaseURL>http://127.0.0.1:9/</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"


def wav(channels: int, seconds: int = 0) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, 8_000, 8_000 * channels, channels & 0xFFFF, 8)
    sound = bytes(800)
    size = seconds * 8_000 * channels or len(sound)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 36 + size) + head + sound


def tone(seconds: float = 1.0, rate: int = 8_000) -> bytes:
    samples = bytes(128 + 60 * ((at // 10) % 2 * 2 - 1) for at in range(int(seconds * rate)))
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8) + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", 36 + len(samples)) + head + samples


def wav_with_tags() -> bytes:
    data = tone()
    tag = b"INFOIART" + struct.pack("<I", len(MARK)) + MARK
    tags = b"LIST" + struct.pack("<I", len(tag)) + tag
    return b"RIFF" + struct.pack("<I", len(data) - 8 + len(tags)) + data[8:] + tags


# Documents


def pdf(
    *objects: bytes,
    catalogue: bytes = b"",
    page: bytes = b"",
    kids: bytes = b"[3 0 R]",
    count: int = 1,
    tail: bytes = b"",
) -> bytes:
    """Write a document of one page; *objects* are numbered from 5."""
    drawn = b"0 0 1 rg 20 20 60 60 re f"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R" + catalogue + b">>",
        b"<</Type/Pages/Kids" + kids + b"/Count %d>>" % count,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>" + page + b">>",
        stream(drawn),
        *objects,
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1) + table
    trailer = b"trailer<</Size %d/Root 1 0 R" % (len(bodies) + 1) + tail + b">>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + head + trailer


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<" + entries + b"/Length %d>>\nstream\n" % len(data) + data + b"\nendstream"


def pdf_flate_bomb(times: int = 1) -> bytes:
    data = deflated_zeros(400 << 20)
    for _ in range(times - 1):
        data = zlib.compress(data)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]"
    return pdf(stream(data, filters), page=b"/Contents 5 0 R")


def pdf_laughs() -> bytes:
    """Draw a form ten times that draws a form ten times that …"""
    levels = [
        stream(
            b"/F Do " * 10,
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>" % (6 + level),
        )
        for level in range(9)
    ]
    last = stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    drawing = stream(b"/F Do", b"")
    page = b"/Contents 15 0 R/Resources<</XObject<</F 5 0 R>>>>"
    return pdf(*levels, last, drawing, page=page).replace(b"/Contents 4 0 R/Resources<<>>", b"")


def pdf_active() -> bytes:
    act = b"/OpenAction<</S/JavaScript/JS(" + MARK + b")>>/AA<</WC<</S/Launch/F(" + MARK + b")>>>>"
    names = (
        b"/Names<</EmbeddedFiles<</Names[(a)5 0 R]>>/JavaScript<</Names[(b)<</S/Java#53cript/JS(" + MARK + b")>>]>>>>"
    )
    file = b"<</Type/Filespec/F(a)/EF<</F 6 0 R>>>>"
    link = b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/SubmitForm/F(http://127.0.0.1:9/" + MARK + b")>>>>]"
    return pdf(file, stream(MARK), catalogue=act + names, page=link)


def pdf_told() -> bytes:
    return pdf(
        b"<</Author(" + MARK + b")/Title(" + MARK + b")>>",
        stream(b"<x:xmpmeta>" + MARK + b"</x:xmpmeta>", b"/Type/Metadata/Subtype/XML"),
        catalogue=b"/Metadata 6 0 R/PieceInfo<</X<</Private(" + MARK + b")>>>>",
        tail=b"/Info 5 0 R",
    )


def pdf_revised() -> bytes:
    """Hide what was said before behind a newer revision of the page."""
    first = pdf().replace(b"0 0 1 rg 20 20 60 60 re f", b"%" + MARK + b" 1 0 0 rg 9 9 re")
    second = b"4 0 obj\n" + stream(b"0 0 1 rg 20 20 60 60 re f") + b"\nendobj\n"
    table = b"xref\n4 1\n%010d 00000 n \n" % len(first)
    last = int(first.rpartition(b"startxref\n")[2].split()[0])
    trailer = b"trailer<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (last, len(first) + len(second))
    return first + second + table + trailer


# Tails and everything together


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("evil.html", MARK)
    return out.getvalue()


def jpeg_told() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x013B] = MARK.decode()
    exif.get_ifd(0x8825)[29] = MARK.decode()
    data = _picture("JPEG", exif=exif, comment=MARK, icc_profile=MARK * 20)
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + MARK
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + data[2:] + archive()


def png_told() -> bytes:
    text = chunk(b"tEXt", b"Author\0" + MARK) + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(MARK))
    own = chunk(b"prVt", MARK) + chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0" + MARK)
    return png(text, own, width=60, height=60) + b"<script>" + MARK + b"</script>"


def gif_told() -> bytes:
    comment = b"\x21\xfe" + bytes([len(MARK)]) + MARK + b"\0"
    data = _picture("GIF")
    return data[:-1] + comment + b"\x3b" + archive()


def webp_told() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x013B] = MARK.decode()
    return _picture("WEBP", exif=exif, xmp=b"<x>" + MARK + b"</x>") + archive()


def card_told() -> bytes:
    lines = [b"BEGIN:VCARD", b"VERSION:3.0", b"FN:Bob", b"N:B;Bob;;;", b"TEL:+12125550100", b"UID:" + MARK]
    odd = [b"X-SECRET:" + MARK, b"KEY;VALUE=URI:http://127.0.0.1:9/" + MARK, b"SOURCE:" + MARK, b"END:VCARD", b""]
    return b"\r\n".join([*lines, *odd])


def event_told() -> bytes:
    lines = [b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:" + MARK, b"BEGIN:VEVENT", b"UID:a@b", b"SUMMARY:Tea"]
    odd = [b"DTSTAMP:20260101T000000Z", b"DTSTART:20260102T150000Z", b"X-PRIVATE:" + MARK, b"END:VEVENT"]
    return b"\r\n".join([*lines, *odd, b"END:VCALENDAR", b""])


REFUSED: dict[str, tuple[Maker, set[str]]] = {
    "png of 900 megapixels.png": (
        lambda: png(width=30_000, height=30_000, rows=b""),
        {"too-many-pixels", "damaged"},
    ),
    "gif of 4 gigapixels.gif": (lambda: gif((65_535, 65_535)), {"too-many-pixels"}),
    "gif whose frame is larger than its canvas.gif": (
        lambda: gif((10, 10), (65_535, 65_535)),
        {"too-many-pixels", "damaged"},
    ),
    "gif whose second frame is.gif": (
        lambda: blank_gif()[:-1] + gif((10, 10), (65_535, 65_535))[19:],
        {"too-many-pixels"},
    ),
    "gif of 3000 frames.gif": (lambda: gif((100, 100), frames=3_000), {"too-costly"}),
    "gif of 1200 megapixels in all.gif": (lambda: gif((2_000, 2_000), frames=300), {"too-costly"}),
    "jpeg of 4 gigapixels.jpg": (lambda: jpeg_of(65_500, 65_500), {"too-many-pixels"}),
    "jpeg of 500 scans.jpg": (lambda: jpeg_of_scans(500), {"too-costly"}),
    "heic of 10 gigapixels.heic": (lambda: heic_header(100_000, 100_000), {"too-many-pixels", "damaged"}),
    "tiff without one sound byte of pixels.tif": (tiff_of_noise, {"damaged"}),
    "drawing.jpg": (lambda: SVG, {"unknown-type"}),
    "postscript.jpg": (lambda: EPS, {"unknown-type"}),
    "playlist of a file.mp4": (lambda: playlist("file:///etc/passwd"), {"unknown-type", "damaged"}),
    "playlist of a server.mov": (lambda: playlist("http://127.0.0.1:9/a.ts"), {"unknown-type", "damaged"}),
    "dash.mp4": (lambda: DASH, {"unknown-type", "damaged"}),
    "session.mp4": (lambda: SDP, {"unknown-type", "damaged"}),
    "concat.mp4": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", {"unknown-type", "damaged"}),
    "65535 channels.wav": (lambda: wav(65_535), {"too-costly", "damaged"}),
    "100 channels.wav": (lambda: wav(100), {"too-costly", "damaged"}),
    "flate bomb.pdf": (pdf_flate_bomb, {"too-costly"}),
    "flate bomb in a flate bomb.pdf": (lambda: pdf_flate_bomb(3), {"too-costly"}),
    "a page of 350 km.pdf": (
        lambda: pdf(page=b"/MediaBox[0 0 1000000000 1000000000]").replace(b"/MediaBox[0 0 200 200]", b""),
        {"too-costly"},
    ),
    "a billion forms.pdf": (pdf_laughs, {"too-costly"}),
    "20000 pages.pdf": (lambda: pdf(kids=b"[" + b"3 0 R " * 20_000 + b"]", count=20_000), {"too-many-pages"}),
    "pages without end.pdf": (lambda: pdf(kids=b"[2 0 R]"), {"damaged"}),
    "a picture of 10 gigabytes.pdf": (
        lambda: pdf(
            stream(
                deflated_zeros(1 << 20),
                b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB"
                b"/Filter/FlateDecode",
            ),
            page=b"/Resources<</XObject<</I 5 0 R>>>>",
        ),
        {"too-costly"},
    ),
    "eleven cards.vcf": (lambda: card_told() * 11, {"too-many-files", "too-costly", "forbidden", "damaged"}),
    "a card of half a megabyte.vcf": (
        lambda: card_told().replace(b"FN:Bob", b"FN:" + b"x" * 500_000),
        {"too-many-bytes", "damaged"},
    ),
    "a card without an end.vcf": (lambda: b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n", {"damaged"}),
    "nested.json": (lambda: b'["vcard",' + b"[" * 200_000, {"unknown-type", "damaged"}),
    "nested.geojson": (lambda: b'{"type":"Feature","geometry":' + b"[" * 60_000, {"unreadable", "damaged"}),
    "page.jpg": (lambda: b"<html><script>alert(1)</script></html>", {"unknown-type"}),
    "program.pdf": (lambda: b"MZ" + bytes(500), {"unknown-type"}),
    "archive.jpg": (archive, {"unknown-type"}),
    "empty.jpg": (lambda: b"", {"damaged"}),
}

CLEANED: dict[str, tuple[Maker, str]] = {
    "told.jpg": (jpeg_told, "image/jpeg"),
    "told.png": (png_told, "image/png"),
    "told.gif": (gif_told, "image/"),
    "told.webp": (webp_told, "image/"),
    "told.wav": (wav_with_tags, "audio/"),
    "tail.wav": (lambda: tone() + archive(), "audio/"),
    "active.pdf": (pdf_active, "application/pdf"),
    "told.pdf": (pdf_told, "application/pdf"),
    "revised.pdf": (pdf_revised, "application/pdf"),
    "tail.pdf": (lambda: pdf() + archive(), "application/pdf"),
    "told.vcf": (card_told, "text/x-vcard"),
    "told.ics": (event_told, "text/calendar"),
}

ENDS: dict[str, Maker] = {
    "a compressed profile of 300 MB.png": lambda: png(chunk(b"iCCP", b"x\0\0" + deflated_zeros(300 << 20))),
    "a compressed text of 300 MB.png": lambda: png(chunk(b"zTXt", b"x\0\0" + deflated_zeros(300 << 20))),
    "pixels of 300 MB for a small picture.png": lambda: png(chunk(b"IDAT", deflated_zeros(300 << 20))),
    "a loop of directories.tif": tiff_loop,
    "81 megapixels of nothing.tif": lambda: tiff_of(9_000),
    "lies about its seconds.wav": lambda: wav(1, 3_600),
    "an outline without end.pdf": lambda: pdf(
        b"<</Title(a)/Parent 5 0 R/Next 5 0 R/First 5 0 R/Last 5 0 R>>", catalogue=b"/Outlines 5 0 R"
    ),
    "a billion pages, it says.pdf": lambda: pdf(count=1_000_000_000),
}
"""What may end either way, but must end, within its bounds and without the word of a decoder that broke."""
