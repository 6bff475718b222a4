"""``check`` and ``send``, run as a person or a script runs them, against servers on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import ENDS, Run, settings
from tests.clips import film
from tests.servers.media_host import Host
from tests.servers.messages_api import Api, Handler

from mmsprep import Pipeline

MMSPREP = [sys.executable, "-m", "mmsprep"]


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
        ([*ENDS, "--text", "Hi", "--caption", "Lake"], 2, "captions are of files"),
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
