"""A batch: everything done once, failures told and passed over, nothing lost."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.batch.running import batch, files, picture, results
from tests.clips import film

from mmsprep.batch.places import Places
from mmsprep.errors import Misconfigured
from mmsprep.settings import Settings
from mmsprep.stores.folder import FolderStore


def test_a_folder_keeps_its_shape_and_each_result_is_told(folder: Path) -> None:
    said = batch(folder, "in")
    assert said.returncode == 1
    assert files(folder / "out") == ["a.png", "sub/again.png", "sub/b.png"]
    found = results(folder)
    assert {name: each["status"] for name, each in found.items()} == {
        "in/a.png": "ready",
        "in/sub/again.png": "ready",
        "in/sub/b.png": "ready",
        "in/sub/deep.docx": "rejected",
        "in/link.png": "rejected",
    }
    assert found["in/sub/b.png"]["media"][0]["url"] == (folder / "out/sub/b.png").as_uri()
    assert "rejected  MMS_002 unknown-type  in/sub/deep.docx: a Word document; send it as PDF" in said.stdout
    assert "5 items in " in said.stderr
    assert "3 ready, 2 rejected" in said.stderr
    with (folder / "out/results.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 5


def test_the_same_content_under_two_names_is_prepared_once(folder: Path) -> None:
    batch(folder, "in")
    found = results(folder)
    twice = [found["in/a.png"], found["in/sub/again.png"]]
    assert sorted(each["again"] for each in twice) == [False, True]
    assert twice[0]["media"][0]["sha256"] == twice[1]["media"][0]["sha256"]


def test_a_second_run_does_nothing_twice(folder: Path) -> None:
    batch(folder, "in")
    before = results(folder)
    said = batch(folder, "in")
    after = results(folder)
    # A link is never opened, so there is nothing to know it by.
    assert [name for name, each in after.items() if not each["again"]] == ["in/link.png"]
    assert {name: each.get("media") for name, each in after.items()} == {
        name: each.get("media") for name, each in before.items()
    }
    assert files(folder / "out") == ["a.png", "sub/again.png", "sub/b.png"]
    assert said.returncode == 1


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "result lost": (lambda folder: (folder / "out/sub/b.png").unlink(), {"in/sub/b.png"}),
    "result torn": (lambda folder: (folder / "out/sub/b.png").write_bytes(b"torn"), {"in/sub/b.png"}),
    "source changed": (lambda folder: picture(folder / "in/a.png", 33), {"in/a.png"}),
    "ledger lost": (
        lambda folder: (folder / "out/.mmsprep.sqlite").unlink(),
        {"in/a.png", "in/sub/b.png", "in/sub/again.png", "in/sub/deep.docx"},
    ),
}


def test_what_has_changed_is_done_again_and_nothing_else(folder: Path) -> None:
    batch(folder, "in")
    for name, (change, done) in CHANGES.items():
        change(folder)
        batch(folder, "in")
        found = results(folder)
        assert {each for each, told in found.items() if not told["again"]} == done | {"in/link.png"}, name
        for each in found.values():
            for media in each.get("media", ()):
                assert Path(media["url"].removeprefix("file://")).stat().st_size == media["bytes"]


def test_other_settings_and_force_are_other_work(folder: Path) -> None:
    batch(folder, "in")
    for flags in (["--force"], ["--max-bytes", "500"], ["--profile", "att.longcode"]):
        batch(folder, "in", *flags)
        found = results(folder)
        assert not found["in/sub/b.png"]["again"]
        assert sorted(found[name]["again"] for name in ("in/a.png", "in/sub/again.png")) == [False, True]


def test_a_second_name_is_kept_from_the_result_that_is_there(folder: Path) -> None:
    batch(folder, "in")
    shutil.copy(folder / "in/sub/b.png", folder / "in/c.png")
    batch(folder, "in")
    assert results(folder)["in/c.png"]["again"]
    assert (folder / "out/c.png").read_bytes() == (folder / "out/sub/b.png").read_bytes()


def test_json_tells_each_as_it_ends_and_nothing_else_on_stdout(folder: Path) -> None:
    said = batch(folder, "in", "--json")
    told = [json.loads(line) for line in said.stdout.splitlines()]
    assert {each["source"]: each for each in told} == results(folder)


def test_a_published_folder_holds_no_names_and_no_manifest(folder: Path) -> None:
    said = batch(
        folder, "in", MMSPREP_BASE_URL="https://cdn.example.com/m", MMSPREP_LEDGER=str(folder / "ledger.sqlite")
    )
    assert said.returncode == 1
    assert all(len(name) == 44 for name in os.listdir(folder / "out"))
    assert len(os.listdir(folder / "out")) == 2
    assert (folder / "results.jsonl").exists()
    again = batch(
        folder, "in", MMSPREP_BASE_URL="https://cdn.example.com/m", MMSPREP_LEDGER=str(folder / "ledger.sqlite")
    )
    assert "4 of them known already" in again.stderr


def test_a_folder_inside_itself_is_not_prepared_again(folder: Path) -> None:
    for _ in range(2):
        batch(folder / "in", ".", "--report", "report.html")
    assert set(results(folder / "in")) == {"./a.png", "./link.png", "./sub/again.png", "./sub/b.png", "./sub/deep.docx"}


def test_a_user_without_a_home_is_told_where_the_ledger_may_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    store = FolderStore(folder / "published", "https://cdn.example.com/m")
    with pytest.raises(Misconfigured, match="set MMSPREP_LEDGER to a file"):
        Places.of(Settings(store="published"), store, manifest=None, report=None)
    named = Settings(store="published", ledger=folder / "ledger.sqlite")
    assert Places.of(named, store, manifest=None, report=None).ledger == folder / "ledger.sqlite"


def test_dry_run_tells_per_profile_and_writes_nothing(folder: Path) -> None:
    said = batch(folder, "in", "--dry-run", "--profiles", "pantheon,legacy")
    assert said.returncode == 1
    assert "pantheon  to prepare  in/a.png (PNG 64 × 64, " in said.stdout
    assert "legacy  rejected  MMS_002 unknown-type  in/sub/deep.docx: a Word document; send it as PDF" in said.stdout
    assert "pantheon: 2 rejected, 3 to prepare; nothing was prepared" in said.stderr
    assert os.listdir(folder) == ["in"]
    batch(folder, "in")
    told = batch(folder, "in", "--dry-run", "--json", "--profiles", "pantheon,legacy")
    (line,) = [each for each in map(json.loads, told.stdout.splitlines()) if each["source"] == "in/a.png"]
    assert line["profiles"]["pantheon"]["again"]
    assert line["profiles"]["legacy"] == {"status": "to-prepare", "step": "image"}


def test_rows_become_requests_that_share_their_media(folder: Path) -> None:
    (folder / "card.vcf").write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Shop of {first}\nN:Shop;;;;\nEND:VCARD\n")
    (folder / "list.csv").write_text(
        "to,first,source,caption,text,contact\n"
        "+14155550101,Ada,in/a.png,Hi {first},Dear {first},card.vcf\n"
        "+14155550102,Bob,in/a.png,Hi {first},Dear {first},card.vcf\n"
        "12,Eve,in/a.png,Hi {first},,\n"
    )
    said = batch(folder, "list.csv", "--for", "pantheon", "--from", "+14155550100")
    assert said.returncode == 1
    assert "no provider can fetch file:// URLs" in said.stderr
    lines = (folder / "out/requests.jsonl").read_text().splitlines()
    ada, bob = sorted(map(json.loads, lines), key=lambda each: str(each["to"]))
    assert (ada["to"], ada["text"], ada["media_captions"]) == ("+14155550101", "Dear Ada", ["Hi Ada", ""])
    assert ada["media_urls"][0] == bob["media_urls"][0]
    assert ada["media_urls"][1] != bob["media_urls"][1]
    found = results(folder)
    assert found["list.csv#3"]["code"] == "SMS_001"
    assert len({each["keys"][0] for each in found.values()}) == 1


def test_the_link_to_a_film_that_did_not_fit_stands_below_a_rows_text(folder: Path) -> None:
    film(folder / "long.mov", "-c:v", "mpeg4", seconds=20)
    (folder / "list.csv").write_text("to,source,source2,text\n+14155550101,in/a.png,long.mov,Dear Ada\n")
    arguments = ["--for", "pantheon", "--from", "+14155550100", "--max-bytes", "9000", "--set", "on_cannot_fit=link"]
    said = batch(folder, "list.csv", *arguments, MMSPREP_BASE_URL="https://cdn.example.com")
    assert said.returncode == 0, said.stderr
    (request,) = map(json.loads, (folder / "requests.jsonl").read_text().splitlines())
    assert len(request["media_urls"]) == 1
    assert re.fullmatch(r"Dear Ada\nhttps://cdn\.example\.com/[0-9a-f]{40}\.mp4", request["text"])


def test_a_row_is_a_message_and_stays_below_what_one_may_hold(tmp_path: Path) -> None:
    for number in range(3):
        Image.effect_noise((640, 480), 40).save(tmp_path / f"{number}.png")
    (tmp_path / "profiles.toml").write_text(
        '[small]\nextends = "pantheon"\nmax_bytes = 100_000\ntotal_bytes = 240_000\nsource = "a test"\n'
    )
    (tmp_path / "list.jsonl").write_text(json.dumps({"source": [f"{number}.png" for number in range(3)]}) + "\n")
    said = batch(tmp_path, "list.jsonl", "--profile", "small", MMSPREP_PROFILES_FILE="profiles.toml")
    assert said.returncode == 0, said.stderr
    (row,) = results(tmp_path).values()
    assert len(row["media"]) == 3
    assert sum(media["bytes"] for media in row["media"]) < 240_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in", "--profiles", "legacy"], "--profiles goes with --dry-run"),
        (["in", "--for", "nobody"], "no provider is called 'nobody'"),
        (["in", "--to", "+14155550101"], "go with --for"),
        (["in", "--for", "twilio"], "columns called to and from"),
        (["in/*.gif"], "nothing matches in/*.gif"),
        (["in", "--set", "nothing=1"], "no stage has the option nothing"),
    ],
)
def test_wrong_usage_is_told_in_words(folder: Path, arguments: list[str], said: str) -> None:
    ended = batch(folder, *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
