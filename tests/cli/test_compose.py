"""``compose``, run as a person or a script runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import ENDS, Run
from tests.clips import film
from tests.servers.messages_api import Api


def test_compose_says_tags_and_a_providers_own_fields(run: Run, fixtures: Path) -> None:
    said = run(
        "compose", fixtures / "logo.png", "--to", "+12025550143", "--from", "21212", "--for", "bandwidth",
        "--field", "applicationId=app-1", "--tag", "a=b", "--text", "Hi",
        MMSPREP_BASE_URL="https://cdn.example.com",
    )  # fmt: skip
    body = json.loads(said.stdout)
    assert (body["applicationId"], body["tag"], body["from"]) == ("app-1", '{"a":"b"}', "21212")
    assert body["media"][0].startswith("https://cdn.example.com/")


def test_compose_for_pantheon_is_compose(run: Run, fixtures: Path) -> None:
    ours = run("compose", fixtures / "logo.png", *ENDS, MMSPREP_BASE_URL="https://cdn.example.com")
    named = run(
        "compose", fixtures / "logo.png", *ENDS, "--for", "pantheon", MMSPREP_BASE_URL="https://cdn.example.com"
    )
    assert json.loads(ours.stdout) == json.loads(named.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "nobody"], "no provider is called 'nobody'; known are pantheon, twilio"),
        (["--field", "applicationId=1"], "--field goes with --for"),
        (["--for", "bandwidth"], "bandwidth needs applicationId of its own; give it in extra, or by --field"),
        (["--webhook-url", "http://example.com"], "the webhook is no https:// URL"),
        (["--profiles", "telnyx"], "--profiles goes with --dry-run"),
        (["--tag", "x"], "a tag is NAME=VALUE"),
        (["--tag", "x=\udcff"], "a tag has half a surrogate pair"),
        (["--caption", "\udcff"], "caption 1 has half a surrogate pair"),
        (["--caption", "a", "--caption", "b"], "captions: 2, sources: 1; give one each, or none"),
    ],
)
def test_compose_prepares_nothing_for_a_request_that_cannot_be_written(
    run: Run, fixtures: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    ended = run("compose", fixtures / "logo.png", *ENDS, *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--to", "2025550143", "--from", "+12025550100"],
            "SMS_001 phone-number  to: '2025550143' has no country",
        ),
        (["--to", "+12025550143", "--from", "21212"], "SMS_001 phone-number  from: '21212' has no country code"),
        ([*ENDS, "--profile", "twilio", "--text", "x" * 1601], "SMS_002 text-too-long  the text has 1601 characters"),
    ],
)
def test_numbers_and_text_are_checked_before_anything_is_prepared(
    run: Run, api: Api, fixtures: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    for command in ("compose", "send"):
        ended = run(command, fixtures / "logo.png", *arguments, api=api, MMSPREP_BASE_URL="https://cdn.example.com")
        assert (ended.returncode, ended.stdout) == (1, "")
        assert said in ended.stderr
    assert (os.listdir(tmp_path), api.asked) == ([], [])


def test_a_providers_text_limit_is_checked_before_anything_is_prepared(
    run: Run, fixtures: Path, tmp_path: Path
) -> None:
    ended = run("compose", fixtures / "logo.png", *ENDS, "--for", "twilio", "--text", "x" * 1601)
    assert ended.returncode == 1
    assert "SMS_002 text-too-long  the text has 1601 characters" in ended.stderr
    assert os.listdir(tmp_path) == []


def test_compose_tells_a_program_in_json(run: Run, fixtures: Path) -> None:
    ready = run("compose", fixtures / "logo.png", *ENDS, "--json", MMSPREP_BASE_URL="https://cdn.example.com")
    assert len(ready.stdout.splitlines()) == 1
    assert json.loads(ready.stdout)["to"] == "+12025550143"
    refused = run("compose", fixtures / "report.docx", *ENDS, "--json")
    assert refused.returncode == 1
    told = json.loads(refused.stdout)
    assert (told["status"], told["code"], told["reason"]) == ("rejected", "MMS_002", "unknown-type")


def test_a_plan_says_what_is_more_than_one_message(run: Run, fixtures: Path, tmp_path: Path) -> None:
    files = [fixtures / "logo.png", fixtures / "half.jpg"]
    said = run("compose", *files, "--dry-run", "--profiles", "pantheon,aws")
    assert said.returncode == 1
    assert "✗ MMS_001 too-many-files 2 files, and aws takes 1 in a message" in " ".join(said.stdout.split())
    told = run("compose", *files, "--dry-run", "--profiles", "pantheon,aws", "--json", "--max-bytes", "50000")
    ours, aws = map(json.loads, told.stdout.splitlines())
    assert (ours["profile"], ours["files"], ours["refused"]) == ("pantheon", 2, None)
    assert (aws["profile"], aws["refused"]["reason"]) == ("aws", "too-many-files")
    assert [each["status"] for each in aws["sources"]] == ["ready", "ready"]
    assert all(each["media"][0]["bytes"] < 50_000 for each in [*ours["sources"], *aws["sources"]])
    assert ours["bytes"] == sum(each["media"][0]["bytes"] for each in ours["sources"])
    assert run("compose", *files, "--dry-run").returncode == 0
    assert os.listdir(tmp_path) == []


def test_what_is_left_of_a_film_is_told_where_no_message_can_be_made(run: Run, tmp_path: Path) -> None:
    clip = film(tmp_path / "long.mov", "-c:v", "mpeg4", seconds=20)
    said = run(
        "compose", clip, *ENDS, "--max-bytes", "9000", "--set", "on_cannot_fit=link",
        MMSPREP_BASE_URL="https://cdn.example.com",
    )  # fmt: skip
    assert said.returncode == 2
    assert "a multimedia message needs media" in said.stderr
    assert "for the text of an SMS: https://cdn.example.com/" in said.stderr


def test_compose_with_check_stops_at_what_cannot_be_fetched(run: Run, fixtures: Path) -> None:
    arguments = ["compose", fixtures / "logo.png", "--to", "+12025550143", "--from", "+12025550100", "--check"]
    said = run(*arguments, MMSPREP_BASE_URL="http://127.0.0.1:9")
    assert (said.returncode, said.stdout) == (1, "")
    assert "only its own network reaches" in said.stderr
