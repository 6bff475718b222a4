"""A batch: everything done once, failures told and passed over, nothing lost."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

MMSPREP = [sys.executable, "-m", "mmsprep", "batch"]


def picture(path: Path, colour: int = 0, size: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((size, size)).point(lambda value: (value + colour) % 256).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path, fixtures: Path) -> Path:
    """Two different pictures, one of them twice, a document that cannot be sent, a link."""
    picture(tmp_path / "in/a.png")
    picture(tmp_path / "in/sub/b.png", 90)
    shutil.copy(tmp_path / "in/a.png", tmp_path / "in/sub/again.png")
    shutil.copy(fixtures / "report.docx", tmp_path / "in/sub/deep.docx")
    (tmp_path / "in/link.png").symlink_to("a.png")
    return tmp_path


def batch(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a batch in *folder*."""
    return subprocess.run(
        [*MMSPREP, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def results(folder: Path, store: str = "out") -> dict[str, dict[str, Any]]:
    lines = (folder / store / "results.jsonl").read_text().splitlines()
    return {each["source"]: each for each in map(json.loads, lines)}


def files(folder: Path) -> list[str]:
    """List what a person sees in a folder."""
    seen = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in seen if not path.name.startswith((".", "results.", "requests.")))


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


def test_fail_fast_stops_at_the_first(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(fixtures / "empty.png", tmp_path / "in/a.png")
    for number in range(60):
        picture(tmp_path / f"in/b{number}.png", number)
    said = batch(tmp_path, "in", "--fail-fast", "--jobs", 1)
    assert said.returncode == 1
    assert results(tmp_path)["in/a.png"]["status"] == "rejected"
    assert len(results(tmp_path)) < 10


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


def test_dry_run_tells_per_profile_and_writes_nothing(folder: Path) -> None:
    said = batch(folder, "in", "--dry-run", "--profiles", "pantheon,legacy")
    assert said.returncode == 1
    assert "pantheon  to prepare  in/a.png (PNG 64 × 64, " in said.stdout
    assert "legacy  rejected  MMS_002 unknown-type  in/sub/deep.docx: a Word document; send it as PDF" in said.stdout
    assert "pantheon: 2 rejected, 3 to prepare; nothing was prepared" in said.stderr
    assert not (folder / "out").exists()
    batch(folder, "in")
    told = batch(folder, "in", "--dry-run", "--json", "--profiles", "pantheon,legacy")
    (line,) = [each for each in map(json.loads, told.stdout.splitlines()) if each["source"] == "in/a.png"]
    assert line["profiles"]["pantheon"]["again"]
    assert line["profiles"]["legacy"] == {"status": "to-prepare", "step": "image"}


def test_rows_become_requests_with_the_media_prepared_once(folder: Path) -> None:
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
    assert sum(each["again"] for each in found.values()) == 1
    assert len({each["keys"][0] for each in found.values()}) == 1


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
    assert sum(media["bytes"] for media in row["media"]) <= 240_000


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


def test_a_store_that_takes_nothing_ends_the_batch_before_all_is_made_in_vain(tmp_path: Path) -> None:
    many(tmp_path, 60)
    (tmp_path / "out").touch()
    said = batch(tmp_path, "in", "--manifest", ".", MMSPREP_LEDGER=str(tmp_path / "ledger.sqlite"))
    assert said.returncode == 3
    assert "stopped: " in said.stderr
    assert "Traceback" not in said.stderr
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 20


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a batch by itself, and wait until it has told one result."""
    running = subprocess.Popen(
        [*MMSPREP, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline()
    return running


def many(folder: Path, count: int) -> None:
    for number in range(count):
        picture(folder / f"in/{number % 3}/{number:03}.png", number, size=200)


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    many(tmp_path, 80)
    running = begun(tmp_path, "in", "--report", "report.html")
    os.killpg(running.pid, signal.SIGINT)
    started = time.monotonic()
    _, said = running.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert running.returncode == 130
    assert said.splitlines()[-1] == "interrupted: what is done is kept; run the same command again to go on"
    done = results(tmp_path)
    assert 0 < len(done) < 80
    assert (tmp_path / "report.html").read_text().endswith("</html>")
    assert not [name for name in files(tmp_path / "out") if name.startswith(".")]
    batch(tmp_path, "in")
    assert all(each["again"] for name, each in results(tmp_path).items() if name in done)
    assert len(results(tmp_path)) == 80


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    many(tmp_path, 60)
    batch(tmp_path, "in", "--store", "whole")
    undisturbed = {name: [m["sha256"] for m in each["media"]] for name, each in results(tmp_path, "whole").items()}
    for _ in range(4):
        running = begun(tmp_path, "in", "--store", "torn", "--jobs", "2")
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(8)]
        running.kill()
        told += running.communicate(timeout=60)[0].splitlines(keepends=True)
        found = results(tmp_path, "torn")
        whole = sum(line.endswith("\n") for line in told)
        assert len(found) >= whole
        for each in found.values():
            (media,) = each["media"]
            assert Path(media["url"].removeprefix("file://")).stat().st_size == media["bytes"]
    said = batch(tmp_path, "in", "--store", "torn")
    assert said.returncode == 0
    assert {
        name: [m["sha256"] for m in each["media"]] for name, each in results(tmp_path, "torn").items()
    } == undisturbed
    assert files(tmp_path / "torn") == files(tmp_path / "whole")


def test_a_terminal_gets_bars_and_lines_only_for_what_deserves_a_look(folder: Path) -> None:
    child, screen = pty.fork()
    if not child:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLUMNS="120")
        os.execv(MMSPREP[0], [*MMSPREP, "in", "--jobs", "1"])
    shown = b""
    while select.select([screen], [], [], 60)[0]:
        try:
            shown += os.read(screen, 65_536)
        except OSError:
            break
    os.waitpid(child, 0)
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "Preparing" in said
    assert "of 5 items" in said
    assert "✗ in/sub/deep.docx  MMS_002 unknown-type: a Word document; send it as PDF" in said
    assert "in/a.png ->" not in said
    assert "3 ready, 2 rejected" in said
