"""``mmsprep store``, and ``mmsprep prepare`` into a bucket: what a script relies on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.servers import ceph, s3
from tests.servers.faults import faulty
from tests.stores.conftest import House

MMSPREP = [sys.executable, "-m", "mmsprep"]


def run(house: House, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the settings of a store, and see that it tells no secret and no traceback."""
    options = {name: getattr(house.settings.s3, name) for name in ("endpoint", "presign_seconds")}
    known = {f"MMSPREP_S3__{name.upper()}": str(value) for name, value in options.items() if value is not None}
    if house.settings.base_url:
        known["MMSPREP_BASE_URL"] = house.settings.base_url
    ended = subprocess.run(
        [*MMSPREP, *map(str, arguments)], env=os.environ | known | environment, capture_output=True, timeout=120
    )
    said = subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())
    for secret in (s3.SECRET_KEY, "Traceback"):
        assert secret not in said.stdout + said.stderr
    return said


def lines(said: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_a_store_is_made_filled_and_emptied(public: House, fixtures: Path) -> None:
    made = run(public, "store", "init", public.url, "--json")
    assert made.returncode == 0
    assert lines(made)[0]["done"] is True
    assert {"retention"} <= {step["step"] for step in lines(made)}

    ready = run(public, "prepare", fixtures / "logo.png", fixtures / "half.jpg", "--store", public.url, "--json")
    assert ready.returncode == 0, ready.stderr
    urls = [media["url"] for each in lines(ready) for media in each["media"]]
    assert len(urls) == len(public.names()) == 2

    none = run(public, "store", "purge", public.url, "--older-than", "1")
    assert (none.returncode, none.stdout, none.stderr.splitlines()[-1]) == (0, "", "0 erased")
    would = run(public, "store", "purge", public.url, "--item", urls[0], "--dry-run", "--json")
    assert lines(would)[0]["erased"] is False
    gone = run(public, "store", "purge", public.url, "--item", urls[0])
    assert gone.stdout.strip() in urls[0]
    assert len(public.names()) == 1
    assert run(public, "store", "purge", public.url, "--older-than", "0").returncode == 0
    assert public.names() == []


@pytest.mark.parametrize("public", ["published", "rclone"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["purge"], "give --older-than DAYS or --item URL"),
        (["purge", "--item", "https://example.com/beach.jpg"], "is no key or URL of ours"),
        (["purge", "--older-than", "-1"], "--older-than"),
    ],
)
def test_wrong_usage_erases_nothing(public: House, arguments: list[str], said: str) -> None:
    public.plant("theirs", b"1")
    ended = run(public, "store", arguments[0], public.url, *arguments[1:])
    assert ended.returncode == 2
    assert said in ended.stderr
    assert public.names() == ["theirs"]


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
def test_public_read_that_a_server_does_not_have_is_told_with_what_to_do(bucket: House) -> None:
    said = run(bucket, "store", "init", bucket.url, "--public")
    assert said.returncode == 3
    assert "! public read" in said.stdout
    assert "set s3.presign_seconds" in said.stdout


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "your credentials were refused"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
        ({"MMSPREP_S3__ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
def test_a_store_that_is_not_to_be_had_exits_3(bucket: House, fixtures: Path, wrong: dict[str, str], said: str) -> None:
    started = time.monotonic()
    ended = run(bucket, "prepare", fixtures / "logo.png", "--store", bucket.url, "--json", **wrong)
    assert ended.returncode == 3
    assert time.monotonic() - started < 30
    (told,) = lines(ended)
    assert (told["status"], told["reason"]) == ("unavailable", "store")
    assert told["message"].startswith(f"logo.png: {bucket.url}: ")
    assert said in told["message"]
    assert bucket.names() == []


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
@pytest.mark.parametrize("command", [["init"], ["purge", "--older-than", "1"]])
def test_upkeep_that_is_refused_exits_3_in_one_line(bucket: House, command: list[str]) -> None:
    ended = run(bucket, "store", command[0], bucket.url, *command[1:], AWS_SECRET_ACCESS_KEY="wrong")
    assert ended.returncode == 3
    assert ended.stdout == ""
    *warned, told = ended.stderr.splitlines()
    assert told.startswith(f"mmsprep: unavailable store: {bucket.url}: your credentials were refused")
    assert len(warned) == 1  # that its URLs are presigned


@pytest.mark.slow
@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
@pytest.mark.parametrize("fault", [503, "silence", "lost", "cut"])
def test_a_server_that_fails_for_good_exits_3_in_time(bucket: House, fixtures: Path, fault: int | str) -> None:
    assert bucket.server
    started = time.monotonic()
    with faulty(bucket.server.endpoint, fault, lasting=True) as proxy:
        wrong = {"MMSPREP_S3__ENDPOINT": proxy.url}
        ended = run(bucket, "prepare", fixtures / "logo.png", "--store", bucket.url, "--json", **wrong)
    assert time.monotonic() - started < 40
    assert ended.returncode == 3
    assert lines(ended)[0]["reason"] == "store"
    assert len(bucket.names()) == (1 if fault == "lost" else 0)


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph"], indirect=True)
def test_a_full_bucket_exits_3_and_keeps_no_half(bucket: House, fixtures: Path) -> None:
    assert bucket.server
    ceph.limit_bucket(bucket.server, bucket.store.bucket, max_bytes=1_000)
    ended = run(bucket, "prepare", fixtures / "beach.jpg", "--store", bucket.url, "--json")
    assert ended.returncode == 3
    assert "the bucket is full; its owner must free space" in lines(ended)[0]["message"]
    assert bucket.names() == []
