"""What the drawn map looks like, by what can be measured: the pin, the names, the ground, the cost."""

from __future__ import annotations

import time

import pytest
from PIL import Image, ImageColor, ImageDraw

from mmsprep.place import Place
from mmsprep.tools import basemap, mapdraw
from mmsprep.tools.mapdraw import furniture, ground, labels
from mmsprep.tools.mapdraw.caption import caption
from mmsprep.tools.mapdraw.palette import DARK, LIGHT, PALETTES
from mmsprep.tools.mapdraw.type import Face, writable

PLACES = {
    "Fiji": (-18.14, 178.44),
    "the north pole": (90, 0),
    "the south pole": (-90, 0),
    "Brussels": (50.8467, 4.3525),
    "mid-Pacific": (5, -150),
    "the date line": (52, 180),
    "the date line from the other side": (52, -180),
    "Null Island": (0, 0),
    "Pitcairn": (-25.066, -130.1),
    "New York": (40.758, -73.985),
    "the edge of Mercator": (81.99, 20),
}


def colour(name: str) -> tuple[int, ...]:
    return ImageColor.getrgb(name)


def closeness(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> list[labels.Sheet]:
    """The sheets on which names were written."""
    made: list[labels.Sheet] = []
    original = labels.write

    def remember(sheet: labels.Sheet, *args: object, **kwargs: object) -> None:
        made.append(sheet)
        original(sheet, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(labels, "write", remember)
    return made


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [(600, 450), (601, 451)])
def test_the_pin_ends_in_the_middle_pixel(scale: int, size: tuple[int, int]) -> None:
    picture = Image.new("RGB", (size[0] * scale, size[1] * scale), "#00ff00")
    furniture.draw_pin(picture, LIGHT, scale)

    x, y = picture.width // 2, picture.height // 2
    edge = colour(LIGHT.pin_edge)
    red = [column for column in range(picture.width) if closeness(picture.getpixel((column, y)), edge) < 60]  # type: ignore[arg-type]
    below = [column for column in range(picture.width) if closeness(picture.getpixel((column, y + 1)), edge) < 60]  # type: ignore[arg-type]
    assert x in red
    assert abs(min(red) + max(red) - 2 * x) <= 1
    assert len(red) <= 1 + 2 * scale
    assert below == []


@pytest.mark.parametrize("name", PLACES)
def test_any_place_has_a_map_with_its_pin_in_the_middle_and_no_name_on_another(
    name: str, sheets: list[labels.Sheet]
) -> None:
    style = "dark" if "pole" in name else "light"
    picture = mapdraw.draw(Place(*PLACES[name], style=style))

    assert picture.size == (1200, 900)
    assert closeness(picture.getpixel((600, 450)), colour(PALETTES[style].pin_edge)) < 70  # type: ignore[arg-type]
    assert closeness(picture.getpixel((600, 450 - 40)), colour(PALETTES[style].pin)) < 20  # type: ignore[arg-type]
    boxes = sheets[0].taken
    assert len(boxes) >= 4
    for at, one in enumerate(boxes):
        assert one[2] <= picture.width + 20
        for other in boxes[at + 1 :]:
            assert not (one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]), (
                one,
                other,
            )


def test_land_and_water_lie_where_they_are_on_both_sides_of_the_date_line() -> None:
    map_ = mapdraw.projection_for(-17.5, 179.9, 7, width=1200, height=900, scale=2)
    fiji = basemap.country_at(-17.75, 178.0)
    picture, land = ground.paint(map_, "fine", LIGHT, home=fiji, scale=2)

    for latitude, longitude, wanted in (
        (-17.75, 178.0, LIGHT.home),
        (-16.85, -179.97, LIGHT.home),
        (-16.6, 179.3, LIGHT.home),
        (-18.9, -179.3, LIGHT.water),
        (-19.2, 179.6, LIGHT.water),
    ):
        at = map_.point(latitude, longitude)
        assert at is not None
        found = picture.getpixel((round(at[0]), round(at[1])))
        assert closeness(found, colour(wanted)) < 24, (latitude, longitude, found)  # type: ignore[arg-type]
        assert (land.getpixel((round(at[0]), round(at[1]))) == 255) == (wanted == LIGHT.home)


def test_a_zoom_closer_than_the_map_goes_is_the_closest_it_has() -> None:
    assert mapdraw.embedded_zoom(Place(50, 4, zoom=17)) == mapdraw.CLOSEST
    assert mapdraw.embedded_zoom(Place(50, 4, zoom=2)) == 2
    assert mapdraw.embedded_zoom(Place(50, 4)) > mapdraw.embedded_zoom(Place(5, -150))


