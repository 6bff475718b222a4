"""What only a program can get wrong is told to its author, and an SMS says its encoding."""

from __future__ import annotations

from typing import Any

import pytest

from mmsprep import request
from mmsprep.errors import Misconfigured, Rejected

ENDS = {"to": "+12025550143", "from_": "+12025550100"}


def mms(**changes: Any) -> dict[str, Any]:
    given = {"text": "", "media_urls": ["https://cdn.example.com/1.jpg"], "media_captions": [""], **ENDS}
    return request.mms(**given | changes)


@pytest.mark.parametrize(
    "webhook",
    [
        "http://example.com/hook",
        "https://",
        "https:///hook",
        "example.com/hook",
        "https://user:secret@example.com/hook",
        "https://example.com:99999/hook",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://[1/",
        "https://example.com/" + "x" * 3000,
        "",
        7,
    ],
)
def test_a_webhook_is_https_and_is_not_repeated_in_the_error(webhook: Any) -> None:
    with pytest.raises(Misconfigured, match="https://") as wrong:
        mms(webhook_url=webhook)
    assert "secret" not in str(wrong.value)


def test_a_sound_webhook_goes_out_as_given() -> None:
    assert (
        mms(webhook_url="https://example.com:8443/hook?key=1")["webhook_url"] == "https://example.com:8443/hook?key=1"
    )


@pytest.mark.parametrize("tags", [{"a": 1}, {"a": None}, {1: "a"}, {"": "a"}])
def test_tags_are_strings(tags: Any) -> None:
    with pytest.raises(Misconfigured, match="tags are strings"):
        mms(tags=tags)


def test_captions_and_urls_match() -> None:
    with pytest.raises(Misconfigured, match="captions: 2, URLs: 1; give one each"):
        mms(media_captions=["a", "b"])


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(Misconfigured, match="surrogate"):
        mms(text="\ud83d")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"media_captions": ["\udcff"]}, "caption 1 has half a surrogate pair"),
        ({"media_captions": [None]}, "caption 1 is no string"),
        ({"tags": {"a": "\udcff"}}, "a tag has half a surrogate pair"),
        ({"tags": {"\ud83d": "a"}}, "a tag has half a surrogate pair"),
    ],
)
def test_what_json_cannot_carry_is_told(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        mms(**changes)


def test_both_numbers_are_checked() -> None:
    with pytest.raises(Rejected, match=r"^SMS_001 phone-number: to: "):
        mms(to="202 555 0143")
    with pytest.raises(Rejected, match=r"^SMS_001 phone-number: from: "):
        mms(from_="21212")


def test_an_sms_is_the_documented_one_key_for_key() -> None:
    body = request.sms(text="Hi", webhook_url="https://example.com/hook", tags={"a": "b"}, **ENDS)
    assert body == {
        "to": "+12025550143",
        "from": "+12025550100",
        "text": "Hi",
        "encoding": "GSM-7",
        "priority": "normal",
        "delivery_receipt": False,
        "webhook_url": "https://example.com/hook",
        "tags": {"a": "b"},
    }
    assert request.sms(text="Привет", **ENDS)["encoding"] == "UCS-2"


def test_an_sms_of_more_parts_than_can_be_counted_is_rejected() -> None:
    assert request.sms(text="x" * 255 * 153, **ENDS)["text"]
    with pytest.raises(Rejected, match="256 segments") as rejected:
        request.sms(text="x" * (255 * 153 + 1), **ENDS)
    assert rejected.value.reason == "text-too-long"
    for nothing in ("", " \n"):
        with pytest.raises(Misconfigured, match="needs a text"):
            request.sms(text=nothing, **ENDS)
