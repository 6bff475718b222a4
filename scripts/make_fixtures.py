"""Make the files of fixtures/: the pictures the demo prepares and the tests rely on.

    python scripts/make_fixtures.py [--out DIRECTORY] [NAME ...]

Running it twice gives the same bytes. Another release of an encoder gives other bytes for the
same picture, which is why tests/test_fixtures.py compares pictures. What must never leave a
phone is planted in the metadata: every such text contains PLANTED, and the place is one that a
test can look for.
"""

from __future__ import annotations

import argparse
import io
import math
import struct
import sys
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import scenery
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).resolve().parent
GPS = ((37, 1), (46, 1), (2964, 100)), ((122, 1), (25, 1), (984, 100))
"""Latitude north and longitude west, as EXIF rationals: the degrees, minutes and seconds."""

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
Entry = tuple[int, int, bytes]


# --- metadata ----------------------------------------------------------------------------------


def rationals(*values: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<II", *value) for value in values)


def ifd(entries: Sequence[Entry], *, at: int, following: int = 0) -> bytes:
    """Lay out one TIFF directory that begins at offset *at*, with its values behind it."""
    width = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1}
    table, values = struct.pack("<H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, raw in sorted(entries):
        count = len(raw) // width[kind]
        if len(raw) > 4:
            cell = struct.pack("<I", behind + len(values))
            values += raw + b"\0" * (len(raw) % 2)
        else:
            cell = raw.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, count) + cell
    return table + struct.pack("<I", following) + values


