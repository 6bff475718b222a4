"""Valid files of each kind, broken at random: what leaves is clean and fits, and what does not is refused in words."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests import clips
from tests.hostile import made
from tests.hostile.test_made import Attempt, hold_gate

from mmsprep.errors import Rejected
from mmsprep.prepared import Prepared

FIXTURES = Path(__file__).parents[2] / "fixtures"
EXPLAINED = {
    "damaged", "unknown-type", "not-accepted", "ambiguous", "encrypted", "forbidden", "cannot-fit", "unreadable",
    "too-costly", "too-many-bytes", "too-many-pixels", "too-many-pages", "too-many-files", "too-long",
}  # fmt: skip


def written(maker: Callable[..., Path], suffix: str, *arguments: str, **options: object) -> bytes:
    with TemporaryDirectory() as folder:
        return maker(Path(folder) / f"source{suffix}", *arguments, **options).read_bytes()


film = partial(written, clips.film, seconds=0.4, size="64x48", rate="10")
recording = partial(written, clips.recording, seconds=0.4)


def frames(kind: str) -> bytes:
    pictures = [Image.effect_noise((24, 16), 60 + 20 * number).convert("RGB") for number in range(3)]
    pictures[0].save(out := io.BytesIO(), kind, save_all=True, append_images=pictures[1:], duration=80)
    return out.getvalue()


def picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    save: Callable[..., None] = Image.linear_gradient("L").resize((40, 30)).convert(mode).save
    save(out := io.BytesIO(), kind, **options)
    return out.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "baseline.jpg": made.jpeg_told,
    "progressive.jpg": partial(picture, "JPEG", progressive=True),
    "cmyk.jpg": partial(picture, "JPEG", "CMYK"),
    "told.png": made.png_told,
    "palette.png": partial(picture, "PNG", "P"),
    "still.gif": made.gif_told,
    "frames.gif": partial(frames, "GIF"),
    "frames.png": partial(frames, "PNG"),
    "told.webp": made.webp_told,
    "frames.webp": partial(frames, "WEBP"),
    "photo.heic": (FIXTURES / "photo.heic").read_bytes,
    "lzw.tiff": partial(picture, "TIFF", compression="tiff_lzw"),
    "picture.bmp": partial(picture, "BMP"),
    "picture.jp2": partial(picture, "JPEG2000"),
    "film.mp4": partial(film, ".mp4"),
    "film.mkv": partial(film, ".mkv"),
    "film.avi": partial(film, ".avi", "-c:v", "mpeg4"),
    "sound.wav": made.wav_with_tags,
    "sound.mp3": partial(recording, ".mp3"),
    "sound.m4a": partial(recording, ".m4a"),
    "sound.ogg": partial(recording, ".ogg", "-c:a", "libvorbis", "-ac", "2"),
    "told.pdf": made.pdf_told,
    "active.pdf": made.pdf_active,
    "card.vcf": made.card_told,
    "event.ics": made.event_told,
    "place.geojson": lambda: json.dumps(
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.35, 50.85]}, "properties": {}}
    ).encode(),
}
sound = cache(lambda name: KINDS[name]())

# What breaks parsers: lengths and counts at their extremes, and what ends or begins something.
TOKENS = [
    b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x00", b"\x00\x00\x00\x01",
    b"\xff\xd8", b"\xff\xd9", b"IEND", b"moov", b"mdat", b"\r\n", b"BEGIN:VCARD\r\n", b"endobj", b"stream\n",
    b"<<", b">>", b"\0" * 64,
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """Break *data* in up to four places, as wires, disks and attackers do."""
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(out) - 1)))
        length = draw(st.sampled_from([1, 2, 4, 16, 256]))
        how = draw(st.sampled_from(["flip", "random", "token", "insert", "delete", "double", "cut"]))
        if how == "flip" and out:
            out[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "random":
            out[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif how == "token":
            token = draw(st.sampled_from(TOKENS))
            out[at : at + len(token)] = token
        elif how == "insert":
            out[at:at] = draw(st.sampled_from(TOKENS))
        elif how == "delete":
            del out[at : at + length]
        elif how == "double":
            out[at:at] = out[at : at + length] * draw(st.integers(1, 8))
        else:
            del out[at:]
    return bytes(out)


def check(name: str, data: bytes, attempt: Attempt, folder: Path) -> None:
    (folder / name).write_bytes(data)
    tried = attempt(folder / name)
    result = tried.result
    if isinstance(result, Prepared):
        assert result.media
        for each in result.media:
            assert each.facts.metadata == ()
            assert 0 < each.facts.bytes < 1_500_000
            assert each.path is not None
            assert each.path.stat().st_size == each.facts.bytes
    else:
        assert isinstance(result, Rejected), result  # never a fault of ours
        assert result.reason in EXPLAINED
        assert result.message.startswith(f"{name}: ")
    hold_gate(tried, name)


@pytest.mark.parametrize("name", KINDS)
def test_the_unbroken_file_is_ready(name: str, attempt: Attempt, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(sound(name))
    assert isinstance(attempt(tmp_path / name).result, Prepared)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(choices=st.data())
def test_a_broken_file_is_refused_in_words_or_leaves_clean(
    name: str, attempt: Attempt, tmp_path: Path, choices: st.DataObject
) -> None:
    check(name, choices.draw(mutations(sound(name))), attempt, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(choices=st.data())
def test_many_broken_files_are_refused_in_words_or_leave_clean(
    name: str, attempt: Attempt, tmp_path: Path, choices: st.DataObject
) -> None:
    check(name, choices.draw(mutations(sound(name))), attempt, tmp_path)
