"""The map stage: picture, card and link, as every profile takes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mmsprep import profile
from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.place import Place, from_vcard
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.map import STAGE
from mmsprep.tools import mapdraw
from mmsprep.tools.tiles import FOLDER, needed

SUVA = Place(-18.14, 178.44, label="Grandma’s, Suva")
SMALL = replace(profile.load("pantheon"), max_bytes=30_000, max_side=640, max_short_side=480)
NO_CARDS = Profile(name="jpeg", types=frozenset({"image/jpeg"}))
PNG_ALONE = Profile(name="png", types=frozenset({"image/png"}), max_bytes=45_000)

Run = Callable[..., tuple[list[Path], Job]]


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """Draw each map once: what is tested here is what becomes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapdraw, "draw", cache(mapdraw.draw))
        yield


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def _run(place: Place, allowed: Profile, tiles: Path | None = None) -> tuple[list[Path], Job]:
        workdir = tmp_path / "work"
        shutil.rmtree(workdir, ignore_errors=True)
        workdir.mkdir()
        if tiles:
            shutil.copytree(tiles, workdir / FOLDER)
        source = tmp_path / "source"
        source.write_bytes(place.to_geojson())
        media = Media(source, "place", detect(source, Limits()))
        assert STAGE.accepts(media, allowed)
        job = Job(profile=allowed, workdir=workdir)
        return list(STAGE.run(media, job)), job

    return _run


@pytest.mark.parametrize("name", profile.names())
def test_every_profile_takes_what_comes_out(name: str, run: Run) -> None:
    allowed = profile.load(name)
    paths, job = run(SUVA, allowed)

    for path in paths:
        facts = detect(path, Limits())
        assert allowed.objection(facts) is None
        assert facts.metadata == ()
    assert job.texts == ["https://www.google.com/maps/search/?api=1&query=-18.14,178.44"]
    assert job.warnings == []


def test_a_place_gives_a_picture_and_a_card_that_leads_back_to_it(run: Run) -> None:
    (picture, card), _ = run(SUVA, profile.load("pantheon"))

    assert detect(picture, Limits()).width == 1200
    assert card.name.endswith(".loc.vcf")
    assert from_vcard(card.read_text(encoding="utf-8")) == SUVA


def test_a_profile_without_cards_gets_the_picture_alone(run: Run) -> None:
    paths, job = run(SUVA, NO_CARDS)

    assert [detect(path, Limits()).type for path in paths] == ["image/jpeg"]
    assert job.texts == [SUVA.link()]


def test_an_old_handset_gets_the_older_card(run: Run) -> None:
    paths, _ = run(SUVA, replace(profile.load("pantheon"), vcard="2.1"))

    assert b"VERSION:2.1" in paths[1].read_bytes()


@pytest.mark.parametrize(
    "allowed", [SMALL, PNG_ALONE, replace(SMALL, types=frozenset({"image/jpeg"}), max_bytes=12_000)]
)
def test_a_small_budget_still_gives_a_map(allowed: Profile, run: Run) -> None:
    paths, _ = run(SUVA, allowed)

    facts = detect(paths[0], Limits())
    assert facts.bytes < allowed.limit(facts)
    assert allowed.objection(facts) is None
    assert (facts.width or 0) >= 400


def test_a_pixel_cap_halves_the_density_and_not_the_letters(run: Run) -> None:
    paths, _ = run(SUVA, SMALL)

    facts = detect(paths[0], Limits())
    assert (facts.width, facts.height) == (600, 450)


@pytest.mark.parametrize(
    ("label", "said"), [("東京タワー", "and not on the map"), ("🎉 Party", "only in part on the map")]
)
def test_letters_that_cannot_be_drawn_are_told_and_kept_in_the_card(label: str, said: str, run: Run) -> None:
    place = replace(SUVA, label=label)
    paths, job = run(place, profile.load("pantheon"))

    assert any(said in warning for warning in job.warnings)
    assert from_vcard(paths[1].read_text(encoding="utf-8")) == place


def test_the_same_place_gives_the_same_bytes(run: Run) -> None:
    first = [path.read_bytes() for path in run(SUVA, profile.load("pantheon"))[0]]
    mapdraw.draw.cache_clear()  # type: ignore[attr-defined]

    assert [path.read_bytes() for path in run(SUVA, profile.load("pantheon"))[0]] == first


def test_tiles_that_were_fetched_are_the_map(run: Run, tmp_path: Path) -> None:
    tiles = tmp_path / "fetched"
    tiles.mkdir()
    buffer = BytesIO()
    Image.new("RGB", (256, 256), "#00aa00").save(buffer, "PNG")
    for tile in needed(SUVA, 15):
        (tiles / tile.file).write_bytes(buffer.getvalue())
    manifest = {"zoom": 15, "attribution": "© Us", "why": ""}
    (tiles / "tiles.json").write_text(json.dumps(manifest), encoding="utf-8")

    paths, job = run(SUVA, profile.load("pantheon"), tiles)
    with Image.open(paths[0]) as picture:
        assert picture.convert("RGB").getpixel((300, 300)) == (0, 170, 0)
    assert job.warnings == []

    (tiles / needed(SUVA, 15)[0].file).unlink()
    (tiles / "tiles.json").write_text(json.dumps(manifest | {"why": "the tile server answered 503"}), encoding="utf-8")
    paths, job = run(SUVA, profile.load("pantheon"), tiles)
    with Image.open(paths[0]) as picture:
        assert picture.convert("RGB").getpixel((300, 300)) != (0, 170, 0)
    assert job.warnings == ["the tile server answered 503; the map comes from the embedded world map"]
