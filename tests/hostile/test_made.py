"""Every attack that `made` writes ends as it should, within the gates, and tells nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clips import ffmpeg, film, recording
from tests.hostile import made
from tests.hostile.conftest import Tried, all_bytes

from mmsprep.errors import Rejected
from mmsprep.prepared import Prepared

MB = 1_000_000
GATES = {".vcf": (128, 2), ".ics": (128, 2), ".json": (128, 2), ".geojson": (128, 2), ".pdf": (400, 6)}
PICTURE_GATE, FILM_GATE = (256, 4), (768, 60)
FILMS = {".mp4", ".mov", ".wav", ".mp3", ".mkv"}

Attempt = Callable[[Path], Tried]


def hold_gate(tried: Tried, name: str, *, decoded_megabytes: int = 0) -> None:
    """Demand the gates of docs/security.md: megabytes, and seconds of CPU."""
    suffix = Path(name).suffix
    megabytes, seconds = GATES.get(suffix, FILM_GATE if suffix in FILMS else PICTURE_GATE)
    assert tried.memory_bytes < (megabytes + decoded_megabytes) * MB
    assert tried.cpu_seconds < seconds


@pytest.mark.parametrize("name", made.REFUSED)
def test_a_bomb_or_a_lie_is_rejected_for_what_it_is(name: str, attempt: Attempt, tmp_path: Path) -> None:
    maker, reasons = made.REFUSED[name]
    (tmp_path / name).write_bytes(maker())
    tried = attempt(tmp_path / name)
    assert isinstance(tried.result, Rejected), tried.result
    assert tried.result.reason in reasons
    assert "cannot be decoded (" not in tried.result.message  # a parser's own words: nobody thought of this case
    hold_gate(tried, name)


@pytest.mark.parametrize("name", made.CLEANED)
def test_nothing_but_the_content_leaves(name: str, attempt: Attempt, tmp_path: Path) -> None:
    maker, kind = made.CLEANED[name]
    source = maker()
    assert made.MARK in source or name.startswith("tail")
    (tmp_path / name).write_bytes(source)
    tried = attempt(tmp_path / name)
    assert isinstance(tried.result, Prepared), tried.result
    assert tried.result.media
    for each in tried.result.media:
        assert each.path is not None
        data = all_bytes(each.path)
        assert each.facts.type.startswith(kind)
        assert each.facts.metadata == ()
        assert made.MARK not in data
        assert b"PK\x05\x06" not in data  # the end of an archive
        assert b"<script" not in data
        # It was written anew, and is what was looked at.
        assert data != source
        assert hashlib.sha256(each.path.read_bytes()).hexdigest() == each.sha256
    assert (tmp_path / name).read_bytes() == source
    hold_gate(tried, name)


@pytest.mark.parametrize("name", made.ENDS)
def test_what_may_end_either_way_ends_within_its_bounds(name: str, attempt: Attempt, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(made.ENDS[name]())
    tried = attempt(tmp_path / name)
    assert isinstance(tried.result, Prepared | Rejected), tried.result
    hold_gate(tried, name, decoded_megabytes=324 if name.startswith("81 mega") else 0)


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv", "song.mp3"])
def test_a_film_or_song_that_already_fits_still_loses_its_tags_and_its_tail(
    name: str, attempt: Attempt, tmp_path: Path
) -> None:
    path = tmp_path / name
    told = [
        word for key in ("title", "artist", "comment", "location") for word in ("-metadata", f"{key}={made.MARK!r}")
    ]
    if name == "song.mp3":
        recording(path, *told, "-b:a", "64k")
    else:
        film(
            path, *told, "-c:v", "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"
        )
    with path.open("ab") as file:
        file.write(made.archive())
    tried = attempt(path)
    assert isinstance(tried.result, Prepared), tried.result
    for each in tried.result.media:
        assert each.path is not None
        assert made.MARK not in each.path.read_bytes()
        assert b"PK\x05\x06" not in each.path.read_bytes()
        assert each.facts.metadata == ()
        ffmpeg("-i", each.path, "-f", "null", "-")
    hold_gate(tried, name)


def test_the_next_item_is_not_disturbed(attempt: Attempt, tmp_path: Path) -> None:
    sound = tmp_path / "sound.png"
    sound.write_bytes(made.png(width=60, height=60))
    for name in ("flate bomb.pdf", "gif of 1200 megapixels in all.gif", "jpeg of 500 scans.jpg"):
        (tmp_path / name).write_bytes(made.REFUSED[name][0]())
        assert isinstance(attempt(tmp_path / name).result, Rejected)
        assert isinstance(attempt(sound).result, Prepared)
