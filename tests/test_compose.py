"""Several sources, one message's bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.clips import film

from mmsprep import Misconfigured, Pipeline, Rejected
from mmsprep.compose import check_count, fit_together
from mmsprep.errors import PrepError
from mmsprep.items import Made
from mmsprep.media import Facts
from mmsprep.profile import Profile
from mmsprep.receive import Output, Received
from mmsprep.stage import Event

PROFILE = Profile(name="tiny", types=frozenset({"image/jpeg"}), max_bytes=600, total_bytes=1_000, max_files=3)


def made(*sizes: int) -> Made:
    facts = [Facts(type="image/jpeg", bytes=size) for size in sizes]
    outputs = tuple(Output(Path("x"), ".jpg", "0" * 64, each) for each in facts)
    received = Received(facts[0], outputs, (), ("image",), (), ())
    return Made("x", "x", received, tuple("x.jpg" for _ in sizes), (), 0.1)


class Encoder:
    """Make items that fill what they are given, up to what each needs, and remember what they were asked for."""

    def __init__(self, *needs: int, files: int = 1, waste: int = 1) -> None:
        self.needs, self.files, self.waste = needs, files, waste
        self.orders: list[tuple[int, int]] = []

    def __call__(self, index: int, profile: Profile) -> Made:
        room = profile.limit("image/jpeg")
        self.orders.append((index, room))
        if self.needs[index] < 0:
            raise Rejected("damaged", f"{index}: damaged")
        return made(*[min(self.needs[index] // self.files, room - self.waste)] * self.files)


def sizes(results: list[Made | PrepError]) -> list[int]:
    return [each.total_bytes for each in results if isinstance(each, Made)]


def test_a_message_that_fits_is_prepared_once() -> None:
    encoder = Encoder(300, 200)
    assert sizes(fit_together(encoder, 2, PROFILE, jobs=1)) == [300, 200]
    assert len(encoder.orders) == 2


def test_items_over_their_share_are_prepared_again_and_small_ones_stay() -> None:
    encoder = Encoder(50, 5_000, 5_000)
    result = sizes(fit_together(encoder, 3, PROFILE, jobs=1))
    assert result[0] == 50
    assert 950 <= sum(result) < 1_000
    assert [index for index, _ in encoder.orders].count(0) == 1


def test_what_one_cannot_use_the_others_get() -> None:
    class Coarse(Encoder):
        def __call__(self, index: int, profile: Profile) -> Made:
            if index == 0 and profile.limit("image/jpeg") < 900:
                return made(100)  # the next step up would be too large
            return super().__call__(index, profile)

    result = sizes(fit_together(Coarse(900, 5_000), 2, PROFILE, jobs=1))
    assert result[0] == 100
    assert result[1] == 599  # the most that a single file may have


def test_a_single_files_limit_holds_too() -> None:
    assert sizes(fit_together(Encoder(5_000), 1, PROFILE, jobs=1)) == [599]


def test_an_item_with_several_files_shares_for_all_of_them() -> None:
    result = fit_together(Encoder(1_600, 1_600, files=2), 2, PROFILE, jobs=1)
    assert sum(sizes(result)) < 1_000
    with pytest.raises(Rejected, match="too-many-files: 4 files"):
        check_count([each for each in result if isinstance(each, Made)], PROFILE)


class Pictures(Encoder):
    """Make pictures whose loss falls with their bytes, each from its own height."""

    def __init__(self, *heights: float) -> None:
        super().__init__(*[5_000] * len(heights))
        self.heights = heights

    def __call__(self, index: int, profile: Profile) -> Made:
        result = super().__call__(index, profile)
        return replace(result, received=replace(result.received, loss=self.heights[index] / result.total_bytes))


def losses(results: list[Made | PrepError]) -> list[float]:
    return [each.received.loss or 0 for each in results if isinstance(each, Made)]


def test_a_picture_that_lost_little_gives_to_the_one_that_lost_much() -> None:
    busy, smooth = losses(fit_together(pictures := Pictures(400, 100), 2, PROFILE, jobs=1))
    assert busy < 0.7  # with equal shares 0.8
    assert smooth < busy
    assert len(pictures.orders) == 6  # alone, in equal shares, evened out


def test_giving_that_helps_nobody_is_taken_back() -> None:
    class Stubborn(Pictures):
        def __call__(self, index: int, profile: Profile) -> Made:
            result = super().__call__(index, profile)
            worse = index == 0 and 500 < result.total_bytes < 599
            return replace(result, received=replace(result.received, loss=9.0)) if worse else result

    result = fit_together(Stubborn(400, 250), 2, PROFILE, jobs=1)
    assert sizes(result) == [498, 498]
    assert losses(result)[0] < 0.81


def test_what_cannot_be_made_so_small_gets_more_than_an_equal_share() -> None:
    class Film(Encoder):
        def __call__(self, index: int, profile: Profile) -> Made:
            if index == 0 and profile.limit("image/jpeg") < 400:
                raise Rejected("cannot-fit", "unwatchable; trim it")
            return super().__call__(index, profile)

    film, *others = sizes(fit_together(Film(5_000, 5_000, 5_000), 3, PROFILE, jobs=1))
    assert film >= 400
    assert all(240 < each < 300 for each in others)


def test_an_item_that_fails_takes_nothing_from_the_others() -> None:
    failed, other = fit_together(Encoder(-1, 500), 2, PROFILE, jobs=1)
    assert isinstance(failed, Rejected)
    assert isinstance(other, Made)
    assert other.total_bytes == 500


def test_whoever_is_interrupted_does_not_wait_for_what_is_being_made() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def make(index: int, _: Profile) -> Made:
        if index:
            begun.set()
            assert stopped.wait(60)
            return made(1)
        assert begun.wait(60)
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fit_together(make, 2, PROFILE, jobs=2, stops=[stopped.set])
    assert stopped.is_set()
    assert time.monotonic() - started < 30


@pytest.fixture
def small() -> Profile:
    return Profile(name="small", types=frozenset({"image/jpeg", "image/png"}), total_bytes=120_000)


@pytest.fixture
def composer(small: Profile, tmp_path: Path) -> Callable[[], Pipeline]:
    return lambda: Pipeline(small, store=tmp_path / "out")


def test_progress_tells_which_source_has_come_how_far(fixtures: Path, tmp_path: Path) -> None:
    told: list[tuple[int, Event]] = []
    clip = film(tmp_path / "clip.mov", "-c:v", "mpeg4", seconds=1)
    with Pipeline("pantheon", store=tmp_path / "out") as pipeline:
        pipeline.compose([fixtures / "logo.png", clip], progress=lambda *each: told.append(each))
        pipeline.plan([clip], ["pantheon"], progress=lambda *each: told.append(each))
    fractions = {index: [event.fraction for number, event in told if number == index] for index in (0, 1)}
    assert fractions[1]
    assert all(each is None or 0 <= each <= 1 for each in fractions[0] + fractions[1])
    assert {event.step for index, event in told if index == 1} == {"video"}


def test_real_pictures_share_one_message_in_order(
    composer: Callable[[], Pipeline], fixtures: Path, tmp_path: Path
) -> None:
    names = ["logo.png", "rotated_gps.jpg", "swapped_profile.jpg"]
    with composer() as pipeline:
        message = pipeline.compose([fixtures / name for name in names], captions=["a", "b", "c"])
    assert [each.name for each in message.media] == names
    assert message.media_captions == ["a", "b", "c"]
    assert 0.9 * 120_000 < message.total_bytes < 120_000
    kept = [Path(url.removeprefix("file://")) for url in message.media_urls]
    assert [path.stat().st_size for path in kept] == [each.facts.bytes for each in message.media]
    assert len(list((tmp_path / "out").iterdir())) == 3


TEN = (
    *("beach.jpg", "street.jpg", "panorama_48mp.jpg", "photo.heic", "screenshot.png", "rotated_gps.jpg", "half.jpg"),
    *("picture.avif", "swapped_profile.jpg", "logo.png"),
)


@pytest.mark.slow
def test_ten_pictures_fill_what_a_provider_takes_and_no_more(fixtures: Path, tmp_path: Path) -> None:
    with Pipeline("telnyx", store=tmp_path / "out") as pipeline:
        message = pipeline.compose([fixtures / name for name in TEN])
    assert [Path(each.name).stem for each in message.media] == [Path(name).stem for name in TEN]
    assert 950_000 <= message.total_bytes < 1_000_000
    assert message.request(to="+12025550143", from_="+12025550100")["media_urls"] == message.media_urls


def test_a_message_names_whom_it_warns_of_and_offers_nothing_twice(fixtures: Path, tmp_path: Path) -> None:
    with Pipeline("pantheon", store=tmp_path / "out") as pipeline:
        message = pipeline.compose([fixtures / "half.jpg", "geo:1,2", fixtures / "logo.png", "geo:1,2"])
    assert message.warnings == ("half.jpg: part of the picture is damaged",)
    assert message.texts == ("https://www.google.com/maps/search/?api=1&query=1,2",)


def test_a_message_with_a_file_that_cannot_be_sent_stores_nothing(
    composer: Callable[[], Pipeline], fixtures: Path, tmp_path: Path
) -> None:
    with composer() as pipeline, pytest.raises(Rejected, match=r"report\.docx: a Word document"):
        pipeline.compose([fixtures / "logo.png", fixtures / "report.docx"])
    assert not (tmp_path / "out").exists()


def test_too_many_sources_are_told_before_any_is_opened(composer: Callable[[], Pipeline]) -> None:
    with composer() as pipeline, pytest.raises(Rejected, match="too-many-files: 11 files, and small takes 10"):
        pipeline.compose(["no such file.jpg"] * 11)


def test_captions_must_match_the_sources(composer: Callable[[], Pipeline], fixtures: Path) -> None:
    with composer() as pipeline, pytest.raises(Misconfigured, match="captions: 1, sources: 2; give one each"):
        pipeline.compose([fixtures / "logo.png", fixtures / "logo.png"], captions=["a"])


def test_a_stream_keeps_its_name_though_it_is_read_twice(composer: Callable[[], Pipeline], fixtures: Path) -> None:
    with composer() as pipeline, (fixtures / "logo.png").open("rb") as stream:
        assert pipeline.compose([stream]).media[0].name == "logo.png"


def test_a_plan_tells_per_profile_and_stores_nothing(
    composer: Callable[[], Pipeline], fixtures: Path, tmp_path: Path
) -> None:
    with composer() as pipeline, (fixtures / "logo.png").open("rb") as stream:
        planned = pipeline.plan([stream, fixtures / "report.docx"], ["pantheon", "legacy"])
    assert list(planned) == ["pantheon", "legacy"]
    for logo, report in planned.values():
        assert not isinstance(logo, PrepError)
        assert isinstance(report, Rejected)
    assert [each[0].media[0].facts.type for each in planned.values() if not isinstance(each[0], PrepError)] == [
        "image/png",
        "image/jpeg",
    ]
    assert not (tmp_path / "out").exists()
