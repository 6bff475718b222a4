"""A URL is asked for as a provider asks, and every fault is told with who would refuse it."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from tests.servers.media_host import Host

from mmsprep.pipeline import Pipeline
from mmsprep.preflight import Preflight, check
from mmsprep.preflight.judge import EVERY
from mmsprep.profile import load


def look(host: Host, path: str, pipeline: Pipeline, *, wait_seconds: float = 5.0) -> Preflight:
    return check(f"{host.url}/{path}", pipeline=pipeline, allow_private=True, wait_seconds=wait_seconds)


def fatal(found: Preflight) -> list[str]:
    return [each.reason for each in found.findings if each.fatal]


def message(found: Preflight, reason: str) -> str:
    return next(each.message for each in found.findings if each.reason == reason)


def test_a_sound_url_is_refused_by_nobody(host: Host, pipeline: Pipeline, photo: bytes) -> None:
    found = look(host, "photo.jpg", pipeline)
    assert found.ok
    assert not found.refused_by
    assert (found.status, found.type, found.bytes) == (200, "image/jpeg", len(photo))
    assert found.facts is not None
    assert (found.facts.type, found.facts.width) == ("image/jpeg", 256)
    assert [each.reason for each in found.findings] == ["http"]
    assert [method for method, _ in host.asked] == ["HEAD", "GET", "HEAD"]
    assert look(host, "photo-jpg-alias", pipeline).ok
    for path in ("as-it-is", "etag-by-get", "etag-weak-by-head"):
        assert look(host, path, pipeline).ok


def test_a_presigned_get_is_refused_by_who_asks_with_head_first(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "presigned?X-Amz-Signature=secret", pipeline)
    assert not found.ok
    assert found.refused_by == {"twilio": ("head",)}
    assert "secret" not in json.dumps([each.as_dict() for each in found.findings])


@pytest.mark.parametrize(
    ("path", "reason", "refused_by"),
    [
        ("no-head", "head", ("twilio",)),
        ("head-not-allowed", "head", ("twilio",)),
        ("compressed", "encoded", EVERY),
        ("private", "status", EVERY),
        ("nothing-here", "status", EVERY),
        ("wrong-type", "type", ("twilio",)),
        ("octets", "type", ("twilio", "sinch")),
        ("no-type", "type", ("twilio", "sinch")),
        ("disagreeing", "disagree", ("twilio",)),
        ("no-length", "length", ("sinch",)),
        ("chunked", "chunked", ("sinch",)),
        ("truncated", "truncated", EVERY),
        ("empty", "damaged", EVERY),
        ("damaged", "damaged", EVERY),
        ("garbage", "broken", EVERY),
        ("hangs-up", "broken", EVERY),
        ("endless-headers", "broken", EVERY),
        ("circle", "redirects", EVERY),
        ("far", "redirects", EVERY),
        ("to-nonsense", "redirects", EVERY),
        ("to-secret", "url", EVERY),
        ("to-file", "url", EVERY),
        ("once", "gone", EVERY),
        ("changing", "changed", EVERY),
    ],
)
def test_each_fault_is_told_with_who_refuses(
    host: Host, pipeline: Pipeline, path: str, reason: str, refused_by: tuple[str, ...]
) -> None:
    found = look(host, path, pipeline)
    assert fatal(found) == [reason]
    (finding,) = [each for each in found.findings if each.fatal]
    assert finding.refused_by == refused_by
    assert "; " in finding.message


@pytest.mark.parametrize(
    ("path", "reason", "said"),
    [
        ("presigned", "head", "HEAD is answered 403, GET 200; a presigned URL is signed for one method"),
        ("head-not-allowed", "head", "HEAD is answered 405, GET 200; let the server answer HEAD"),
        ("compressed", "encoded", "it comes as gzip although nobody asked for that"),
        ("private", "status", "GET is answered 403, not 200; make the file public"),
        ("nothing-here", "status", "GET is answered 404, not 200; check the URL, and that the file is there"),
        ("to-secret", "url", "it redirects to https://127.0.0.1/: it carries a user and password"),
        ("to-file", "url", "it redirects to file:///etc/passwd: it is no http:// or https:// URL"),
        ("broken", "status", "GET is answered 503, not 200; see the server's log"),
    ],
)
def test_the_remedy_is_that_of_the_fault(host: Host, pipeline: Pipeline, path: str, reason: str, said: str) -> None:
    assert message(look(host, path, pipeline), reason).startswith(said)


def test_chunks_that_end_early_are_told_as_both(host: Host, pipeline: Pipeline) -> None:
    assert fatal(look(host, "cut-chunks", pipeline)) == ["truncated", "chunked"]


@pytest.mark.parametrize("path", ["silent", "dripping-headers", "dripping-body", "endless-continue"])
def test_a_server_that_never_ends_is_left_in_time(host: Host, pipeline: Pipeline, path: str) -> None:
    started = time.monotonic()
    found = look(host, path, pipeline, wait_seconds=0.7)
    assert time.monotonic() - started < 15
    assert fatal(found) == ["slow"]
    assert "no whole answer within 0.7 s" in message(found, "slow")


def test_a_body_without_end_is_not_read_to_its_end(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "huge", pipeline)
    assert fatal(found) == ["too-many-bytes"]
    assert found.bytes is None


def test_slow_is_refused_by_who_waits_five_seconds(
    host: Host, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsprep.preflight.judge.ANSWER_SECONDS", 0.5)
    found = look(host, "slow", pipeline)
    assert found.refused_by == {"bird": ("slow",)}
    assert found.seconds is not None
    assert found.seconds > 0.5


def test_redirects_are_followed_and_told_without_their_secret(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "redirect", pipeline)
    assert found.ok
    assert found.redirects == (f"{host.url}/photo.jpg",)
    assert "secret" not in json.dumps(found.as_dict())


def test_a_circle_is_told_from_a_long_way(host: Host, pipeline: Pipeline) -> None:
    assert "in a circle" in message(look(host, "circle", pipeline), "redirects")
    assert len(host.asked) == 2
    assert "more than 5 times" in message(look(host, "far", pipeline), "redirects")


def test_a_header_cannot_reach_the_terminal(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "rude-type", pipeline)
    assert fatal(found) == ["type"]
    said = str(found.type) + message(found, "type")
    assert said.isprintable()
    assert len(said) < 400


def test_a_log_in_page_is_no_media(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "page", pipeline)
    assert fatal(found) == ["profile"]
    assert "text/html is not accepted by pantheon" in message(found, "profile")
    assert "twilio" in found.refused_by


def test_what_the_profile_refuses_is_fatal_and_what_others_refuse_is_told(host: Host, pipeline: Pipeline) -> None:
    host.photo += bytes(700_000)
    found = look(host, "photo.jpg", pipeline)
    assert found.ok
    assert found.refused_by == {"bird": ("too-many-bytes",), "infobip": ("too-many-bytes",)}
    tight = Pipeline(replace(load("pantheon"), max_bytes=500_000))
    refused = look(host, "photo.jpg", tight)
    tight.close()
    assert fatal(refused) == ["profile"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a",
        "https://",
        "https:///a",
        "http://[1/",
        "photo.jpg",
        "",
        "http://a b/",
    ],
)
def test_what_is_no_url_of_the_web_is_told(url: str, pipeline: Pipeline) -> None:
    assert fatal(check(url, pipeline=pipeline)) == ["url"]


def test_a_password_in_the_url_is_told_and_not_repeated(pipeline: Pipeline) -> None:
    found = check("https://user:hunter2@example.com/a.jpg", pipeline=pipeline)
    assert fatal(found) == ["url"]
    assert "hunter2" not in found.findings[0].message


def test_the_json_says_it_all(host: Host, pipeline: Pipeline) -> None:
    found = look(host, "presigned", pipeline).as_dict()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        "schema", "url", "ok", "status", "type", "detected", "bytes", "seconds", "redirects", "refused_by", "findings",
    }  # fmt: skip
