"""What a file is, by its content: names never decide, two parsers must agree, headers are held against limits."""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Facts

LIMITS = Limits()


def measured(path: Path, content: bytes | None = None, limits: Limits = LIMITS) -> Facts:
    if content is not None:
        path.write_bytes(content)
    return detect(path, limits)


def encoded(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)  # type: ignore[arg-type]
    return file.getvalue()


NOISE = Image.effect_noise((60, 40), 40).convert("RGB")


@pytest.mark.parametrize(
    ("fixture", "mime", "size", "metadata"),
    [
        ("rotated_gps.jpg", "image/jpeg", (900, 1200), {"exif", "gps", "comment"}),
        ("photo.heic", "image/heic", (1600, 1200), {"exif", "gps"}),
        ("picture.avif", "image/avif", (1200, 900), {"exif", "gps"}),
        ("graphic.webp", "image/webp", (1080, 720), set()),
        ("scan.tiff", "image/tiff", (1654, 2339), set()),
        ("drawing.bmp", "image/bmp", (400, 300), set()),
        ("logo.png", "image/png", (800, 800), set()),
        ("panorama_48mp.jpg", "image/jpeg", (8000, 6000), set()),
    ],
)
def test_each_kind_of_picture_is_measured(
    fixtures: Path, fixture: str, mime: str, size: tuple[int, int], metadata: set[str]
) -> None:
    facts = measured(fixtures / fixture)
    assert (facts.type, (facts.width, facts.height)) == (mime, size)
    assert metadata <= set(facts.metadata)


def test_the_name_does_not_decide(tmp_path: Path) -> None:
    assert measured(tmp_path / "photo.png", encoded(NOISE, "JPEG")).type == "image/jpeg"
    assert measured(tmp_path / "photo.jpg", b"just text, called a photo\n").type == "text/plain"


def test_an_animation_is_told_from_a_still(fixtures: Path, tmp_path: Path) -> None:
    assert measured(fixtures / "animated.gif").frames == 10
    assert measured(tmp_path / "a.gif", encoded(NOISE, "GIF")).frames is None
    frames = [NOISE, NOISE.rotate(90)]
    for kind in ("PNG", "WEBP"):
        animated = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert measured(tmp_path / "a", animated).frames == 2


def test_alpha_and_progressive_are_seen(tmp_path: Path) -> None:
    assert measured(tmp_path / "a", encoded(NOISE.convert("RGBA"), "PNG")).alpha
    assert not measured(tmp_path / "a", encoded(NOISE, "PNG")).alpha
    assert measured(tmp_path / "a", encoded(NOISE, "JPEG", progressive=True)).progressive
    assert not measured(tmp_path / "a", encoded(NOISE, "JPEG")).progressive


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0\0\x10JFIF", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20])
def test_what_is_empty_or_cut_in_its_header_is_damaged(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="damaged"):
        measured(tmp_path / "a.jpg", content)


def test_an_eps_called_jpg_starts_no_interpreter(tmp_path: Path) -> None:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/owned) (w) file\n"
    assert measured(tmp_path / "a.jpg", eps).type == "application/postscript"


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_a_bomb_is_refused_from_its_header_by_its_size(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"x") + png_chunk(b"IEND", b"")
    with pytest.raises(Rejected, match="too-many-pixels: 900 megapixels"):
        measured(tmp_path / "a", png)
    with pytest.raises(Rejected, match=r"too-many-pixels: 0 megapixels; 0 is the most"):
        measured(tmp_path / "a", encoded(NOISE, "PNG"), replace(LIMITS, pixels=2_000))


def test_limits_on_bytes_frames_and_scans_hold(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="too-many-bytes"):
        measured(fixtures / "beach.jpg", limits=replace(LIMITS, picture_bytes=1_000))
    with pytest.raises(Rejected, match="too-costly: 10 frames; 9 is the most"):
        measured(fixtures / "animated.gif", limits=replace(LIMITS, frames=9))
    with pytest.raises(Rejected, match="too-costly: 10 frames of 320 × 240"):
        measured(fixtures / "animated.gif", limits=replace(LIMITS, animation_pixels=700_000))
    with pytest.raises(Rejected, match="too-costly: a progressive JPEG"):
        measured(tmp_path / "a", encoded(NOISE, "JPEG", progressive=True), replace(LIMITS, scans=2))


def test_what_follows_a_pngs_end_is_seen(tmp_path: Path) -> None:
    assert measured(tmp_path / "a", encoded(NOISE, "PNG") + b"PK\x05\x06").metadata == ("trailer",)


def test_pngs_exif_turns_the_picture_wherever_it_stands(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    early = encoded(NOISE, "PNG", exif=exif)
    block = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    late = encoded(NOISE, "PNG").replace(png_chunk(b"IEND", b""), block + png_chunk(b"IEND", b""))
    for content in (early, late):
        facts = measured(tmp_path / "a", content)
        assert (facts.width, facts.height, facts.metadata) == (40, 60, ("exif",))


KINDS = {kind: encoded(NOISE, kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "JPEG2000")}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32), cut=st.floats(0, 1))
def test_a_mutated_file_gives_facts_or_a_rejection_and_nothing_else(
    tmp_path: Path, kind: str, seed: int, cut: float
) -> None:
    content = bytearray(KINDS[kind])
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path = tmp_path / "mutated"
    path.write_bytes(bytes(content[: max(1, int(len(content) * cut))]))
    try:
        assert detect(path, LIMITS).bytes == path.stat().st_size
    except Rejected as rejected:
        assert rejected.message
