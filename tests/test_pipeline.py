"""The library's front door: from scripts, threads, forks and event loops."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

import mmsprep
from mmsprep import Contact, Limits, Misconfigured, Pipeline, Place, Profile, Rejected, Unavailable
from mmsprep.contact import Phone
from mmsprep.media import Media
from mmsprep.prepared import failure_as_dict
from mmsprep.settings import Settings
from mmsprep.tools.tiles import TileSource

SCHEMA = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with Pipeline("pantheon", store=tmp_path_factory.mktemp("out")) as each:
        yield each


def test_a_photo_becomes_a_url_that_leads_to_a_deliverable_picture(pipeline: Pipeline, fixtures: Path) -> None:
    prepared = pipeline.prepare(fixtures / "photo.heic")
    (url,) = prepared.media_urls
    path = Path(url.removeprefix("file://"))
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1600, 1200))
    assert path.stat().st_size == prepared.media[0].facts.bytes < 1_500_000
    assert hashlib.sha256(path.read_bytes()).hexdigest() == prepared.media[0].sha256
    assert b"PLANTED" not in path.read_bytes()


def test_the_result_is_as_published(pipeline: Pipeline, fixtures: Path) -> None:
    for name in ("photo.heic", "logo.png", "half.jpg"):
        jsonschema.validate(pipeline.prepare(fixtures / name).as_dict(), SCHEMA)
    for name in ("empty.png", "not_a_photo.jpg", "report.docx", "truncated.jpg"):
        with pytest.raises(Rejected) as caught:
            pipeline.prepare(fixtures / name)
        jsonschema.validate(failure_as_dict(name, caught.value), SCHEMA)
        assert caught.value.message.startswith(f"{name}: ")


def test_the_published_form_does_not_change_unnoticed() -> None:
    digest = hashlib.sha256(json.dumps(SCHEMA, sort_keys=True).encode()).hexdigest()
    assert digest[:16] == "2384301810888f80", "a reader may rely on it: is this a new schema version?"


def test_bytes_and_open_files_are_sources_too(pipeline: Pipeline, fixtures: Path) -> None:
    content = (fixtures / "drawing.bmp").read_bytes()
    by_path = pipeline.prepare(fixtures / "drawing.bmp").media[0].sha256
    assert pipeline.prepare(content, name="drawing.bmp").media[0].name == "drawing.png"
    assert pipeline.prepare(content).media[0].sha256 == by_path
    assert pipeline.prepare(io.BytesIO(content)).media[0].sha256 == by_path
    with (fixtures / "drawing.bmp").open("rb") as file:
        assert pipeline.prepare(file).media[0].sha256 == by_path


def test_a_contact_becomes_a_card(pipeline: Pipeline) -> None:
    ada = Contact(given="Ada", family="Lovelace", phones=(Phone("+442071234567"),))
    prepared = pipeline.prepare(ada)
    assert [(each.name, each.facts.type) for each in prepared.media] == [("Ada Lovelace.vcf", "text/x-vcard")]
    assert prepared.steps == ("vcard",)


def test_a_place_becomes_a_map_a_card_and_a_link_however_it_is_written(pipeline: Pipeline) -> None:
    suva = pipeline.prepare(Place(-18.14, 178.44, label="Suva"))
    assert [each.name for each in suva.media] == ["Suva.png", "Suva.loc.vcf"]
    assert "https://www.google.com/maps/search/?api=1&query=-18.14,178.44" in suva.text
    assert pipeline.prepare("geo:-18.14,178.44").media[0].facts.width
    jsonschema.validate(suva.as_dict(), SCHEMA)


def test_tiles_that_cannot_be_had_are_a_warning_and_the_map_comes_anyway() -> None:
    nobody = TileSource(template="http://127.0.0.1:9/{z}/{x}/{y}.png", attribution="nobody")
    with Pipeline(settings=Settings.load(tiles=nobody)) as pipeline:
        brussels = pipeline.prepare(Place(50.85, 4.35, label="Brussels"))
    assert [each.name for each in brussels.media] == ["Brussels.png", "Brussels.loc.vcf"]
    assert "comes from the embedded world map" in brussels.warnings[0]


def test_a_file_that_is_called_like_a_place_is_a_file(
    pipeline: Pipeline, fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("37.77,-122.42").write_bytes((fixtures / "logo.png").read_bytes())
    assert pipeline.prepare("37.77,-122.42").steps == ("image",)


def test_without_a_store_the_files_are_the_callers_until_the_pipeline_closes(fixtures: Path) -> None:
    with Pipeline("pantheon") as pipeline:
        prepared = pipeline.prepare(fixtures / "logo.png")
        path = prepared.media[0].path
        assert path is not None
        assert path.name == "logo.png"
        assert path.stat().st_size == prepared.media[0].facts.bytes
        assert prepared.media_urls == []
    assert not path.exists()


def test_the_same_source_gives_the_same_bytes_alone_or_among_others(pipeline: Pipeline, fixtures: Path) -> None:
    alone = pipeline.prepare(fixtures / "street.jpg").media[0].sha256
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(lambda _: pipeline.prepare(fixtures / "street.jpg").media[0].sha256, range(6)))
    assert set(together) == {alone}


def test_a_misspelt_option_is_an_error_and_not_a_silence(pipeline: Pipeline, fixtures: Path) -> None:
    with pytest.raises(Misconfigured, match="colour"):
        pipeline.prepare(fixtures / "logo.png", colour="red")


def test_an_error_names_the_source_as_the_caller_did_and_in_one_line(pipeline: Pipeline) -> None:
    with pytest.raises(Rejected) as caught:
        pipeline.prepare(b"\x89PNG\r\n\x1a\n and no more", name="trip/beach\n.png")
    assert caught.value.message.startswith("trip_beach_.png: ")


def test_a_store_that_fails_is_told_with_the_name_of_the_source(fixtures: Path) -> None:
    class Full:
        def put(self, media: Media, key: str) -> str:
            raise Unavailable("store", "no space left; free some")

    with Pipeline("pantheon", store=Full()) as pipeline, pytest.raises(Unavailable) as caught:
        pipeline.prepare((fixtures / "logo.png").read_bytes(), name="beach.png")
    assert caught.value.message == "beach.png: no space left; free some"


def test_a_pipeline_alike_has_its_own_profile_and_store_and_the_same_helper(
    pipeline: Pipeline, fixtures: Path, tmp_path: Path
) -> None:
    other = pipeline.alike("att.longcode", store=str(tmp_path / "elsewhere"))
    (media,) = other.prepare(fixtures / "beach.jpg").media
    assert media.url
    assert media.url.startswith((tmp_path / "elsewhere").as_uri())
    assert media.facts.bytes < other.profile.max_bytes < pipeline.profile.max_bytes
    assert other._items is pipeline._items


def test_a_message_tells_what_became_of_each_source(pipeline: Pipeline, fixtures: Path) -> None:
    message = pipeline.compose([fixtures / "logo.png", fixtures / "photo.heic"])
    assert [each.original.type for each in message.prepared] == ["image/png", "image/heic"]
    assert [media for each in message.prepared for media in each.media] == list(message.media)


def test_a_profile_of_ones_own_is_kept_to(fixtures: Path) -> None:
    tiny = Profile(name="tiny", types=frozenset({"image/jpeg"}), max_bytes=40_000, max_side=400)
    with Pipeline(tiny) as pipeline:
        for name in ("logo.png", "beach.jpg", "screenshot.png"):
            facts = pipeline.prepare(fixtures / name).media[0].facts
            assert facts.type == "image/jpeg"
            assert facts.bytes < 40_000
            assert max(facts.width or 0, facts.height or 0) <= 400


def test_an_item_over_its_limits_ends_in_time_and_the_next_goes_on(fixtures: Path) -> None:
    settings = Settings.load(limits=Limits(wall_seconds=60, cpu_seconds=0.05))
    with Pipeline("pantheon", settings=settings) as pipeline:
        with pytest.raises(Rejected, match=r"MMS_001 too-costly: beach\.jpg: "):
            pipeline.prepare(fixtures / "beach.jpg")
        with pytest.raises(Rejected, match="damaged"):
            pipeline.prepare(fixtures / "empty.png")


def test_cancelling_the_coroutine_kills_the_work(fixtures: Path) -> None:
    async def cancelled() -> None:
        with Pipeline("pantheon") as pipeline:
            work = asyncio.create_task(pipeline.aprepare(fixtures / "beach.jpg"))
            await asyncio.sleep(0.05)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert (await pipeline.aprepare(fixtures / "logo.png")).media[0].facts.type == "image/png"

    asyncio.run(cancelled())


def test_the_library_says_nothing_on_its_own(fixtures: Path) -> None:
    script = "import sys\nfrom mmsprep import Pipeline\nwith Pipeline() as pipeline: pipeline.prepare(sys.argv[1])"
    command = [sys.executable, "-c", script, fixtures / "half.jpg"]
    said = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert (said.stdout, said.stderr) == (b"", b"")


def test_a_log_does_not_tell_what_a_file_is_called(
    pipeline: Pipeline, fixtures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        pipeline.prepare(fixtures / "half.jpg")
    assert caplog.records
    assert "half" not in caplog.text


def run_script(script: str, *arguments: object) -> str:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_three_lines_without_a_main_guard_are_enough(fixtures: Path, tmp_path: Path) -> None:
    script = tmp_path / "three.py"
    script.write_text(
        "import sys\nfrom mmsprep import Pipeline\nprint(Pipeline(store=sys.argv[2]).prepare(sys.argv[1]).media_urls)\n"
    )
    command = [sys.executable, script, fixtures / "photo.heic", tmp_path / "out"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == f"['{(tmp_path / 'out' / 'photo.jpg').as_uri()}']\n"
    assert said.stderr == ""


def test_a_pipeline_made_before_a_fork_works_on_both_sides(fixtures: Path) -> None:
    said = run_script(
        """
        import os, sys
        from mmsprep import Pipeline
        pipeline = Pipeline("pantheon")
        pipeline.prepare(sys.argv[1])                      # the helper is warm
        children = []
        for _ in range(2):                                 # as gunicorn with preload and Celery prefork do
            if not (child := os.fork()):
                pipeline.prepare(sys.argv[1])
                os._exit(7)
            children.append(child)
        pipeline.prepare(sys.argv[1])
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
        """,
        fixtures / "logo.png",
    )
    assert said == "[7, 7]\n"


def test_importing_the_package_loads_no_codec_and_starts_nothing() -> None:
    said = run_script(
        """
        import os, sys
        import mmsprep
        heavy = {"PIL", "pi_heif", "magic", "pydantic", "typer", "rich", "asyncio", "numpy"}
        print(sorted(heavy & set(sys.modules)), len(os.listdir("/proc/self/task")))
        """
    )
    assert said == "[] 1\n"


def test_the_public_names_are_these() -> None:
    assert sorted(mmsprep.__all__) == [
        "Contact",
        "Limits",
        "Message",
        "Misconfigured",
        "Pipeline",
        "Place",
        "Prepared",
        "Profile",
        "Rejected",
        "Unavailable",
    ]
    assert all(getattr(mmsprep, name).__doc__ for name in mmsprep.__all__)


def test_nothing_is_left_in_the_temporary_folder(fixtures: Path, tmp_path: Path) -> None:
    run_script(
        """
        import os, sys, tempfile
        os.environ["TMPDIR"] = tempfile.tempdir = sys.argv[2]
        from mmsprep import Pipeline
        with Pipeline("pantheon", store=sys.argv[2] + "/../out") as pipeline:
            pipeline.prepare(sys.argv[1])
        """,
        fixtures / "logo.png",
        (tmp_path / "scratch").mkdir() or tmp_path / "scratch",
    )
    assert os.listdir(tmp_path / "out") == ["logo.png"]
    assert [name for name in os.listdir(tmp_path / "scratch") if not name.endswith(".lock")] == []
