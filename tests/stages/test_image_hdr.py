"""Pictures of more light or colour than a plain screen shows come out as they look on paper."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from io import BytesIO
from math import inf, log, sqrt
from pathlib import Path

import pytest
import pyvips
from PIL import Image, ImageChops, ImageStat
from tests.heics import heic

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.image import STAGE
from mmsprep.tools.animation import frames
from mmsprep.tools.preview import previews
from mmsprep.tools.raster.hdr import BT2020, HLG, P3, PQ, CodePoints, to_srgb

JPEG_ONLY = Profile(name="jpeg", types=frozenset({"image/jpeg"}), max_bytes=600_000)
PAPER, PEAK = 203.0, 1000.0
SRGB_CURVE = 13
SOFT = "gradients=c0=0x304060:c1=0xa09050:nb_colors=2:x0=0:y0=0:x1=500:y1=500:speed=0.00001:"
# ITU-R BT.2087, table 1.
BT709_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))

Light = tuple[float, float, float]


def patches(low: int = 20, high: int = 200) -> Image.Image:
    """Paint 100 patches of colours, by default none brighter than what each of the curves shows as it is."""
    chance = random.Random(7)
    small = Image.frombytes("RGB", (10, 10), bytes(chance.randrange(low, high) for _ in range(300)))
    return small.resize((320, 320), Image.Resampling.NEAREST)


def recoded(picture: Image.Image, curve: Callable[[Light], Light]) -> Image.Image:
    """Write an sRGB picture's light, where 1 is the white of paper, in BT.2020 and by a curve."""

    def code(pixel: tuple[int, int, int]) -> tuple[int, ...]:
        red, green, blue = (((v / 255 + 0.055) / 1.055) ** 2.4 if v > 10 else v / 255 / 12.92 for v in pixel)
        wide = [row[0] * red + row[1] * green + row[2] * blue for row in BT709_TO_BT2020]
        return tuple(round(255 * part) for part in curve((wide[0], wide[1], wide[2])))

    colours = {pixel: code(pixel) for _, pixel in picture.getcolors(1000)}
    changed = Image.new("RGB", picture.size)
    changed.putdata([colours[pixel] for pixel in picture.get_flattened_data()])
    return changed


