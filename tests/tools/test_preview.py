"""What a person recognises a file by is drawn where it can be, the right way up, and never costs the item."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from tests.clips import ffmpeg, film

from mmsprep import defaults
from mmsprep.errors import Rejected
from mmsprep.items import Items, Made
from mmsprep.profile import load
from mmsprep.receive import Preview, receive
from mmsprep.settings import Settings


@pytest.fixture(scope="module")
def items() -> Items:
    return Items(Settings(), defaults.stage_names())


def made(items: Items, source: Path | str, shelf: Path) -> Made:
    return items.make(str(source), load(), shelf, previews=True)


def drawn(preview: Preview) -> Image.Image:
    assert preview.picture is not None
    with Image.open(BytesIO(preview.picture)) as picture:
        return picture.convert("RGB")


def test_a_picture_shows_its_source_and_its_result_upright(items: Items, fixtures: Path, tmp_path: Path) -> None:
    before, after = made(items, fixtures / "rotated_gps.jpg", tmp_path).received.previews
    assert (before.part, after.part) == (0, 1)
    for each in (before, after):
        assert drawn(each).size == (270, 360)
        assert not Image.open(BytesIO(each.picture or b"")).getexif()


def test_a_film_shows_a_frame_the_right_way_up(items: Items, tmp_path: Path) -> None:
    film(tmp_path / "plain.mp4", "-vf", "drawbox=w=160:h=90:color=white:t=fill", sound="")
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "plain.mp4", "-c", "copy", tmp_path / "turned.mov")
    before, after = made(items, tmp_path / "turned.mov", tmp_path).received.previews
    for each in map(drawn, (before, after)):
        assert each.height > each.width
        # What was the upper left corner is the lower left one after a quarter turn to the left.
        corner = each.crop((10, each.height - 100, 90, each.height - 20)).convert("L")
        assert corner.getextrema()[0] > 220


def test_cards_tell_their_words(items: Items, tmp_path: Path) -> None:
    card = tmp_path / "ada.vcf"
    card.write_text(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ada <b>Byron</b>\nN:Byron;Ada;;;\nTEL:+14155550123\nEND:VCARD\n", encoding="utf-8"
    )
    _, told = made(items, card, tmp_path).received.previews
    assert told.words["name"] == "Ada <b>Byron</b>"
    assert told.words["phone"] == "+14155550123"


def test_a_place_shows_its_map_and_its_card(items: Items, tmp_path: Path) -> None:
    seen = {each.part: each for each in made(items, "geo:-18.14,178.44", tmp_path).received.previews}
    assert drawn(seen[1]).size == (360, 270)
    assert "-18.14" in seen[2].words["link"]


def test_a_calendar_tells_what_and_when(items: Items, tmp_path: Path) -> None:
    lines = "BEGIN:VCALENDAR VERSION:2.0 BEGIN:VEVENT UID:1 DTSTART:20270101T090000Z SUMMARY:Tea END:VEVENT"
    (tmp_path / "tea.ics").write_text("\r\n".join([*lines.split(), "END:VCALENDAR", ""]), encoding="utf-8")
    profile = replace(load(), types=load().types | {"text/calendar"})
    _, told = items.make(tmp_path / "tea.ics", profile, tmp_path, previews=True).received.previews
    assert told.words == {"event": "Tea", "starts": "2027-01-01 09:00 UTC"}


def test_a_film_that_begins_black_shows_a_later_frame(items: Items, tmp_path: Path) -> None:
    film(tmp_path / "dark.mp4", "-vf", "fade=in:st=0.4:d=0.2", seconds=2, sound="")
    for each in made(items, tmp_path / "dark.mp4", tmp_path).received.previews:
        assert ImageStat.Stat(drawn(each).convert("L")).stddev[0] > 8


def test_nothing_is_drawn_unasked(items: Items, fixtures: Path, tmp_path: Path) -> None:
    assert items.make(fixtures / "half.jpg", load(), tmp_path).received.previews == ()


@pytest.mark.parametrize(
    "forged",
    [
        {"part": 0, "file": "../secret.webp"},
        {"part": 0, "file": "9.webp"},
        {"part": -1, "words": {}},
        {"part": 0, "words": {"name": 3}},
        {"part": 0, "words": {str(each): "x" for each in range(33)}},
        "preview",
    ],
    ids=str,
)
def test_a_preview_is_believed_only_as_far_as_it_can_be_looked_at(forged: object, tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"1234")
    (tmp_path / "9.webp").write_bytes(b"<script>alert(1)</script>")
    facts = {"type": "image/jpeg", "bytes": 4}
    result = {"original": facts, "outputs": [{"file": "0.jpg", "facts": facts}], "links": [], "steps": []}
    result |= {"warnings": [], "texts": [], "previews": [forged]}
    with pytest.raises(Rejected, match="sound result"):
        receive(result, tmp_path, load())
