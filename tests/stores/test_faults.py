"""What goes wrong at a server is told by who must act, in bounded time, with no half object and no secret."""

from __future__ import annotations

import logging
import re
import resource
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.servers import ceph, s3
from tests.servers.faults import faulty
from tests.stores.conftest import EACH_S3, House, Make, Servers, opened

from mmsprep.errors import Unavailable

CONTENT = bytes(range(256)) * 2_000
PLAIN = [each for each in EACH_S3 if "tls" not in str(each)]
# Three attempts of three seconds and the waits between them; the rest is for a busy machine.
BOUND_SECONDS = 30
ALL = ("GET", "HEAD", "PUT", "POST", "DELETE")


@pytest.fixture(params=PLAIN)
def plain(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Each S3 server in turn, without TLS, so that a proxy can stand in front of it."""
    return opened(request.param, servers, tmp_path, monkeypatch)


@contextmanager
def unavailable(said: str) -> Iterator[None]:
    """Expect the error that says so, long before a sender would give up, telling nothing that is secret."""
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        yield
    assert time.monotonic() - started < BOUND_SECONDS
    assert caught.value.reason == "store"
    assert re.search(said, caught.value.message), caught.value.message
    whole = "".join(traceback.format_exception(caught.value))
    assert s3.SECRET_KEY not in whole
    assert "Signature=" not in whole


def upstream(house: House) -> str:
    assert house.server
    return house.server.endpoint


def test_a_server_that_is_busy_twice_gets_it_the_third_time(plain: House, make: Make) -> None:
    media, key = make(CONTENT)
    started = time.monotonic()
    with faulty(upstream(plain), 503, 503) as proxy:
        plain.with_settings(endpoint=proxy.url).store.put(media, key)
    assert proxy.seen == ["HEAD", "PUT", "PUT", "PUT"]
    assert time.monotonic() - started < BOUND_SECONDS
    assert plain.fetch(plain.store.put(media, key))[0] == CONTENT


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_stays_busy_is_given_up_and_keeps_nothing(plain: House, make: Make, status: int) -> None:
    with (
        faulty(upstream(plain), status, lasting=True) as proxy,
        unavailable(f"failed 3 times, last with {status} SlowDown; try again later"),
    ):
        plain.with_settings(endpoint=proxy.url).store.put(*make(CONTENT))
    assert proxy.seen == ["HEAD", "PUT", "PUT", "PUT"]
    assert plain.names() == []


@pytest.mark.slow
@pytest.mark.parametrize("methods", [ALL, ("PUT",)])
def test_a_server_that_never_answers_is_given_up(plain: House, make: Make, methods: tuple[str, ...]) -> None:
    with (
        faulty(upstream(plain), "silence", methods=methods, lasting=True) as proxy,
        unavailable("did not answer, or not whole, tried 3 times; check the network"),
    ):
        plain.with_settings(endpoint=proxy.url).store.put(*make(CONTENT))
    assert plain.names() == []


def test_an_upload_whose_answer_was_lost_is_found_and_not_repeated_for_ever(plain: House, make: Make) -> None:
    media, key = make(CONTENT)
    with faulty(upstream(plain), "lost") as proxy:
        url = plain.with_settings(endpoint=proxy.url).store.put(media, key)
    assert proxy.seen.count("PUT") == 2
    assert url.partition("?")[0].endswith(key)
    assert plain.names() == [key]
    assert plain.fetch(plain.store.put(media, key))[0] == CONTENT


def test_an_upload_whose_answers_are_all_lost_is_whole_and_not_sent_again(plain: House, make: Make) -> None:
    media, key = make(CONTENT)
    with (
        faulty(upstream(plain), "lost", lasting=True) as proxy,
        unavailable("did not answer"),
    ):
        plain.with_settings(endpoint=proxy.url).store.put(media, key)
    assert plain.names() == [key]
    with faulty(upstream(plain), 500, lasting=True) as proxy:  # of which a second upload would tell
        url = plain.with_settings(endpoint=proxy.url).store.put(media, key)
    assert proxy.seen == ["HEAD"]
    assert url
    assert plain.fetch(plain.store.put(media, key))[0] == CONTENT


def test_a_connection_cut_in_mid_body_leaves_no_half_object(plain: House, make: Make) -> None:
    media, key = make(CONTENT)
    with faulty(upstream(plain), "cut", lasting=True) as proxy, unavailable("did not answer"):
        plain.with_settings(endpoint=proxy.url).store.put(media, key)
    time.sleep(0.5)
    assert plain.names() == []
    with faulty(upstream(plain), "cut") as proxy:
        plain.with_settings(endpoint=proxy.url).store.put(media, key)
    assert plain.fetch(plain.store.put(media, key))[0] == CONTENT


def test_where_nothing_listens_the_network_is_named(bucket: House, make: Make) -> None:
    gone = bucket.with_settings(endpoint=f"http://127.0.0.1:{s3.free_port()}")
    with unavailable("cannot be reached, tried 3 times; check the network and s3.endpoint"):
        gone.store.put(*make(CONTENT))


@pytest.mark.parametrize("wrong", [{"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "AKIAWRONG"}])
@pytest.mark.parametrize("bucket", [each for each in EACH_S3 if "moto" not in str(each)], indirect=True)
def test_wrong_credentials_are_named_as_yours(
    bucket: House, make: Make, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with unavailable("your credentials were refused: the (secret|server) does not"):
        bucket.with_settings().store.put(*make(CONTENT))
    with unavailable("your credentials were refused"):
        list(bucket.with_settings().store.init(public=False))
    with unavailable("your credentials were refused"):
        list(bucket.with_settings().store.purge(older_than_days=1))


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "no credentials were found; set AWS_ACCESS_KEY_ID"),
        (("AWS_SECRET_ACCESS_KEY",), "half of the credentials is missing"),
    ],
)
def test_missing_credentials_are_told_with_where_to_put_them(
    bucket: House, make: Make, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], said: str
) -> None:
    for name in missing:
        monkeypatch.delenv(name)
    with unavailable(said):
        bucket.with_settings().store.put(*make(CONTENT))


def test_a_profile_that_is_not_there_is_named_as_yours(
    bucket: House, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with unavailable(r"your credentials could not be read \(ProfileNotFound\)"):
        bucket.with_settings().store.put(*make(CONTENT))


def test_a_bucket_that_is_not_there_is_told_with_how_to_make_it(bucket: House, make: Make) -> None:
    bucket.store.bucket = "nobody-made-this-one"
    with unavailable("there is no such bucket; check its name, or make it: mmsprep store init"):
        bucket.store.put(*make(CONTENT))


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph"], indirect=True)
def test_a_full_bucket_is_its_owners_to_empty(bucket: House, make: Make) -> None:
    assert bucket.server
    ceph.limit_bucket(bucket.server, bucket.store.bucket, max_bytes=100_000)
    bucket.store.put(*make(b"small", "small.jpg"))
    with unavailable("the bucket is full; its owner must free space or raise the quota"):
        bucket.store.put(*make(CONTENT))
    assert len(bucket.names()) == 1


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph"], indirect=True)
def test_a_bucket_of_somebody_else_is_theirs_to_open(
    bucket: House, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket.server
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ceph.STRANGER)
    with unavailable("access denied; the bucket's owner must allow these credentials s3:PutObject and s3:GetObject"):
        bucket.with_settings().store.put(*make(CONTENT))


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph-tls"], indirect=True)
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    bucket: House, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with unavailable("no TLS connection that can be trusted; .* AWS_CA_BUNDLE"):
        bucket.with_settings().store.put(*make(CONTENT))


def test_no_log_at_any_level_holds_a_secret(
    plain: House, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plain.store.put(*make(CONTENT))
    with faulty(upstream(plain), 503) as proxy:
        plain.with_settings(endpoint=proxy.url).store.put(*make(CONTENT[1:]))
    list(plain.store.purge(older_than_days=0))
    list(plain.store.init(public=False))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session-token")
    try:
        plain.with_settings().store.put(*make(CONTENT[2:]))
    except Unavailable:
        logging.getLogger("program").exception("as a program would log it")
    ours = caplog.text
    secrets = (s3.SECRET_KEY, "another-secret", "a-session-token", "Signature=", "StringToSign", "Authorization")
    assert [secret for secret in secrets if secret in ours] == []
    assert [record for record in caplog.records if record.name.startswith("botocore") and record.levelno < 20] == []
    # What a program asks boto3 itself is told as ever, and shows what was held back.
    caplog.clear()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.SECRET_KEY)
    plain.with_settings().store.client().list_buckets()
    assert "Signature=" in caplog.text


def test_a_server_whose_disk_is_full_keeps_no_half_object(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    server = s3.rclone(tmp_path / "disk")
    try:
        house = opened("rclone", lambda _: server, tmp_path, monkeypatch)
        limits = resource.prlimit(server.pids[0], resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        with unavailable("the server failed 3 times, last with 500 InternalError; .* ask its operator"):
            house.store.put(*make(CONTENT))
        assert house.names() == []
        resource.prlimit(server.pids[0], resource.RLIMIT_FSIZE, limits)
        assert house.fetch(house.store.put(*make(CONTENT)))[0] == CONTENT
    finally:
        s3.stop(server.pids)