@pytest.mark.parametrize("size", [(120, 120), (1024, 300), (121, 333)])
@pytest.mark.parametrize("zoom", [0, 3, 8])
def test_any_size_and_zoom_can_be_drawn(size: tuple[int, int], zoom: int) -> None:
    picture = mapdraw.draw(Place(47.5, 19.04, size=size, zoom=zoom, label="Budapest, Fővám tér"), scale=1)

    assert picture.size == size
    assert closeness(picture.getpixel((size[0] // 2, size[1] // 2)), colour(LIGHT.pin_edge)) < 90  # type: ignore[arg-type]


def test_the_same_place_gives_the_same_pixels() -> None:
    place = Place(*PLACES["Brussels"], style="dark")

    assert mapdraw.draw(place).tobytes() == mapdraw.draw(place).tobytes()
    assert closeness(mapdraw.draw(place).getpixel((10, 890)), colour(DARK.panel)) < 3  # type: ignore[arg-type]


def test_a_map_costs_less_than_a_second() -> None:
    before = time.process_time()
    mapdraw.draw(Place(-18.14, 178.44))
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize(
    ("place", "title", "text"),
    [
        (Place(50.8467, 4.3525), "Brussels, Belgium", "50.8467° N, 4.3525° E"),
        (Place(-18.14, 178.44, label="Grandma’s"), "Grandma’s", "Suva, Fiji · 18.14° S, 178.44° E"),
        (Place(90, 0), "North Pole", "1,310 km (814 mi) N of Longyearbyen, Svalbard and Jan Mayen · 90° N"),
        (Place(-18.14, 178.44, label="東京タワー"), "Suva, Fiji", "18.14° S, 178.44° E"),
        (Place(-18.14, 178.44, label="🎉 Zoë’s 30th 👩🏽‍🚀!"), "Zoë’s 30th !", "Suva, Fiji · 18.14° S, 178.44° E"),
        (Place(-18.14, 178.44, label="Cafe\u0301 №1"), "Café №1", "Suva, Fiji · 18.14° S, 178.44° E"),
        (Place(-18.14, 178.44, label="🏝️🏝️"), "Suva, Fiji", "18.14° S, 178.44° E"),
    ],
)
def test_the_caption_says_where_it_is(place: Place, title: str, text: str) -> None:
    assert caption(place, *basemap.nearest_town(place.latitude, place.longitude)) == (title, text)


def test_a_far_off_place_names_the_sea_and_the_way_to_a_town() -> None:
    title, text = caption(Place(5, -150), *basemap.nearest_town(5, -150))

    assert title == "North Pacific Ocean"
    assert "km (" in text
    assert " mi) E of " in text


def test_the_typeface_has_the_letters_of_names() -> None:
    assert writable("éøñāīşșʿăẤßŁ Žižkov Київ Αθήνα – ’ ° ′ ″")
    assert not writable("東京")
    towns = [town for column in range(36) for row in range(18) for town in basemap.towns(column, row)[:200]]
    assert all(writable(town.name) for town in towns)


@pytest.mark.parametrize(
    ("km", "metric", "imperial"),
    [(130, "100 km", "50 mi"), (0.39, "300 m", "1,000 ft"), (1.2, "1 km", "3,000 ft"), (7_000, "5,000 km", "3,000 mi")],
)
def test_the_scale_bar_is_of_round_lengths_that_fit(km: float, metric: str, imperial: str) -> None:
    for units, words in ((furniture.METRIC, metric), (furniture.IMPERIAL, imperial)):
        length, said = furniture.length_in_words(km, units)
        assert said == words
        assert 0.4 * km < length <= km


def test_the_world_is_never_lower_than_the_picture() -> None:
    assert mapdraw.embedded_zoom(Place(0, 0, zoom=0)) == 1
    assert mapdraw.embedded_zoom(Place(0, 0, zoom=0, size=(300, 1024))) == 2


@pytest.mark.parametrize("point", [(-1.0, 33.0), (47.7, -87.5), (53.5, 108.0)])
def test_no_ocean_is_named_on_a_lake(point: tuple[float, float], sheets: list[labels.Sheet]) -> None:
    mapdraw.draw(Place(*point), scale=1)
    assert sheets[0].seas == []


def test_a_town_that_the_pin_covers_is_named_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[str, tuple[float, float]] = {}
    original = Face.draw

    def remember(
        face: Face, pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, *ink: str, **more: str
    ) -> None:
        written[text] = at
        original(face, pen, at, text, *ink, **more)

    monkeypatch.setattr(Face, "draw", remember)
    mapdraw.draw(Place(48.8584, 2.2945, zoom=8), scale=1)
    left, base = written["Paris"]
    assert left < 300 < left + 60
    assert 225 < base < 265
