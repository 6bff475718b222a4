"""One item's way through the stages: first that accepts, detect again, until the profile admits it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.route import route
from mmsprep.stage import Declined, Job, Stage

PROFILE = Profile(name="tiny", types=frozenset({"image/png"}), max_bytes=20_000)


def stage(name: str, *mimes: str, run: Callable[[Media, Job], tuple[Path, ...]]) -> Stage:
    return Stage(name, lambda media, _profile: media.facts.type in mimes, run)


def save(job: Job, suffix: str, size: tuple[int, int] = (8, 8), **how: object) -> Path:
    path = job.new_path(suffix)
    Image.effect_noise(size, 50).save(path, **how)  # type: ignore[arg-type]
    return path


def go(source: Path, stages: list[Stage], tmp_path: Path) -> tuple[list[str], list[tuple[str, str]]]:
    work = tmp_path / "work"
    work.mkdir()
    job, steps = Job(profile=PROFILE, workdir=work), list[str]()
    made = route(Media(source, "source", detect(source, Limits())), stages, job, steps)
    return steps, [(each.path.name, each.facts.type) for each in made]


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    path = tmp_path / "source.gif"
    Image.effect_noise((8, 8), 50).save(path)
    return path


def test_media_goes_round_until_the_profile_admits_it(gif: Path, tmp_path: Path) -> None:
    to_bmp = stage("to_bmp", "image/gif", run=lambda _, job: (save(job, ".bmp"),))
    to_png = stage("to_png", "image/bmp", run=lambda _, job: (save(job, ".png"),))
    assert go(gif, [to_png, to_bmp], tmp_path) == (["to_bmp", "to_png"], [("1.png", "image/png")])


def test_a_stage_that_declines_leaves_the_same_media_to_the_next(gif: Path, tmp_path: Path) -> None:
    seen = []

    def decline(media: Media, _job: Job) -> tuple[Path, ...]:
        seen.append(media)
        raise Declined

    def take(media: Media, job: Job) -> tuple[Path, ...]:
        seen.append(media)
        return (save(job, ".png"),)

    stages = [stage("first", "image/gif", run=decline), stage("second", "image/gif", run=take)]
    assert go(gif, stages, tmp_path)[0] == ["second"]
    assert seen[0] == seen[1]


def test_several_outputs_keep_their_order_even_if_one_goes_on(gif: Path, tmp_path: Path) -> None:
    many = stage("many", "image/gif", run=lambda _, job: (save(job, ".png"), save(job, ".bmp"), save(job, ".png")))
    to_png = stage("to_png", "image/bmp", run=lambda _, job: (save(job, ".png"),))
    steps, made = go(gif, [many, to_png], tmp_path)
    assert steps == ["many", "to_png"]
    assert [name for name, _ in made] == ["0.png", "3.png", "2.png"]


def test_a_stage_runs_at_most_once_for_a_media_and_what_comes_of_it(gif: Path, tmp_path: Path) -> None:
    again = stage("again", "image/gif", run=lambda _, job: (save(job, ".gif"),))
    with pytest.raises(Rejected, match="not-accepted: image/gif"):
        go(gif, [again], tmp_path)


def test_a_stage_that_lies_about_what_it_made_is_found_out(gif: Path, tmp_path: Path) -> None:
    def lie(_media: Media, job: Job) -> tuple[Path, ...]:
        path = job.new_path(".png")
        path.write_bytes(gif.read_bytes())
        return (path,)

    with pytest.raises(Rejected, match="not-accepted"):
        go(gif, [stage("liar", "image/gif", run=lie)], tmp_path)


def test_an_output_that_is_too_large_never_leaves(gif: Path, tmp_path: Path) -> None:
    large = stage("large", "image/gif", run=lambda _, job: (save(job, ".png", (300, 300)),))
    with pytest.raises(Rejected, match="cannot-fit"):
        go(gif, [large], tmp_path)


def test_an_output_that_still_carries_metadata_never_leaves(gif: Path, tmp_path: Path) -> None:
    def leak(_media: Media, job: Job) -> tuple[Path, ...]:
        exif = Image.Exif()
        exif[0x010F] = "maker"
        return (save(job, ".png", exif=exif),)

    with pytest.raises(Rejected, match="still carries exif"):
        go(gif, [stage("leak", "image/gif", run=leak)], tmp_path)


def test_a_file_that_nothing_can_prepare_is_told_its_remedy(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="unknown-type: a Word document; send it as PDF"):
        go(fixtures / "report.docx", [], tmp_path)


def test_even_a_file_that_fits_goes_through_a_stage(tmp_path: Path) -> None:
    fits = tmp_path / "fits.png"
    Image.effect_noise((8, 8), 50).save(fits)
    with pytest.raises(Rejected):
        go(fits, [], tmp_path)
