"""Flags over environment over file over defaults."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from mmsprep.errors import Misconfigured
from mmsprep.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_source_of_settings_gives_way_to_the_one_above(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().profile == "pantheon"
    Path("mmsprep.toml").write_text('profile = "telnyx"\nstore = "kept"\n[limits]\npages = 7\n')
    assert Settings.load().profile == "telnyx"
    assert Settings.load().limits.pages == 7
    monkeypatch.setenv("MMSPREP_PROFILE", "twilio")
    monkeypatch.setenv("MMSPREP_LIMITS__WALL_SECONDS", "2.5")
    assert Settings.load().profile == "twilio"
    assert Settings.load().limits.wall_seconds == 2.5
    assert Settings.load(profile="plivo", store=None).profile == "plivo"
    assert Settings.load(profile="plivo", store=None).store == "kept"


def test_wrong_settings_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMSPREP_MAX_BYTES", "many")
    Path("mmsprep.toml").write_text("colour = 1\n")
    with pytest.raises(Misconfigured, match=r"max_bytes.*colour|colour.*max_bytes"):
        Settings.load()


def test_a_file_that_is_not_toml_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mmsprep.toml").write_text("profile: telnyx\n")
    with pytest.raises(Misconfigured, match=r"mmsprep\.toml"):
        Settings.load()


def test_asked_for_bytes_replace_the_profiles() -> None:
    assert Settings.load(max_bytes=100_000).resolve_profile().limit("image/jpeg") == 100_000
    assert Settings.load(max_bytes=5_000_000).resolve_profile().limit("image/jpeg") == 5_000_000
    assert Settings.load(profile="att.tollfree").resolve_profile().limit("image/jpeg") == 600_000


def test_an_unknown_profile_is_told_what_it_might_have_been() -> None:
    with pytest.raises(Misconfigured, match="telnyx"):
        Settings.load(profile="telnix").resolve_profile()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"base_ur": "https://example.com"}, "base_ur: there is no such setting; did you mean base_url?"),
        ({"s3": {"endpont": "https://example.com"}}, "s3.endpont: there is no such setting; did you mean endpoint?"),
        ({"zzz": 1}, "zzz: there is no such setting"),
    ],
)
def test_a_name_that_is_misspelt_is_told_what_it_might_have_been(given: dict[str, object], said: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Settings.load(**given)
    assert str(wrong.value) == f"wrong settings: {said}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MMSPREP_BASEURL", "MMSPREP_BASE_URL"),
        ("MMSPREP_S3_ENDPOINT", "MMSPREP_S3__ENDPOINT"),
        ("MMSPREP_LIMITS_WALL_SECONDS", "MMSPREP_LIMITS__WALL_SECONDS"),
        ("MMSPREP_S3__ENDPOINT", None),
        ("MMSPREP_NO_SKIPS", None),
        ("OTHER_BASEURL", None),
    ],
)
def test_a_variable_that_is_almost_a_setting_is_told_of_and_its_value_is_not(
    name: str, meant: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, "https://hunter2.example")
    Settings.load()
    told = [record.getMessage() for record in caplog.records]
    assert [each for each in told if name in each] == (
        [f"{name} is no setting; did you mean {meant}?"] if meant else []
    )
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        *("media.example.com", "ftp://media.example.com", "https://", "https:///mms", "https://example.com/a b"),
        *(
            "https://example.com/?a=b",
            "https://example.com/#a",
            "https://user:hunter2@example.com",
            "https://bücher.de",
        ),
    ],
)
def test_a_base_url_that_no_url_can_begin_with_is_told_and_not_repeated(url: str) -> None:
    with pytest.raises(Misconfigured, match="base_url: it is http:// or https://, a host") as wrong:
        Settings.load(base_url=url)
    assert "hunter2" not in "".join(traceback.format_exception(wrong.value))


@pytest.mark.parametrize(
    "url", ["https://media.example.com", "http://[::1]:8000/mms/", "https://example.com/a%20b/", ""]
)
def test_a_sound_base_url_is_kept_as_it_is(url: str) -> None:
    assert Settings.load(base_url=url).base_url == url
