"""Flags over environment over file over defaults."""

from __future__ import annotations

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
