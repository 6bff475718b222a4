"""The command line, run as a person or a script runs it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
from tests.clips import film

import mmsprep

SCHEMA = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())
MMSPREP = [sys.executable, "-m", "mmsprep"]


def run(*arguments: object, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run([*MMSPREP, *map(str, arguments)], cwd=cwd, input=stdin, capture_output=True, timeout=120)
    said = subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())
    assert "Traceback" not in said.stdout + said.stderr
    return said


def lines(said: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    found = [json.loads(line) for line in said.stdout.splitlines()]
    for each in found:
        jsonschema.validate(each, SCHEMA)
    return {str(each["source"]): each for each in found}


def test_json_gives_a_line_per_source_and_says_the_worst_by_the_exit_status(fixtures: Path, tmp_path: Path) -> None:
    good, bad = fixtures / "logo.png", fixtures / "report.docx"
    said = run("prepare", good, bad, "--store", "kept", "--json", cwd=tmp_path)
    assert said.returncode == 1
    assert said.stderr == ""
    found = lines(said)
    assert found[str(good)]["status"] == "ready"
    assert found[str(bad)] | {"schema": 1} == {
        "schema": 1,
        "source": str(bad),
        "status": "rejected",
        "code": "MMS_002",
        "reason": "unknown-type",
        "message": "report.docx: a Word document; send it as PDF",
    }
    assert os.listdir(tmp_path / "kept") == ["logo.png"]
    assert run("prepare", good, cwd=tmp_path).returncode == 0
    assert os.listdir(tmp_path / "out") == ["logo.png"]


def test_without_json_a_pipe_gets_a_plain_line_per_source(fixtures: Path, tmp_path: Path) -> None:
    said = run("prepare", fixtures / "half.jpg", fixtures / "empty.png", cwd=tmp_path)
    ready, rejected = sorted(said.stdout.splitlines())
    assert re.fullmatch(r"ready  .*half\.jpg -> file:///.*half\.jpg \(JPEG 1200 × 900, .* KB\)  warning: .*", ready)
    assert rejected.startswith("rejected  MMS_002 damaged  empty.png: the file is empty")
    assert said.stderr.startswith("1 ready, 1 rejected; ")


def test_standard_input_is_a_source(fixtures: Path, tmp_path: Path) -> None:
    said = run("prepare", "-", "--json", cwd=tmp_path, stdin=(fixtures / "logo.png").read_bytes())
    assert lines(said)["-"]["status"] == "ready"


def test_any_bytes_in_a_name_survive_into_the_report(fixtures: Path, tmp_path: Path) -> None:
    odd = [b"-i.png", b"new\nline.png", b"\xff\xfe.png", "\u202egnp.exe".encode(), b"\x1b[31mred.png", b"img%03d.png"]
    for name in odd:
        (tmp_path / os.fsdecode(name)).write_bytes((fixtures / "logo.png").read_bytes())
    said = run("prepare", "--json", "--", *map(os.fsdecode, odd), cwd=tmp_path)
    assert set(lines(said)) == set(map(os.fsdecode, odd))
    assert {each["status"] for each in lines(said).values()} == {"ready"}
    shown = run("prepare", "--", *map(os.fsdecode, odd), cwd=tmp_path)
    assert len(shown.stdout.splitlines()) == len(odd)
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prepare"], "SOURCE"),
        (["prepare", "x.jpg", "--profile", "telnix"], "did you mean telnyx?"),
        (["prepare", "x.jpg", "--store", "ftp://example.com"], "no store for ftp:// URLs"),
        (
            ["prepare", "x.jpg", "--store", "s3:/bucket"],
            "a store begins with s3:// and not s3:/; write ./s3:",
        ),
        (["prepare", "x.jpg", "--max-bytes", "0"], "--max-bytes"),
        (["profiles", "moon"], "no profile is called 'moon'"),
        (["sing"], "sing"),
    ],
)
def test_wrong_usage_is_told_in_words_and_exits_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    ended = run(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stdout == ""


def test_a_store_that_cannot_be_written_exits_3(fixtures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = run("prepare", fixtures / "logo.png", "--store", "file/below", "--json", cwd=tmp_path)
    assert said.returncode == 3
    assert lines(said)[str(fixtures / "logo.png")]["reason"] == "store"


def test_inspect_tells_what_a_file_is_carries_and_becomes(fixtures: Path, tmp_path: Path) -> None:
    said = run("inspect", fixtures / "rotated_gps.jpg", "--json", "-p", "pantheon", "-p", "legacy", cwd=tmp_path)
    found = json.loads(said.stdout)
    assert (found["type"], found["width"], found["height"]) == ("image/jpeg", 900, 1200)
    assert {"exif", "gps", "comment"} <= set(found["metadata"])
    assert found["tells"]["place"].startswith("37.774")
    assert found["profiles"]["pantheon"]["media"][0]["height"] == 1200
    assert found["profiles"]["legacy"]["media"][0]["height"] < 1200
    assert run("inspect", fixtures / "empty.png", cwd=tmp_path).returncode == 1
    assert os.listdir(tmp_path) == []


def test_compose_prints_the_request_for_what_it_has_stored(fixtures: Path, tmp_path: Path) -> None:
    names = ["--to", "+14155550123", "--from", "+14155550100", "--caption", "a", "--caption", "b"]
    said = run("compose", fixtures / "logo.png", fixtures / "drawing.bmp", *names, "--text", "hi", cwd=tmp_path)
    assert said.returncode == 0
    request = json.loads(said.stdout)
    assert request["media_captions"] == ["a", "b"]
    assert request["media_urls"] == [(tmp_path / "out" / name).as_uri() for name in ("logo.png", "drawing.png")]
    assert run("compose", fixtures / "logo.png", "--to", "12", "--from", "+14155550100", cwd=tmp_path).returncode == 1
    assert run("compose", fixtures / "logo.png", cwd=tmp_path).returncode == 2


def test_compose_can_tell_per_profile_what_would_become_of_files(fixtures: Path, tmp_path: Path) -> None:
    files = [fixtures / "logo.png", fixtures / "report.docx"]
    said = run("compose", *files, "--dry-run", "--profiles", "att.tollfree,legacy", cwd=tmp_path)
    assert said.returncode == 1
    heading, _, logo, *rest = said.stdout.splitlines()
    assert heading.split() == ["Source", "att.tollfree", "legacy"]
    assert "PNG 800 × 800" in logo
    assert "JPEG 4" in logo
    assert "a Word document" in " ".join(rest)
    assert os.listdir(tmp_path) == []


def test_profiles_are_listed_with_their_source(tmp_path: Path) -> None:
    assert "att.tollfree" in run("profiles", cwd=tmp_path).stdout
    (both,) = [
        json.loads(line) for line in run("profiles", "telnyx+att.longcode", "--json", cwd=tmp_path).stdout.splitlines()
    ]
    assert both["name"] == "telnyx+att.longcode"
    assert both["total_bytes"] == 1_000_000
    assert any(source.startswith("https://") for source in both["source"])


def test_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    said = run("doctor", "--json", cwd=tmp_path)
    assert said.returncode == 0
    found = json.loads(said.stdout)
    assert found["profile"] == {"ok": True, "found": "pantheon"}
    assert any(name.startswith("isolation") for name in found)


def test_demo_ends_well_although_some_examples_are_bad(tmp_path: Path) -> None:
    said = run("demo", cwd=tmp_path)
    assert said.returncode == 0
    assert "14 ready, 4 rejected" in said.stderr
    assert "Next: mmsprep prepare" in said.stderr
    made = list((tmp_path / "out").iterdir())
    assert len(made) == 14
    assert all(path.stat().st_size < 1_500_000 for path in made)


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "mmsprep", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    loaded = {line.rpartition("|")[2].strip() for line in said.stderr.splitlines()}
    assert not loaded & {"PIL", "pydantic", "rich", "magic", "mmsprep.pipeline", "asyncio"}
    assert "Prepare anything that people text" in said.stdout


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"mmsprep {version('mmsprep')}\n"


def on_terminal(arguments: list[str], cwd: Path) -> str:
    """Run a command on a pseudo-terminal and return what it shows."""
    child, screen = pty.fork()
    if not child:
        os.chdir(cwd)
        os.environ.update(TERM="xterm-256color", COLUMNS="100")
        os.execv(MMSPREP[0], [*MMSPREP, *arguments])
    shown = b""
    while select.select([screen], [], [], 60)[0]:
        try:
            shown += os.read(screen, 65_536)
        except OSError:
            break
    os.waitpid(child, 0)
    return shown.decode()


def test_a_terminal_gets_a_bar_and_a_table(fixtures: Path, tmp_path: Path) -> None:
    shown = on_terminal(["prepare", str(fixtures / "logo.png"), str(fixtures / "empty.png")], tmp_path)
    assert "Preparing" in shown
    assert "Ready to send" in shown
    assert "✓" in shown
    assert "✗ MMS_002 damaged" in shown


def test_ctrl_c_ends_it_at_once_with_130_and_leaves_nothing(fixtures: Path, tmp_path: Path) -> None:
    command = [*MMSPREP, "prepare", *[str(fixtures / "panorama_48mp.jpg")] * 40, "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as ended:
        assert ended.stdout is not None
        ended.stdout.readline()
        os.killpg(ended.pid, signal.SIGINT)
        started = time.monotonic()
        _, said = ended.communicate(timeout=30)
        assert time.monotonic() - started < 20
    assert ended.returncode == 130
    assert re.fullmatch(r"interrupted: \d+ of 40 done\n", said.decode())
    assert not [name for name in os.listdir(tmp_path / "out") if name.startswith(".")]


@pytest.mark.slow
@pytest.mark.parametrize("ways", [["--dry-run"], ["--to", "+12025550143", "--from", "+12025550100"]])
def test_ctrl_c_does_not_wait_for_the_films_of_a_message(ways: list[str], tmp_path: Path) -> None:
    film(tmp_path / "long.mov", "-c:v", "mpeg4", seconds=60, size="640x360")
    command = [*MMSPREP, "compose", "long.mov", *ways]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as ended:
        threads = Path(f"/proc/{ended.pid}/task")
        while not any(each.read_text() for each in threads.glob("*/children")) and ended.poll() is None:
            time.sleep(0.05)
        ended.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, said = ended.communicate(timeout=120)
        assert time.monotonic() - started < 10
    assert (ended.returncode, said) == (130, b"")
    assert os.listdir(tmp_path) == ["long.mov"]