def exif(*, orientation: int = 1, thumbnail: bytes = b"") -> bytes:
    """Build what a phone writes: camera, owner, serial number, comment, place and thumbnail.

    Pillow cannot write an embedded thumbnail, so the directories are laid out here (Exif 2.32,
    section 4.5).
    """

    def first(exif_at: int, gps_at: int, following: int) -> bytes:
        camera: list[Entry] = [
            (0x010E, ASCII, b"PLANTED description\0"),
            (0x010F, ASCII, b"PLANTED maker\0"),
            (0x0110, ASCII, b"PLANTED model\0"),
            (0x0112, SHORT, struct.pack("<H", orientation)),
            (0x011A, RATIONAL, rationals((72, 1))),
            (0x011B, RATIONAL, rationals((72, 1))),
            (0x0128, SHORT, struct.pack("<H", 2)),
            (0x0132, ASCII, b"2024:06:01 19:32:10\0"),
            (0x013B, ASCII, b"PLANTED artist\0"),
            (0x8769, LONG, struct.pack("<I", exif_at)),
            (0x8825, LONG, struct.pack("<I", gps_at)),
        ]
        return ifd(camera, at=8, following=following)

    shot: list[Entry] = [
        (0x829A, RATIONAL, rationals((1, 250))),
        (0x9000, UNDEFINED, b"0232"),
        (0x9003, ASCII, b"2024:06:01 19:32:10\0"),
        (0x9286, UNDEFINED, b"ASCII\0\0\0PLANTED comment"),
        (0xA430, ASCII, b"PLANTED owner\0"),
        (0xA431, ASCII, b"PLANTED serial\0"),
    ]
    place: list[Entry] = [
        (0x0000, BYTE, bytes((2, 3, 0, 0))),
        (0x0001, ASCII, b"N\0"),
        (0x0002, RATIONAL, rationals(*GPS[0])),
        (0x0003, ASCII, b"W\0"),
        (0x0004, RATIONAL, rationals(*GPS[1])),
    ]
    exif_at = 8 + len(first(0, 0, 0))
    gps_at = exif_at + len(ifd(shot, at=0))
    thumbnail_at = gps_at + len(ifd(place, at=0))

    def second(data_at: int) -> bytes:
        small: list[Entry] = [
            (0x0103, SHORT, struct.pack("<H", 6)),
            (0x0201, LONG, struct.pack("<I", data_at)),
            (0x0202, LONG, struct.pack("<I", len(thumbnail))),
        ]
        return ifd(small, at=thumbnail_at)

    directories = (
        first(exif_at, gps_at, thumbnail_at if thumbnail else 0) + ifd(shot, at=exif_at) + ifd(place, at=gps_at)
    )
    if thumbnail:
        directories += second(thumbnail_at + len(second(0))) + thumbnail
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directories


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 dc:rights="PLANTED rights" exif:GPSLatitude="37,46.494N" exif:GPSLongitude="122,25.164W"/></rdf:RDF></x:xmpmeta>"""


def icc(columns: str) -> bytes:
    """Build a matrix profile whose channels carry the primaries of sRGB in the order *columns*.

    ICC.1:2001-04. `icc("gbr")` says that the first channel is the green one: a reader that
    ignores the profile shows wrong colours that nobody can overlook.
    """
    primaries = {
        "r": (0.4360747, 0.2225045, 0.0139322),
        "g": (0.3850649, 0.7168786, 0.0971045),
        "b": (0.1430804, 0.0606169, 0.7141733),
    }

    def xyz(*values: float) -> bytes:
        fixed = struct.pack(">3i", *(round(value * 65536) for value in values))
        return b"XYZ \0\0\0\0" + fixed

    def linear(v: float) -> float:
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    curve = struct.pack(">256H", *(round(65535 * linear(i / 255)) for i in range(256)))
    name = f"PLANTED profile {columns}".encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78,
        b"cprt": b"text\0\0\0\0no rights reserved\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        **{f"{c}XYZ".encode(): xyz(*primaries[p]) for c, p in zip("rgb", columns, strict=True)},
        **{f"{c}TRC".encode(): b"curv\0\0\0\0\0\0\1\0" + curve for c in "rgb"},
    }
    table, data = struct.pack(">I", len(tags)), b""
    behind = 128 + 4 + 12 * len(tags)
    for tag, raw in tags.items():
        table += tag + struct.pack(">II", behind + len(data), len(raw))
        data += raw.ljust(-(-len(raw) // 4) * 4, b"\0")
    header = struct.pack(
        ">I4sI4s4s4s12s4s4s24s3i48s",
        behind + len(data),
        b"\0\0\0\0",
        0x02400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        struct.pack(">6H", 2024, 6, 1, 0, 0, 0),
        b"acsp",
        b"\0\0\0\0",
        b"\0" * 24,
        round(0.9642 * 65536),
        65536,
        round(0.8249 * 65536),
        b"\0" * 48,
    )
    return header + table + data


# --- drawing -----------------------------------------------------------------------------------


def font(size: float) -> ImageFont.FreeTypeFont:
    face = ImageFont.load_default(size)
    assert isinstance(face, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return face


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((160, 160))
    return encode(small, "JPEG", quality=60)


@cache
def beach(width: int, height: int) -> Image.Image:
    return scenery.beach(width, height)


def screen() -> Image.Image:
    """A messaging window beside a table: small text, flat colour, hard edges."""
    image = Image.new("RGB", (1440, 900), "#f2f4f7")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1440, 44), fill="#1f2937")
    for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        draw.ellipse((18 + 24 * n, 15, 32 + 24 * n, 29), fill=colour)
    draw.text((110, 12), "Trip to the coast", fill="#f9fafb", font=font(18))
    _people(draw)
    _bubbles(image, draw)
    _table(draw)
    return image


def _people(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 44, 260, 900), fill="#ffffff")
    people = [
        ("Ada", "The tide is out at nine.", "19:41"),
        ("Grace", "Bring the big umbrella", "19:20"),
        ("Linus", "Sent a picture", "18:03"),
        ("Margaret", "See you at the pier!", "12:55"),
        ("Dennis", "ok", "Mon"),
    ]
    for n, (name, last, when) in enumerate(people):
        top = 56 + 76 * n
        if n == 0:
            draw.rounded_rectangle((8, top - 4, 252, top + 64), 10, fill="#dbeafe")
        colour = ("#2563eb", "#db2777", "#059669", "#d97706", "#7c3aed")[n]
        draw.ellipse((20, top + 8, 62, top + 50), fill=colour)
        draw.text((41, top + 29), name[0], fill="white", font=font(20), anchor="mm")
        draw.text((76, top + 8), name, fill="#111827", font=font(16))
        draw.text((76, top + 32), last, fill="#6b7280", font=font(13))
        draw.text((244, top + 10), when, fill="#9ca3af", font=font(12), anchor="ra")


def _bubbles(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    talk = [
        ("in", "Did you get home safely?"),
        ("out", "Yes! The last bus was late, of course."),
        ("in", "Look at this evening. Nobody else on the beach:"),
        ("picture", ""),
        ("out", "Beautiful. Which camera was that?"),
        ("in", "Just the phone. 8 megapixels, straight out of it."),
        ("out", "It arrived in full colour and the right way up."),
    ]
    y = 66
    for side, text in talk:
        if side == "picture":
            image.paste(beach(1200, 900).resize((280, 210), Image.Resampling.LANCZOS), (284, y))
            y += 226
            continue
        wide = draw.textlength(text, font(17)) + 34
        left = 284 if side == "in" else 836 - wide
        fill, ink = ("#ffffff", "#111827") if side == "in" else ("#2563eb", "#ffffff")
        draw.rounded_rectangle((left, y, left + wide, y + 44), 18, fill=fill)
        draw.text((left + 17, y + 11), text, fill=ink, font=font(17))
        y += 62
    draw.rounded_rectangle((284, 836, 836, 880), 20, fill="#ffffff", outline="#cbd5e1")
    draw.text((304, 848), "Write a message...", fill="#94a3b8", font=font(16))


def _table(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle((870, 66, 1416, 880), 12, fill="#ffffff", outline="#e5e7eb")
    draw.text((894, 84), "Sea and weather", fill="#111827", font=font(22))
    heads = ["Day", "High tide", "Low tide", "Wind", "Water"]
    for column, head in enumerate(heads):
        draw.text((894 + 104 * column, 132), head, fill="#6b7280", font=font(14))
    for row in range(14):
        top = 160 + 36 * row
        if row % 2 == 0:
            draw.rectangle((882, top - 6, 1404, top + 28), fill="#f8fafc")
        high, low = 187 + 50 * row, 560 + 50 * row
        cells = [
            f"Jun {row + 1}",
            f"{high // 60 % 24:02}:{high % 60:02}",
            f"{low // 60 % 24:02}:{low % 60:02}",
            f"{6 + row * 7 % 13} kn",
            f"{15.2 + row * 0.3:.1f} °C",
        ]
        for column, cell in enumerate(cells):
            ink = "#dc2626" if column == 3 and row * 7 % 13 > 9 else "#1f2937"
            draw.text((894 + 104 * column, top), cell, fill=ink, font=font(15))
    points = [(900 + 8 * n, 770 - 55 * math.sin(n / 5.1) - 9 * math.sin(n / 2)) for n in range(63)]
    draw.line([(894, 850), (1400, 850)], fill="#9ca3af")
    draw.line(points, fill="#0891b2", width=3, joint="curve")
    draw.text((894, 856), "Water level at the pier, three days", fill="#6b7280", font=font(13))


def emblem() -> Image.Image:
    """A soft-edged logo; what is fully transparent is magenta underneath, as editors leave it."""
    size, over = 800, 4
    alpha = Image.new("L", (size * over, size * over))
    draw = ImageDraw.Draw(alpha)
    k = size * over / 100
    draw.rounded_rectangle((8 * k, 12 * k, 92 * k, 74 * k), 14 * k, fill=255)
    draw.polygon([(24 * k, 70 * k), (20 * k, 92 * k), (46 * k, 73 * k)], fill=255)
    alpha = alpha.resize((size, size), Image.Resampling.LANCZOS)
    shadow = alpha.filter(ImageFilter.GaussianBlur(14)).point([round(v * 0.45) for v in range(256)])
    shift = Image.new("L", (size, size))
    shift.paste(shadow, (0, 12))

    ramp = Image.linear_gradient("L").resize((size, size))
    bubble = Image.composite(Image.new("RGB", (size, size), "#0ea5e9"), Image.new("RGB", (size, size), "#6366f1"), ramp)
    draw = ImageDraw.Draw(bubble)
    k = size / 100
    draw.ellipse((64 * k, 22 * k, 76 * k, 34 * k), fill="#fde68a")
    draw.polygon([(16 * k, 64 * k), (38 * k, 30 * k), (60 * k, 64 * k)], fill="#ecfeff")
    draw.polygon([(46 * k, 64 * k), (63 * k, 42 * k), (82 * k, 64 * k)], fill="#a5f3fc")

    image = Image.new("RGB", (size, size), "#0f172a")
    image.paste(bubble, mask=alpha)
    cover = np.maximum(np.asarray(alpha), np.asarray(shift))
    pixels = np.dstack([np.asarray(image), cover])
    pixels[cover == 0] = (255, 0, 255, 0)
    return Image.fromarray(pixels)


def upright() -> Image.Image:
    """A portrait picture that says which way is up."""
    image = scenery.lake(900, 1200)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((250, 420, 650, 1000), 40, fill="#fff7ed", outline="#c2410c", width=10)
    draw.polygon([(450, 460), (590, 640), (310, 640)], fill="#c2410c")
    draw.rectangle((405, 640, 495, 780), fill="#c2410c")
    draw.text((450, 890), "UP", fill="#7c2d12", font=font(150), anchor="mm")
    return image


def chart() -> Image.Image:
    """A bar chart, as people share it: flat colour, thin lines, labels."""
    image = Image.new("RGB", (1080, 720), "#fffdf7")
    draw = ImageDraw.Draw(image)
    draw.text((60, 40), "Pictures sent per day", fill="#1c1917", font=font(40))
    for n in range(6):
        y = 620 - 90 * n
        draw.line((110, y, 1030, y), fill="#d6d3d1")
        draw.text((100, y), f"{n * 20}", fill="#78716c", font=font(20), anchor="rm")
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    for n, (day, value) in enumerate(zip(days, (42, 38, 51, 47, 68, 96, 83), strict=True)):
        x = 150 + 126 * n
        colour = "#f97316" if n >= 5 else "#0d9488"
        draw.rounded_rectangle((x, 620 - value * 4.5, x + 78, 620), 8, fill=colour)
        draw.text((x + 39, 608 - value * 4.5), str(value), fill="#1c1917", font=font(22), anchor="ms")
        draw.text((x + 39, 650), day, fill="#44403c", font=font(24), anchor="mm")
    return image


def page() -> Image.Image:
    """A letter as an office scanner stores it: one bit per pixel, slightly crooked."""
    image = Image.new("L", (1654, 2339), 255)
    draw = ImageDraw.Draw(image)
    lines = [
        "The Harbour Office",
        "12 Quay Street",
        "",
        "1 June 2024",
        "",
        "Dear neighbours,",
        "",
        "from Monday on, the small ferry leaves at ten past the hour and",
        "not, as printed on the old timetable, at a quarter to. The last",
        "crossing of the day is at 22:10. Bicycles travel free of charge",
        "as long as there is room for them; dogs always do.",
        "",
        "If you find an umbrella on board, please hand it to the crew.",
        "We have eleven by now and would like to see them go home.",
        "",
        "With kind regards,",
    ]
    for n, line in enumerate(lines):
        draw.text((200, 220 + 62 * n), line, fill=0, font=font(42 if n else 60))
    wave = [(220 + 5 * n, 1330 + 40 * math.sin(n / 3) * math.cos(n / 17)) for n in range(80)]
    draw.line(wave, fill=0, width=5, joint="curve")
    draw.rectangle((200, 1900, 1450, 1904), fill=0)
    image = image.rotate(0.7, Image.Resampling.BICUBIC, fillcolor=255)
    dirt = scenery.fractal(*image.size, seed=90, slope=0.6)
    return Image.fromarray(np.asarray(np.asarray(image) - 26 * dirt > 120))


def boat(tick: float) -> Image.Image:
    """One moment of a small boat rocking under the sun; *tick* goes from 0 to 1."""
    turn = 2 * math.pi * tick
    image = Image.new("RGB", (640, 480), "#bae6fd")
    draw = ImageDraw.Draw(image)
    x, y = 320 - 200 * math.cos(turn), 150 - 90 * math.sin(turn) ** 2
    draw.ellipse((x - 44, y - 44, x + 44, y + 44), fill="#fbbf24")
    hull = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(hull)
    pen.polygon([(210, 300), (430, 300), (390, 360), (250, 360)], fill="#b91c1c")
    pen.rectangle((316, 130, 324, 300), fill="#44403c")
    pen.polygon([(330, 140), (330, 285), (420, 285)], fill="#fafaf9")
    pen.polygon([(310, 160), (310, 285), (240, 285)], fill="#e7e5e4")
    hull = hull.rotate(6 * math.sin(turn), Image.Resampling.BICUBIC, center=(320, 360))
    image.paste(hull, (0, round(8 * math.sin(turn))), hull)
    for layer, colour in enumerate(("#38bdf8", "#0284c7", "#075985")):
        phase = turn * (1 if layer % 2 else -1)
        top = [(p, 345 + 34 * layer + 12 * math.sin(p / 50.93 + phase)) for p in range(0, 641, 8)]
        draw.polygon([*top, (640, 480), (0, 480)], fill=colour)
    return image


# --- the files ---------------------------------------------------------------------------------


def beach_jpg() -> bytes:
    image = beach(3264, 2448)
    return encode(image, "JPEG", quality=86, exif=exif(thumbnail=thumbnail(image)), xmp=XMP, comment=b"PLANTED COM")


def street_jpg() -> bytes:
    return encode(scenery.street(2000, 1333), "JPEG", quality=82, progressive=True)


def rotated_gps_jpg() -> bytes:
    stored = upright().transpose(Image.Transpose.ROTATE_90)
    seen = exif(orientation=6, thumbnail=thumbnail(stored))
    return encode(stored, "JPEG", quality=80, exif=seen, xmp=XMP, comment=b"PLANTED COM")


def swapped_profile_jpg() -> bytes:
    red, green, blue = beach(1200, 900).resize((800, 600), Image.Resampling.LANCZOS).split()
    stored = Image.merge("RGB", (green, blue, red))
    return encode(stored, "JPEG", quality=85, subsampling=0, icc_profile=icc("gbr"))


def panorama_48mp_jpg() -> bytes:
    small = scenery.mist(2000, 1500)
    image = small.resize((8000, 6000), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for x, y, size in ((5200, 1300, 90), (5420, 1220, 70), (5600, 1360, 60), (5300, 1480, 50)):
        draw.arc((x - 2 * size, y, x, y + size), 200, 340, fill="#3b4154", width=9)
        draw.arc((x, y, x + 2 * size, y + size), 200, 340, fill="#3b4154", width=9)
    return encode(image, "JPEG", quality=45, optimize=True, exif=exif(thumbnail=thumbnail(small)))


def photo_heic() -> bytes | None:
    """Needs pillow-heif, whose wheel bundles a GPL encoder: a tool for this script alone."""
    try:
        import pillow_heif  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    pillow_heif.register_heif_opener()
    return encode(scenery.lake(1600, 1200), "HEIF", quality=50, exif=exif())


def screenshot_png() -> bytes:
    return encode(screen(), "PNG", optimize=True)


def logo_png() -> bytes:
    return encode(emblem(), "PNG", optimize=True)


def animated_gif() -> bytes:
    frames = [boat(n / 10).resize((320, 240), Image.Resampling.LANCZOS) for n in range(10)]
    frames = [frame.quantize(48, dither=Image.Dither.NONE) for frame in frames]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=90, loop=0)


def graphic_webp() -> bytes:
    return encode(chart(), "WEBP", lossless=True, method=6)


def picture_avif() -> bytes:
    image = beach(1200, 900)
    return encode(image, "AVIF", quality=55, speed=8, max_threads=1, exif=exif()[6:])


def scan_tiff() -> bytes:
    return encode(page(), "TIFF", compression="group4", dpi=(200, 200))


def drawing_bmp() -> bytes:
    small = boat(0.2).resize((400, 300), Image.Resampling.LANCZOS)
    return encode(small.quantize(64, dither=Image.Dither.NONE), "BMP")


@cache
def _small_beach_jpg() -> bytes:
    return encode(beach(1200, 900), "JPEG", quality=85, exif=exif())


def truncated_jpg() -> bytes:
    """Cut between the quantisation tables: a JPEG by its first bytes, and nothing else."""
    whole = _small_beach_jpg()
    return whole[: whole.index(b"\xff\xdb") + 40]


def half_jpg() -> bytes:
    """Cut in the middle of the scan, as an interrupted transfer leaves it."""
    whole = _small_beach_jpg()
    return whole[: len(whole) * 6 // 10]


def not_a_photo_jpg() -> bytes:
    return b"This is a text file that somebody named .jpg.\nNo name makes it a photo.\n"


def empty_png() -> bytes:
    return b""


def report_docx() -> bytes:
    """The smallest Word document that Word opens (ECMA-376: content types, relations, body)."""
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": f'{xml}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
        "_rels/.rels": f'{xml}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'{xml}<w:document xmlns:w="http://schemas.openxmlformats.org/'
        'wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Quarterly report: the sea is still '
        "there.</w:t></w:r></w:p></w:body></w:document>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            member = zipfile.ZipInfo(name, (2024, 6, 1, 0, 0, 0))
            member.create_system = 3
            archive.writestr(member, text)
    return file.getvalue()


FIXTURES: dict[str, Callable[[], bytes | None]] = {
    "beach.jpg": beach_jpg,
    "street.jpg": street_jpg,
    "rotated_gps.jpg": rotated_gps_jpg,
    "swapped_profile.jpg": swapped_profile_jpg,
    "panorama_48mp.jpg": panorama_48mp_jpg,
    "photo.heic": photo_heic,
    "screenshot.png": screenshot_png,
    "logo.png": logo_png,
    "animated.gif": animated_gif,
    "graphic.webp": graphic_webp,
    "picture.avif": picture_avif,
    "scan.tiff": scan_tiff,
    "drawing.bmp": drawing_bmp,
    "truncated.jpg": truncated_jpg,
    "half.jpg": half_jpg,
    "not_a_photo.jpg": not_a_photo_jpg,
    "empty.png": empty_png,
    "report.docx": report_docx,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the files of fixtures/.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these files")
    parser.add_argument("--out", type=Path, default=HERE.parent / "fixtures")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(FIXTURES)
    if unknown:
        parser.error(f"no such fixture: {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or FIXTURES:
        content = FIXTURES[name]()
        if content is None:
            print(f"{name:22} left as it is: its encoder, pillow-heif, is not installed")
            continue
        (options.out / name).write_bytes(content)
        print(f"{name:22} {len(content):>9,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
