"""One message, each provider's own field names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmsprep import profile
from mmsprep.errors import Misconfigured, Rejected
from mmsprep.media import Facts
from mmsprep.message import Message
from mmsprep.prepared import Deliverable
from mmsprep.providers import SHAPES

TO, FROM = "+12025550143", "+12025550100"
OWN = {"bandwidth": {"applicationId": "app-1"}, "sinch": {"service-id": "77"}}
S3 = "https://bucket.s3.us-east-1.amazonaws.com/a/"


def message(*types: str, base: str = S3, captions: tuple[str, ...] = ()) -> Message:
    media = tuple(
        Deliverable(path=None, url=f"{base}{index}", name="x", sha256="0" * 64, facts=Facts(type=each, bytes=9))
        for index, each in enumerate(types)
    )
    return Message(media=media, profile=profile.load(), captions=captions)


def body(provider: str, told: Message, **changes: Any) -> dict[str, Any]:
    given = {"to": TO, "from_": FROM, "text": "Hi", "webhook_url": "https://example.com/hook", "tags": {"a": "b"}}
    return told.for_provider(provider, extra=OWN.get(provider), **given | changes)


PHOTO = message("image/jpeg", captions=("Beach",))
URL = f"{S3}0"


@pytest.mark.parametrize(
    ("provider", "fields"),
    [
        (
            "twilio",
            {
                "To": TO,
                "From": FROM,
                "Body": "Hi\nBeach",
                "MediaUrl": [URL],
                "StatusCallback": "https://example.com/hook",
            },
        ),
        (
            "telnyx",
            {
                "to": TO,
                "from": FROM,
                "text": "Hi\nBeach",
                "media_urls": [URL],
                "type": "MMS",
                "webhook_url": "https://example.com/hook",
            },
        ),
        (
            "bandwidth",
            {
                "to": [TO],
                "from": FROM,
                "text": "Hi\nBeach",
                "media": [URL],
                "applicationId": "app-1",
                "tag": '{"a":"b"}',
            },
        ),
        (
            "plivo",
            {
                "src": FROM[1:],
                "dst": TO[1:],
                "text": "Hi\nBeach",
                "type": "mms",
                "media_urls": [URL],
                "url": "https://example.com/hook",
                "method": "POST",
            },
        ),
        (
            "vonage",
            {
                "to": TO[1:],
                "from": FROM[1:],
                "channel": "mms",
                "message_type": "image",
                "image": {"url": URL, "caption": "Hi\nBeach"},
                "webhook_url": "https://example.com/hook",
            },
        ),
        (
            "sinch",
            {
                "action": "sendmms",
                "service-id": "77",
                "to": TO[1:],
                "from": FROM[1:],
                "fallback-sms-text": "Hi",
                "slide": [{"image": {"url": URL}, "message-text": "Hi\nBeach"}],
            },
        ),
        (
            "aws",
            {
                "DestinationPhoneNumber": TO,
                "OriginationIdentity": FROM,
                "MessageBody": "Hi\nBeach",
                "MediaUrls": ["s3://bucket/a/0"],
                "Context": {"a": "b"},
            },
        ),
    ],
)
def test_each_provider_gets_its_own_fields(provider: str, fields: dict[str, Any]) -> None:
    assert body(provider, PHOTO) == fields


def test_every_kind_of_media_has_its_place_where_kinds_are_told_apart() -> None:
    all_kinds = message("image/png", "video/mp4", "audio/mpeg", "text/x-vcard", "application/pdf", "text/calendar")
    content = body("vonage", all_kinds)["content"]
    assert [each["type"] for each in content] == ["image", "video", "audio", "vcard", "file", "file"]
    assert content[0]["caption"] == "Hi"
    assert "caption" not in content[1]
    slides = body("sinch", all_kinds)["slide"]
    kinds = [next(key for key in each if key != "message-text") for each in slides]
    assert kinds == ["image", "video", "audio", "contact", "pdf", "calendar"]


@pytest.mark.parametrize("provider", SHAPES)
def test_nothing_of_the_message_is_lost_and_all_of_it_is_json(provider: str) -> None:
    said = json.dumps(body(provider, message("image/gif", captions=("Dunes",)), text="Look"))
    assert all(part in said for part in ("Look", "Dunes", "/a/0", TO[1:], FROM[1:]))


@pytest.mark.parametrize("provider", SHAPES)
def test_numbers_are_checked_and_a_short_code_may_send(provider: str) -> None:
    assert "21212" in json.dumps(body(provider, PHOTO, from_="21212"))
    with pytest.raises(Rejected, match="phone-number"):
        body(provider, PHOTO, to="21212")


@pytest.mark.parametrize(("provider", "count"), [("aws", 2), ("sinch", 9)])
def test_a_provider_that_takes_fewer_files_says_so(provider: str, count: int) -> None:
    with pytest.raises(Rejected, match="too-many-files"):
        body(provider, message(*["image/jpeg"] * count))


def test_a_providers_text_limit_holds_whatever_the_media_was_prepared_for() -> None:
    with pytest.raises(Rejected, match="1601 characters"):
        body("twilio", message("image/jpeg"), text="x" * 1601)
    assert body("vonage", message("image/jpeg"), text="x" * 1601)


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("s3://bucket/key.jpg", "s3://bucket/key.jpg"),
        ("https://bucket.s3.amazonaws.com/a%20b.jpg", "s3://bucket/a b.jpg"),
        ("https://my.bucket.s3.eu-west-1.amazonaws.com/a.jpg", "s3://my.bucket/a.jpg"),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a.jpg", "s3://bucket/a.jpg"),
    ],
)
def test_aws_gets_the_s3_uri_of_an_object(url: str, uri: str) -> None:
    assert body("aws", message("image/jpeg", base=url), tags=None)["MediaUrls"] == [f"{uri}0"]


@pytest.mark.parametrize("url", ["https://cdn.example.com/", "http://b.s3.amazonaws.com/", "https://s3.evil.com/"])
def test_aws_refuses_what_it_could_not_fetch(url: str) -> None:
    with pytest.raises(Misconfigured, match="same account"):
        body("aws", message("image/jpeg", base=url))


def test_own_fields_that_are_needed_are_asked_for_and_win() -> None:
    with pytest.raises(Misconfigured, match="bandwidth needs applicationId"):
        PHOTO.for_provider("bandwidth", to=TO, from_=FROM)
    with pytest.raises(Misconfigured, match="known are twilio, telnyx"):
        PHOTO.for_provider("pigeon", to=TO, from_=FROM)
    said = PHOTO.for_provider("twilio", to=TO, from_=FROM, extra={"MessagingServiceSid": "MG1", "From": "MG1"})
    assert (said["MessagingServiceSid"], said["From"]) == ("MG1", "MG1")


def test_tags_too_long_for_bandwidth_are_told() -> None:
    with pytest.raises(Misconfigured, match="1024"):
        body("bandwidth", PHOTO, tags={"a": "x" * 1024})


@pytest.mark.parametrize("text", ["Hi", "", " "])
def test_aws_gets_what_its_own_client_takes(text: str) -> None:
    from botocore.session import Session
    from botocore.validate import ParamValidator

    model = Session().get_service_model("pinpoint-sms-voice-v2").operation_model("SendMediaMessage")
    said = body("aws", message("image/jpeg"), text=text)
    assert ParamValidator().validate(said, model.input_shape).generate_report() == ""
    assert said.get("MessageBody", "").strip() == said.get("MessageBody", "") == text.strip()


@pytest.mark.parametrize(
    "tags", [{"a b": "c"}, {"a": ""}, {"a": " b"}, {"a" * 101: "b"}, {"a": "b" * 801}, dict.fromkeys("abcdef", "x")]
)
def test_tags_that_aws_would_refuse_are_told(tags: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="aws takes five tags"):
        body("aws", PHOTO, tags=tags)
