"""Fetching: polite, bounded, kept, and never in the way of a map."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from mmsprep.errors import Misconfigured
from mmsprep.place import Place
from mmsprep.tools import tiles
from mmsprep.tools.tiles import TileId, TileSource, fetch, needed
from mmsprep.tools.tiles.cache import holds_for
from mmsprep.tools.tiles.paste import draw

from .conftest import Answer, Server, slow, tile_png

PLACE = Place(50.8467, 4.3525, zoom=12)
COUNT = len(needed(PLACE, 12))

FAULTS = {
    "404": lambda tile: (404, {}, b"no"),
    "429": lambda tile: (429, {"Retry-After": "120"}, b"slow down"),
    "503": lambda tile: (503, {}, b"busy"),
    "HTML with 200": lambda tile: (200, {"Content-Type": "image/png"}, b"<html>log in</html>"),
    "huge": lambda tile: (200, {}, tile_png(tile) + bytes(2_000_000)),
    "slow": slow,
    "a redirect to another host": lambda tile: (302, {"Location": "http://127.0.0.2:1/x.png"}, b""),
    "cut off": lambda tile: (200, {}, tile_png(tile)[:60]),
    "a bomb": lambda tile: (200, {}, tile_png(tile, 5_000)),
}


def test_all_tiles_come_with_our_name_on_at_most_two_connections(server: Server, tmp_path: Path) -> None:
    assert fetch(PLACE, server.source(user_agent="mmsprep/1 (me@example.org)"), tmp_path / "tiles") == COUNT

    assert {each["user-agent"] for each in server.headers} == {"mmsprep/1 (me@example.org)"}
    assert server.most_at_once <= 2
    assert len(server.asked) == COUNT


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_gives_a_map_anyway_in_bounded_time(name: str, server: Server, tmp_path: Path) -> None:
    server.answer = FAULTS[name]
    source = server.source(
        cache=tmp_path / "cache", **{"tile_seconds": 0.4, "map_seconds": 2.0} if name == "slow" else {}
    )
    began = time.monotonic()
    count = fetch(PLACE, source, tmp_path / "tiles")
    taken = time.monotonic() - began
    # What begins like a picture is for the isolation to judge; nothing else gets there.
    assert count == (COUNT if name in ("cut off", "a bomb") else 0)

    picture, why = draw(PLACE, tmp_path / "tiles")
    assert picture is None  # the embedded map stands in
    assert why
    assert taken < (5 if name == "slow" else 20)
    asked = len(server.asked)
    fetch(PLACE, source, tmp_path / "again")
    assert len(server.asked) == asked, "a second map of the same place asks again"


def test_a_redirect_is_not_followed(server: Server, tmp_path: Path) -> None:
    elsewhere = f"http://localhost:{server.port}/1/0/0.png?elsewhere"
    server.answer = lambda tile: (200, {}, tile_png(tile)) if tile.zoom == 1 else (302, {"Location": elsewhere}, b"")

    assert fetch(PLACE, server.source(), tmp_path / "tiles") == 0
    assert not any("elsewhere" in path for path in server.asked)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_refuses_is_not_asked_for_the_other_tiles(status: int, server: Server, tmp_path: Path) -> None:
    server.answer = lambda tile: (status, {}, b"")
    fetch(PLACE, server.source(), tmp_path / "tiles")

    assert len(server.asked) <= 4


def test_no_module_takes_the_name_of_the_function(server: Server, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert tiles.fetch(PLACE, server.source(), tmp_path / name) == COUNT


def test_a_second_map_of_the_same_place_makes_no_request(server: Server, tmp_path: Path) -> None:
    source = server.source(cache=tmp_path / "cache")
    fetch(PLACE, source, tmp_path / "one")
    asked = len(server.asked)

    assert fetch(PLACE, source, tmp_path / "two") == COUNT
    assert len(server.asked) == asked == COUNT
    assert sorted(each.read_bytes() for each in (tmp_path / "one").iterdir()) == sorted(
        each.read_bytes() for each in (tmp_path / "two").iterdir()
    )


def test_an_old_tile_is_asked_about_and_kept_when_it_still_holds(server: Server, tmp_path: Path) -> None:
    server.answer = lambda tile: (200, {"Cache-Control": "max-age=0", "ETag": '"v1"'}, tile_png(tile))
    source = server.source(cache=tmp_path / "cache")
    fetch(PLACE, source, tmp_path / "one")
    server.answer = lambda tile: (304, {"Cache-Control": "max-age=600"}, b"")

    assert fetch(PLACE, source, tmp_path / "two") == COUNT
    assert server.headers[-1]["if-none-match"] == '"v1"'
    asked = len(server.asked)
    assert fetch(PLACE, source, tmp_path / "three") == COUNT
    assert len(server.asked) == asked


def test_an_old_tile_is_better_than_none(server: Server, tmp_path: Path) -> None:
    server.answer = lambda tile: (200, {"Cache-Control": "max-age=0"}, tile_png(tile))
    source = server.source(cache=tmp_path / "cache")
    fetch(PLACE, source, tmp_path / "one")
    server.answer = FAULTS["503"]

    assert fetch(PLACE, source, tmp_path / "two") == COUNT


def test_one_busy_moment_is_waited_out(server: Server, tmp_path: Path) -> None:
    first: list[TileId] = []

    def busy_once(tile: TileId) -> Answer:
        if not first:
            first.append(tile)
            return 503, {}, b""
        return 200, {}, tile_png(tile)

    server.answer = busy_once
    assert fetch(PLACE, server.source(), tmp_path / "tiles") == COUNT


def test_the_key_reaches_the_server_and_nothing_else(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = FAULTS["503"]
    template = server.source().template + "?key={key}"
    source = server.source(template=template, key="S3CRET/?", cache=tmp_path / "cache")
    fetch(PLACE, source, tmp_path / "tiles")

    assert "S3CRET%2F%3F" in server.asked[0]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"S3CRET" not in kept
    assert "S3CRET" not in caplog.text
    assert "S3CRET" not in repr(source)


def test_without_a_name_of_ones_own_the_server_hears_ours(server: Server, tmp_path: Path) -> None:
    fetch(PLACE, server.source(), tmp_path / "tiles")

    assert re.fullmatch(r"mmsprep/\d.*", server.headers[0]["user-agent"])


def test_a_server_that_is_not_there_gives_no_error(tmp_path: Path) -> None:
    source = TileSource(
        template="http://127.0.0.1:9/{z}/{x}/{y}", attribution="x", map_seconds=2, cache=tmp_path / "cache"
    )

    assert fetch(PLACE, source, tmp_path / "tiles") == 0
    assert "cannot be reached" in draw(PLACE, tmp_path / "tiles")[1]


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("ftp://example.org/{z}/{x}/{y}", "http"),
        ("https://example.org/{z}/{x}", "{y}"),
        ("https://example.org/{z}/{x}/{y}/{q}", "{q}"),
        ("https://{s}.example.org/{z}/{x}/{y}", "{s}"),
        ("https://example.org/{z}/{x}/{y}?k={key}", "key"),
        ("nowhere.pmtiles", "no file"),
        ("tiles.mbtiles", "neither"),
    ],
)
def test_a_template_that_cannot_work_is_named_at_once(template: str, fault: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        TileSource(template=template, attribution="x")
    assert fault in str(wrong.value)
    with pytest.raises(Misconfigured, match="attribution"):
        TileSource(template="https://example.org/{z}/{x}/{y}", attribution=" ")


@pytest.mark.parametrize(
    ("control", "age", "expires", "holds"),
    [
        ("", "", None, 7 * 86_400),
        ("max-age=3600", "", None, 3_600),
        ("public, max-age=3600", "600", None, 3_000),
        ("no-cache", "", None, 0),
        ("no-store", "", None, None),
        ("", "", 500.0, 500),
        ("max-age=999999999999", "", None, 365 * 86_400),
    ],
)
def test_how_long_a_tile_is_kept_is_the_servers_to_say(
    control: str, age: str, expires: float | None, holds: float | None
) -> None:
    assert holds_for(control, age, 0.0, expires) == holds
