"""``check`` and ``send``, run as a person or a script runs them, against servers on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.clips import film
from tests.servers.media_host import Host
from tests.servers.messages_api import KEY, Api, Handler

from mmsprep import Pipeline
from mmsprep.cli import main

MMSPREP = [sys.executable, "-m", "mmsprep"]
ENDS = ["--to", "+1 202 555 0143", "--from", "+12025550100"]


@dataclass
class Said:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Said]


def settings(api: Api | None, **more: str) -> dict[str, str]:
    address = {"MMSPREP_API_URL": api.url, "MMSPREP_API_KEY": KEY} if api else {}
    return address | more


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which is many times faster than in one of its own."""

    def run(*arguments: object, api: Api | None = None, **more: str) -> Said:
        with monkeypatch.context() as changed:
            changed.chdir(tmp_path)
            for name in [name for name in os.environ if name.startswith("MMSPREP_")]:
                changed.delenv(name)
            for name, value in settings(api, **more).items():
                changed.setenv(name, value)
            changed.setattr(sys, "argv", ["mmsprep", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return Said(int(ended.value.code or 0), out, err)

    return run


def test_check_tells_who_refuses_and_says_so_by_its_status(run: Run, host: Host, tmp_path: Path) -> None:
    good, bad = f"{host.url}/photo.jpg?token=secret", f"{host.url}/presigned?X-Amz-Signature=secret"
    said = run("check", "--allow-private", good, bad)
    assert said.returncode == 1
    lines = said.stdout.splitlines()
    assert any(line.startswith(f"ready  {host.url}/photo.jpg  (JPEG 256 × 256, ") for line in lines)
    assert any("refused: HEAD is answered 403, GET 200" in line and line.endswith("[twilio]") for line in lines)
    assert "secret" not in said.stdout
    assert run("check", "--allow-private", good).returncode == 0
    assert os.listdir(tmp_path) == []


def test_check_prints_an_object_per_url(run: Run, host: Host) -> None:
    said = run("check", "--json", "--allow-private", f"{host.url}/photo.jpg", f"{host.url}/nothing")
    found = {each["url"]: each for each in map(json.loads, said.stdout.splitlines())}
    assert said.returncode == 1
    assert (found[f"{host.url}/photo.jpg"]["ok"], found[f"{host.url}/photo.jpg"]["detected"]) == (True, "image/jpeg")
    assert found[f"{host.url}/nothing"]["refused_by"]["twilio"] == ["status"]


@pytest.mark.parametrize(
    "url", ["https://user:hunter2@example.com/a.jpg", "https://hunter2@@example.com/a.jpg#hunter2"]
)
def test_check_repeats_no_password(run: Run, url: str) -> None:
    said = run("check", url)
    assert said.returncode == 1
    assert said.stdout.splitlines()[0] == "refused  https://example.com/a.jpg  (no answer)"
    assert "hunter2" not in said.stdout


def test_check_does_not_reach_into_ones_own_network_unasked(run: Run, host: Host) -> None:
    said = run("check", f"{host.url}/photo.jpg")
    assert said.returncode == 1
    assert "127.0.0.1 is an address that only its own network reaches" in said.stdout
    assert host.asked == []


def test_files_are_composed_and_sent(run: Run, api: Api, fixtures: Path) -> None:
    said = run(
        "send", fixtures / "logo.png", fixtures / "half.jpg", *ENDS, "--text", "Hi", "--caption", "Logo",
        "--caption", "", "--tag", "campaign=a=b", "--delivery-receipt", "--wait", "20",
        api=api, MMSPREP_BASE_URL="https://cdn.example.com/m",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    (body,) = api.bodies
    assert (body["to"], body["text"], body["media_captions"]) == ("+12025550143", "Hi", ["Logo", ""])
    assert all(url.startswith("https://cdn.example.com/m/") for url in body["media_urls"])
    assert (body["tags"], body["delivery_receipt"]) == ({"campaign": "a=b"}, True)
    assert said.stdout.splitlines() == [
        "queued  msg-00000001  2 files  0.0275 USD",
        "delivered  msg-00000001  2 files  0.0275 USD  at 2026-11-22 12:00:07 UTC",
    ]
    assert "warning: " in said.stderr
    assert "msg-00000001 is sent" in said.stderr


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


def test_send_prepares_as_it_is_told(run: Run, api: Api, tmp_path: Path) -> None:
    clip = film(tmp_path / "long.mov", "-c:v", "mpeg4", seconds=4)
    arguments = ["send", clip, *ENDS, "--store", "out"]
    sent = run(*arguments, "--set", "trim=0-1", api=api, MMSPREP_BASE_URL="https://cdn.example.com")
    assert sent.returncode == 0, sent.stderr
    (made,) = (tmp_path / "out").iterdir()
    assert 0.5 < Pipeline().inspect(made).facts.seconds < 1.5
    wrong = run(*arguments, "--set", "trimm=0-1", api=api, MMSPREP_BASE_URL="https://cdn.example.com")
    assert wrong.returncode == 2
    assert "trimm" in wrong.stderr
    assert len(api.bodies) == 1


def test_a_text_alone_goes_as_sms(run: Run, api: Api) -> None:
    said = run("send", *ENDS, "--text", "Привет", "--json", api=api)
    assert (api.asked, api.bodies[0]["encoding"]) == ([("POST", "/v1/messages/sms")], "UCS-2")
    assert json.loads(said.stdout)["message_id"] == "msg-00000001"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--to", "555", "--from", "+12025550100", "--text", "Hi"], 1, "SMS_001 phone-number"),
        ([*ENDS], 2, "nothing to send"),
        ([*ENDS, "--text", "Hi", "--tag", "x"], 2, "a tag is NAME=VALUE"),
        ([*ENDS, "--text", "Hi", "--webhook-url", "http://x"], 2, "https://"),
        (["--text", "Hi"], 2, "--to"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(
    run: Run, arguments: list[str], status: int, said: str, api: Api
) -> None:
    ended = run("send", *arguments, api=api)
    assert ended.returncode == status
    assert said in ended.stderr
    assert api.asked == []


def test_media_that_no_provider_can_fetch_is_not_sent(run: Run, api: Api, fixtures: Path, tmp_path: Path) -> None:
    ended = run("send", fixtures / "logo.png", *ENDS, api=api)
    assert (ended.returncode, api.asked) == (2, [])
    assert "MMSPREP_BASE_URL" in ended.stderr
    assert os.listdir(tmp_path) == []


def test_with_check_what_cannot_be_fetched_is_not_sent(run: Run, api: Api, fixtures: Path) -> None:
    ended = run("send", fixtures / "logo.png", *ENDS, "--check", api=api, MMSPREP_BASE_URL="http://127.0.0.1:9")
    assert (ended.returncode, api.asked) == (1, [])
    assert "only its own network reaches" in ended.stderr


def test_without_a_key_it_says_where_to_put_one(run: Run) -> None:
    ended = run("send", *ENDS, "--text", "Hi")
    assert ended.returncode == 2
    assert "MMSPREP_API_KEY" in ended.stderr


def test_how_it_ends_tells_who_must_act(run: Run, api: Api) -> None:
    def refuses(handler: Handler) -> None:
        handler.give(400, {"error": {"code": "SMS_003", "message": "balance 0"}})

    def fails(handler: Handler) -> None:
        handler.give(500, b"")

    api.faults = [refuses, fails]
    refused = run("send", *ENDS, "--text", "Hi", "--json", api=api)
    assert refused.returncode == 1
    assert json.loads(refused.stdout) | {"source": ""} == {
        "schema": 1, "source": "", "status": "rejected", "code": "SMS_003", "reason": "no-funds",
        "message": "the API refuses it (balance 0); top up the account",
    }  # fmt: skip
    perhaps = run("send", *ENDS, "--text", "Hi", api=api)
    assert perhaps.returncode == 1
    assert "look before sending it again" in perhaps.stderr
    nobody = run("send", *ENDS, "--text", "Hi", api=api, MMSPREP_API_URL="http://127.0.0.1:9")
    assert nobody.returncode == 3


def test_ctrl_c_while_it_goes_out_says_what_that_means(api: Api, tmp_path: Path) -> None:
    api.faults = [lambda handler: bool(handler.server.stopping.wait(20))]  # type: ignore[list-item]
    command = [*MMSPREP, "send", *ENDS, "--text", "Hi"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | settings(api), stderr=subprocess.PIPE, text=True
    ) as sending:
        ends = time.monotonic() + 30
        while not api.asked and time.monotonic() < ends:
            time.sleep(0.05)
        sending.send_signal(signal.SIGINT)
        _, said = sending.communicate(timeout=20)
    assert sending.returncode == 130
    assert "the message may have gone out" in said