def pq(light: Light) -> Light:
    """Follow BT.2100's inverse PQ curve."""

    def code(part: float) -> float:
        power = (part * PAPER / 10_000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375

    red, green, blue = map(code, light)
    return red, green, blue


def hlg(light: Light) -> Light:
    """Follow BT.2100's inverse HLG OOTF for 1000 nits, then its OETF."""
    shown = [part * PAPER / PEAK for part in light]
    luminance = 0.2627 * shown[0] + 0.6780 * shown[1] + 0.0593 * shown[2]

    def code(part: float) -> float:
        scene = part * luminance ** (1 / 1.2 - 1)
        return sqrt(3 * scene) if scene <= 1 / 12 else 0.17883277 * log(12 * scene - 0.28466892) + 0.55991073

    red, green, blue = map(code, shown)
    return red, green, blue


def avif(picture: Image.Image, primaries: int, transfer: int, *more: Image.Image) -> bytes:
    """Write an AVIF, or with *more* frames an AVIF sequence, of these code points."""
    buffer = BytesIO()
    options = {"quality": 100, "subsampling": "4:4:4", "speed": 10, "max_threads": 1}
    picture.save(buffer, "AVIF", save_all=bool(more), append_images=more, **options)
    before, _, _ = buffer.getvalue().partition(b"nclx")
    plain = buffer.getvalue()[len(before) :][:8]
    return buffer.getvalue().replace(plain, b"nclx" + struct.pack(">HH", primaries, transfer))


def prepared(folder: Path, data: bytes) -> Image.Image:
    source = folder / "source"
    source.write_bytes(data)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    job = Job(profile=JPEG_ONLY, workdir=work)
    (path,) = STAGE.run(Media(source, "source", detect(source, Limits())), job)
    facts = detect(path, Limits())
    assert JPEG_ONLY.objection(facts) is None
    assert facts.metadata == ()
    return Image.open(path)


def off_by(first: Image.Image, second: Image.Image) -> float:
    """Give the mean difference in levels of 255, at the middles of patches: colours bleed at their edges."""
    middles = [each.convert("RGB").resize((10, 10), Image.Resampling.NEAREST) for each in (first, second)]
    return sum(ImageStat.Stat(ImageChops.difference(*middles)).mean) / 3


@pytest.mark.parametrize(("transfer", "curve"), [(PQ, pq), (HLG, hlg)])
def test_an_avif_of_high_dynamic_range_looks_as_it_does_on_paper(
    tmp_path: Path, transfer: int, curve: Callable[[Light], Light]
):
    meant = patches()
    source = recoded(meant, curve)
    assert off_by(meant, source) > 10
    # A step of 8-bit PQ is 4 % of light.
    assert off_by(meant, prepared(tmp_path, avif(source, BT2020, transfer))) < 5


def test_every_frame_of_an_avif_sequence_looks_so_too(tmp_path: Path):
    meant = [patches(), patches().rotate(90)]
    path = tmp_path / "moving.avif"
    path.write_bytes(avif(recoded(meant[0], pq), BT2020, PQ, recoded(meant[1], pq)))
    seen = [frame for frame, _ in frames.shown(path, "image/avif")]
    assert len(seen) == 2
    assert max(map(off_by, meant, seen)) < 6


def test_a_thumbnail_shows_the_source_as_what_is_sent(tmp_path: Path):
    source = tmp_path / "source.avif"
    source.write_bytes(avif(recoded(patches(), hlg), BT2020, HLG))
    media = Media(source, source.name, detect(source, Limits()))
    # What is counted is this process's CPU, all the tests before included.
    (drawn,) = previews(media, (), Job(profile=JPEG_ONLY, workdir=tmp_path), cpu_seconds=inf)
    assert off_by(patches(), Image.open(tmp_path / drawn["file"])) < 6


def test_an_avif_in_p3_is_shown_as_its_profile_would_show_it(tmp_path: Path):
    picture = patches(0, 256)
    expected = through_p3(picture)
    assert off_by(picture, expected) > 6
    assert off_by(expected, prepared(tmp_path, avif(picture, P3, SRGB_CURVE))) < 2


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_heic_is_shown_by_its_code_points(tmp_path: Path, transfer: int):
    boxes = (nclx(1, SRGB_CURVE), nclx(BT2020, transfer))
    plain, tagged = (heic(tmp_path, 2, 1, turn=box, card=SOFT).read_bytes() for box in boxes)
    as_numbers = prepared(tmp_path, plain).convert("RGB")
    expected = to_srgb(as_numbers, CodePoints(BT2020, transfer))
    assert off_by(as_numbers, expected) > 4
    assert off_by(expected, prepared(tmp_path, tagged)) < 2


def nclx(primaries: int, transfer: int) -> bytes:
    """Write a box of code points whose matrix and range are what the tiles were coded with."""
    return struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", primaries, transfer, 6, 0)


def through_p3(picture: Image.Image) -> Image.Image:
    """Let libvips bring P3 to sRGB."""
    source = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, 3, "uchar").copy(interpretation="srgb")
    shown = source.icc_transform("srgb", input_profile="p3", intent="relative", black_point_compensation=True)
    return Image.frombytes("RGB", picture.size, shown.write_to_memory())


def ultra_hdr(base: Image.Image) -> bytes:
    """Put a gain map behind a picture in P3, as Android does: a second JPEG, MPF to find it, XMP to tell of it."""
    told = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description hdrgm:Version="1.0" PLANTED="1"/></x:xmpmeta>'
    brighter = Image.linear_gradient("L").resize((base.width // 4, base.height // 4))
    buffer = BytesIO()
    base.save(
        buffer,
        "MPO",
        save_all=True,
        append_images=[brighter],
        quality=95,
        subsampling=0,
        xmp=told,
        icc_profile=bytes(pyvips.Image.profile_load("p3")),
    )
    return buffer.getvalue()


def test_a_gain_map_gives_way_to_the_picture_that_every_screen_shows(tmp_path: Path):
    data = ultra_hdr(patches())
    assert data.count(b"\xff\xd8\xff") == 2
    assert b"MPF\0" in data
    shown = prepared(tmp_path, data)
    assert off_by(through_p3(patches()), shown) < 2
    written = Path(shown.filename).read_bytes()
    assert written.count(b"\xff\xd8\xff") == 1
    assert not any(planted in written for planted in (b"MPF", b"hdrgm", b"PLANTED", b"ICC_PROFILE"))
