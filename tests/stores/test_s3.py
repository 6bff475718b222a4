"""The S3 store without a server: what it asks for, and where it says things are."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from mmsprep import defaults
from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings
from mmsprep.stores.s3 import S3Store
from mmsprep.stores.s3.faults import telling

KEY = "0123456789012345678901234567890123456789.jpg"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example-secret"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def opened(url: str, *, base_url: str | None = None, **options: object) -> S3Store:
    store = defaults.open_store(url, Settings.load(base_url=base_url, s3=options))
    assert isinstance(store, S3Store)
    return store


@pytest.mark.parametrize(
    ("url", "options", "base_url", "expected"),
    [
        ("s3://media/mms", {"region": "eu-central-1"}, None, "https://media.s3.eu-central-1.amazonaws.com/mms/"),
        ("s3://media", {"region": "us-east-1"}, None, "https://media.s3.amazonaws.com/"),
        ("s3://media.example", {"region": "eu-west-1"}, None, "https://s3.eu-west-1.amazonaws.com/media.example/"),
        ("s3://media/a b/", {"endpoint": "http://127.0.0.1:1"}, None, "http://127.0.0.1:1/media/a%20b/"),
        (
            "s3://media/mms",
            {"endpoint": "https://s3.example.com", "addressing": "virtual"},
            None,
            "https://media.s3.example.com/mms/",
        ),
        ("s3://media/mms", {"region": "eu-west-1"}, "https://cdn.example.com/m/", "https://cdn.example.com/m/"),
    ],
)
def test_a_public_url_is_where_the_server_has_the_object(
    url: str, options: dict[str, object], base_url: str | None, expected: str
) -> None:
    assert opened(url, base_url=base_url, **options)._url(KEY) == expected + KEY


def test_a_presigned_url_is_signed_by_version_4_and_ends_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    url = opened("s3://media", region="eu-west-1", presign_seconds=3600)._url(KEY)
    assert url.startswith(f"https://media.s3.eu-west-1.amazonaws.com/{KEY}?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "X-Amz-Expires=3600" in url
    assert "answer HEAD with 403" in caplog.text


def test_an_endpoint_that_is_set_to_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMSPREP_S3__ENDPOINT", "")
    assert Settings.load().s3.endpoint is None


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("s3://", {}, "names no bucket"),
        ("s3:///key", {}, "names no bucket"),
        ("s3://key:secret@bucket", {}, "names no bucket"),
        ("s3://media/\udcff", {}, "characters that no URL shows"),
        ("s3://media/a\nb", {}, "characters that no URL shows"),
        ("s3://media", {"endpoint": "https://key:secret@s3.example.com"}, "s3.endpoint"),
        ("s3://media", {"endpoint": "s3.example.com"}, "s3.endpoint"),
        ("s3://media", {"presign_seconds": 8 * 86_400}, "s3.presign_seconds"),
        ("s3://media", {"retention_days": -1}, "s3.retention_days"),
        ("s3://media", {"retention_days": 10**12}, "s3.retention_days"),
        ("s3://media", {"colour": "red"}, "s3.colour"),
    ],
)
def test_wrong_settings_are_named_and_tell_no_secret(url: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        opened(url, **options)
    assert said in str(caught.value)
    assert "key:secret@s3" not in str(caught.value)
    assert ":secret@bucket" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 418, 500])
def test_what_a_server_calls_its_error_cannot_reach_a_terminal(status: int) -> None:
    answer = {"Error": {"Code": "\x1b[31mRed\n" + "x" * 500}, "ResponseMetadata": {"HTTPStatusCode": status}}
    with pytest.raises(Unavailable) as caught, telling("s3://media"):
        raise ClientError(answer, "PutObject")
    assert caught.value.message.isprintable()
    assert f"{status} ??31mRed?xxx" in caught.value.message
    assert len(caught.value.message) < 200


def test_a_table_of_the_settings_file_and_the_environment_say_how_to_reach_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mmsprep.toml").write_text('key_salt = "quiet"\n[s3]\nendpoint = "https://s3.example.com"\n')
    monkeypatch.setenv("MMSPREP_S3__RETENTION_DAYS", "7")
    settings = Settings.load()
    assert (settings.s3.endpoint, settings.s3.retention_days) == ("https://s3.example.com", 7)
    assert "quiet" not in repr(settings)
