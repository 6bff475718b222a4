"""Code points are found where PNG, HEIC and AVIF keep them, and nothing is made of what is broken."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from mmsprep.tools.raster.boxes import box
from mmsprep.tools.raster.cicp import code_points
from mmsprep.tools.raster.hdr import BT709, BT2020, HLG, P3, PQ, CodePoints

SRGB_CURVE = 13
PNG, AVIF, HEIC = "image/png", "image/avif", "image/heic"


def png(primaries: int, transfer: int) -> bytes:
    """Save a PNG with a chunk cICP."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    data = buffer.getvalue()
    body = b"cICP" + bytes((primaries, transfer, 0, 1))
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def avif(primaries: int, transfer: int, **options: object) -> bytes:
    """Save an AVIF and write other code points into its box."""
    buffer = BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "AVIF", speed=10, max_threads=1, **options)
    data = bytearray(buffer.getvalue())
    at = data.index(b"nclx") + 4
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


def full(kind: bytes, *parts: bytes) -> bytes:
    return box(kind, b"\0\0\0\0", *parts)


def colr(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 9, 128))


def heif(properties: list[bytes], links: dict[int, tuple[int, ...]], *more: bytes) -> bytes:
    """Write what describes item 1 and others, without any pixels."""
    linked = b"".join(struct.pack(">HB", item, len(numbers)) + bytes(numbers) for item, numbers in links.items())
    listed = box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(links)), linked))
    return box(b"ftyp", b"heic\0\0\0\0mif1") + full(b"meta", full(b"pitm", b"\0\1"), listed, *more)


def found(folder: Path, data: bytes, mime: str) -> CodePoints | None:
    path = folder / "picture"
    path.write_bytes(data)
    return code_points(path, mime)


@pytest.mark.parametrize(("primaries", "transfer"), [(BT2020, PQ), (BT2020, HLG), (P3, SRGB_CURVE)])
def test_they_are_read_from_either_container(tmp_path: Path, primaries: int, transfer: int):
    expected = CodePoints(primaries, transfer)
    assert found(tmp_path, png(primaries, transfer), PNG) == expected
    assert found(tmp_path, avif(primaries, transfer), AVIF) == expected
    assert found(tmp_path, heif([colr(primaries, transfer)], {1: (0x81,)}), HEIC) == expected


def test_what_viewers_show_as_it_is_has_none(tmp_path: Path):
    assert found(tmp_path, png(BT709, SRGB_CURVE), PNG) is None
    assert found(tmp_path, avif(BT709, SRGB_CURVE), AVIF) is None
    assert found(tmp_path, avif(2, 2), AVIF) is None
    assert found(tmp_path, b"\xff\xd8\xff\xe0", "image/jpeg") is None


def test_those_of_another_picture_in_the_file_are_not_the_shown_ones(tmp_path: Path):
    gain_map = {1: (1,), 2: (2,)}
    assert found(tmp_path, heif([box(b"ispe", b"\0" * 12), colr(BT2020, PQ)], gain_map), HEIC) is None
    assert found(tmp_path, heif([colr(P3, SRGB_CURVE), colr(BT2020, PQ)], gain_map), HEIC) == (P3, SRGB_CURVE)


def test_a_grid_without_its_own_has_those_of_its_tiles(tmp_path: Path):
    made_of = full(b"iref", box(b"dimg", struct.pack(">HHHH", 1, 2, 2, 3)))
    data = heif([colr(BT2020, HLG)], {2: (1,), 3: (1,)}, made_of)
    assert found(tmp_path, data, HEIC) == CodePoints(BT2020, HLG)


def test_a_profile_tells_colours_better_but_not_what_is_brighter_than_paper(tmp_path: Path):
    profile = box(b"colr", b"prof", b"\0" * 128)
    assert found(tmp_path, heif([profile, colr(P3, SRGB_CURVE)], {1: (1, 2)}), HEIC) is None
    assert found(tmp_path, heif([profile, colr(BT2020, PQ)], {1: (1, 2)}), HEIC) == CodePoints(BT2020, PQ)
    icc = bytes(pyvips.Image.profile_load("p3"))
    assert found(tmp_path, avif(BT709, SRGB_CURVE, icc_profile=icc), AVIF) is None


@pytest.mark.parametrize("mime", [PNG, AVIF, HEIC])
def test_a_file_cut_anywhere_has_its_points_or_none(tmp_path: Path, mime: str):
    whole = png(BT2020, PQ) if mime == PNG else avif(BT2020, PQ)
    seen = {found(tmp_path, whole[:cut], mime) for cut in range(0, min(len(whole), 700), 3)}
    assert seen == {None, CodePoints(BT2020, PQ)}


@pytest.mark.parametrize("broken", [b"\0\0\0\0meta", b"\0\0\0\x0cmeta\0\0\0\0", b"\0\0\0\x08meta", b"x" * 40])
def test_boxes_that_make_no_sense_have_none(tmp_path: Path, broken: bytes):
    assert found(tmp_path, box(b"ftyp", b"avif") + broken, AVIF) is None
