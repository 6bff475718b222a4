"""The report in a real browser: it sorts, filters, compares and plays, by mouse and by keys, and never complains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.batch.conftest import Campaign
from tests.clips import film
from tests.servers import browser

from mmsprep.receive import Preview

pytestmark = pytest.mark.services

NAMES = "[...document.querySelectorAll('#items tr:not([hidden]) .name b')].map(each => each.textContent)"
SHOWN = "document.querySelector('#about h2').textContent"


@pytest.fixture
def shown(campaign: Campaign, tmp_path: Path) -> Iterator[browser.Page]:
    """Six results in a browser: pictures, a film that plays, a card, a refusal, and a name that would be markup."""
    chromium = browser.program()
    if chromium is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    (tmp_path / "out").mkdir()
    film(tmp_path / "out/film.mp4", "-pix_fmt", "yuv420p", seconds=0.5)
    campaign.ready("b.jpg")
    campaign.ready("a10.jpg", seconds=3.5)
    campaign.ready("a9.jpg", warnings=["part of the picture is damaged"])
    campaign.ready("film.mp4", "video/mp4")
    campaign.ready("ada.vcf", "text/x-vcard", previews=[Preview(1, None, {"name": "Ada <b>Byron</b>"})])
    campaign.refused("<img src=x onerror=console.error(1)>.docx")
    report = campaign.report()
    with browser.page(chromium, tmp_path / "profile") as page:
        page.look(1360, 900)
        page.open(report.as_uri())
        yield page
        assert page.complaints == []
        assert not [url for url in page.requests if not url.startswith(("file:", "data:"))]


def test_columns_sort_up_and_down_and_say_so(shown: browser.Page) -> None:
    assert shown.run(NAMES)[:2] == ["<img src=x onerror=console.error(1)>.docx", "a9.jpg"]
    shown.click('[data-by="name"]')
    assert shown.run(NAMES) == [
        "<img src=x onerror=console.error(1)>.docx",
        *("a9.jpg", "a10.jpg", "ada.vcf", "b.jpg", "film.mp4"),
    ]
    shown.click('[data-by="name"]')
    assert shown.run(NAMES)[0] == "film.mp4"
    assert shown.run("document.querySelector('[data-by=name]').parentElement.ariaSort") == "descending"
    shown.click('[data-by="seconds"]')
    assert shown.run(NAMES)[0] == "a10.jpg"


def test_filters_leave_what_fits_and_count_it(shown: browser.Page) -> None:
    shown.press("/")
    for letter in "a1":
        shown.press(letter, letter)
    assert shown.run(NAMES) == ["a10.jpg"]
    assert shown.run("document.getElementById('shown').value") == "1 of 6"
    for letter in "zz":
        shown.press(letter, letter)
    assert shown.run("!document.getElementById('none').hidden")
    shown.press("Escape")
    assert len(shown.run(NAMES)) == 6
    shown.click(".jump")
    assert shown.run(NAMES) == ["<img src=x onerror=console.error(1)>.docx"]


def test_the_slider_moves_between_before_and_after(shown: browser.Page) -> None:
    shown.click("#items tr:nth-child(3) .name")
    assert shown.run(SHOWN) == "b.jpg"
    shown.run("document.querySelector('.wipe').scrollIntoView({block: 'center'})")
    wait_for(shown, "[...document.querySelectorAll('.wipe img')].every(each => each.complete && each.naturalWidth)")
    x, y, width = shown.run(
        "(() => { const box = document.querySelector('.wipe').getBoundingClientRect();"
        " return [box.x, box.y + 30, box.width]; })()"
    )

    def colours() -> list[str]:
        with Image.open(BytesIO(shown.picture())) as seen:
            pixels = [seen.convert("RGB").getpixel((int(x + width * part), int(y))) for part in (0.1, 0.45, 0.9)]
        return ["red" if pixel[0] > pixel[2] else "blue" for pixel in pixels]  # type: ignore[index]

    assert colours() == ["red", "red", "blue"]
    shown.run("document.querySelector('.wipe input').focus()")
    shown.press("Home")
    assert colours() == ["blue", "blue", "blue"]
    shown.press("End")
    assert colours() == ["red", "red", "red"]


def test_keys_move_and_open(shown: browser.Page) -> None:
    shown.run("document.querySelector('#items tr').focus()")
    shown.press("ArrowDown")
    shown.press("ArrowDown")
    first = shown.run(SHOWN)
    shown.press("ArrowUp")
    assert shown.run(SHOWN) != first
    assert shown.run("document.activeElement.ariaSelected") == "true"


def test_a_film_plays(shown: browser.Page) -> None:
    shown.click("#items tr[data-kind=video] .name")
    assert (
        shown.run(
            "new Promise(done => { const film = document.querySelector('#screen video'); film.muted = true;"
            " film.onended = () => done('ended'); film.onerror = () => done('error'); film.play().catch(done); })"
        )
        == "ended"
    )


def test_a_card_shows_its_words_as_words(shown: browser.Page) -> None:
    shown.click("#items tr[data-kind=card] .name")
    assert shown.run("document.querySelector('#screen h3').textContent") == "Ada <b>Byron</b>"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_light_and_dark_and_can_be_switched(shown: browser.Page, dark: bool) -> None:
    shown.look(1360, 900, dark=dark)

    def brightness() -> int:
        with Image.open(BytesIO(shown.picture())) as seen:
            return int(seen.convert("L").getpixel((5, 5)))  # type: ignore[arg-type]

    assert (brightness() < 60) == dark
    shown.click("#theme")
    assert (brightness() < 60) != dark


def test_on_a_phone_nothing_is_wider_than_it_and_an_item_opens_over_the_list(shown: browser.Page) -> None:
    shown.look(390, 844)
    assert shown.run("document.documentElement.scrollWidth <= innerWidth")
    assert not shown.run("document.getElementById('detail').checkVisibility()")
    shown.click("#items tr:nth-child(3) .name")
    assert shown.run("document.getElementById('detail').checkVisibility()")
    assert shown.run("document.documentElement.scrollWidth <= innerWidth")
    shown.press("Escape")
    assert not shown.run("document.getElementById('detail').checkVisibility()")


def test_two_thousand_items_do_not_freeze_it(campaign: Campaign, tmp_path: Path) -> None:
    chromium = browser.program()
    if chromium is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    for number in range(2_000):
        campaign.ready(f"picture {number}.jpg", seconds=number / 100)
    report = campaign.report()
    with browser.page(chromium, tmp_path / "profile") as page:
        page.look(1360, 900)
        page.open(report.as_uri())
        # Seconds of the page's own thread, whatever else this machine does.
        page.call("Performance.enable", timeDomain="threadTicks")
        before = busy_seconds(page)
        page.run("document.querySelector('[data-by=seconds]').click()")
        page.run(f"document.getElementById('find').value = 'picture 19'; {FIND}")
        page.run("document.body.offsetHeight")
        assert busy_seconds(page) - before < 2
        assert len(page.run(NAMES)) == sum("19" in str(number) for number in range(2_000))
        assert page.complaints == []


FIND = "document.getElementById('find').dispatchEvent(new Event('input'))"


def busy_seconds(page: browser.Page) -> float:
    metrics = page.call("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def wait_for(page: browser.Page, condition: str) -> None:
    deadline = time.monotonic() + browser.PATIENCE_SECONDS
    while not page.run(condition):
        assert time.monotonic() < deadline, condition
        page.run("new Promise(requestAnimationFrame)")
