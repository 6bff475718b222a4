"""The doctor tells what is missing, whatever it is, and never fails by it."""

from __future__ import annotations

import pytest

from mmsprep import doctor
from mmsprep.settings import Settings


def test_a_package_that_is_missing_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("pillow", "a-codec-that-nobody-has"))
    found = {check.name: check for check in doctor.examine(Settings.load())}
    assert found["pillow"].ok
    assert not found["a-codec-that-nobody-has"].ok
    assert "install" in found["a-codec-that-nobody-has"].found


def test_settings_that_cannot_be_used_are_told_beside_the_rest() -> None:
    found = {check.name: check for check in doctor.examine(Settings.load(store="ftp://elsewhere"))}
    assert not found["settings"].ok
    assert "no store for ftp:// URLs" in found["settings"].found
    assert found["ffmpeg"].ok
