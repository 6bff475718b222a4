"""Errors tell who must act, and with which of the provider's codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mmsprep
from mmsprep.errors import REJECTED_CODES, UNAVAILABLE_REASONS, Rejected, Unavailable


def test_a_rejection_carries_the_providers_code_for_its_reason() -> None:
    assert Rejected("too-costly", "x").code == "MMS_001"
    assert Rejected("unknown-type", "x").code == "MMS_002"
    assert Unavailable("store", "x").code == "unavailable"


def test_a_reason_that_is_not_in_the_contract_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="too-big"):
        Rejected("too-big", "x")
    with pytest.raises(ValueError, match="moon"):
        Unavailable("moon", "x")


def test_naming_the_file_keeps_kind_and_reason() -> None:
    named = Rejected("damaged", "cut short; send it again").about("a.jpg")
    assert (named.reason, named.message) == ("damaged", "a.jpg: cut short; send it again")
    assert str(named) == "MMS_002 damaged: a.jpg: cut short; send it again"


def test_every_reason_is_in_the_published_schema() -> None:
    schema = json.loads((Path(mmsprep.__file__).parent / "prepared.schema.json").read_text())
    failed = schema["$defs"]["failed"]["properties"]
    assert set(failed["reason"]["enum"]) == {*REJECTED_CODES, *UNAVAILABLE_REASONS}
    assert set(failed["code"]["enum"]) == {*REJECTED_CODES.values(), "unavailable"}
