"""A message is ready media in order, and the request for it is the documented one, key for key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mmsprep import profile
from mmsprep.errors import Misconfigured, Rejected
from mmsprep.media import Facts
from mmsprep.message import Message
from mmsprep.prepared import Deliverable, Prepared

TO, FROM = "+12025550143", "+12025550100"


def deliverable(number: int, *, url: str | None = "https://cdn.example.com/", size: int = 1_000) -> Deliverable:
    facts = Facts(type="image/jpeg", bytes=size, width=10, height=10)
    where = f"{url}{number}.jpg" if url else None
    path = None if url else Path(f"{number}.jpg")
    return Deliverable(path=path, url=where, name=f"{number}.jpg", sha256="0" * 64, facts=facts)


def message(count: int = 2, **changes: object) -> Message:
    whole = Message(media=tuple(deliverable(number) for number in range(count)), profile=profile.load())
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_the_request_is_the_documented_one_key_for_key() -> None:
    request = message(captions=("Beach", "Hills")).request(
        to=TO,
        from_=FROM,
        text="Look!",
        delivery_receipt=True,
        webhook_url="https://example.com/hook",
        tags={"campaign": "summer"},
    )
    assert request == {
        "to": TO,
        "from": FROM,
        "text": "Look!",
        "media_urls": ["https://cdn.example.com/0.jpg", "https://cdn.example.com/1.jpg"],
        "media_captions": ["Beach", "Hills"],
        "delivery_receipt": True,
        "webhook_url": "https://example.com/hook",
        "tags": {"campaign": "summer"},
    }
    assert list(request)[:2] == ["to", "from"]
    assert json.loads(json.dumps(request)) == request


def test_captions_are_one_per_url_although_none_were_given() -> None:
    request = message(3).request(to=TO, from_=FROM, text="")
    assert request["media_captions"] == ["", "", ""]
    assert "webhook_url" not in request
    assert request["delivery_receipt"] is False
    assert request["tags"] == {}


@pytest.mark.parametrize("captions", [("one",), ("one", "two", "three")])
def test_captions_that_do_not_match_the_media_are_the_programs_mistake(captions: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured, match=r"captions: [13], files: 2; give one each"):
        message(captions=captions)


def test_what_is_offered_for_the_text_is_the_text_unless_another_is_given() -> None:
    offering = message(texts=("geo:1,2", "https://maps.example.com/1,2"))
    assert offering.request(to=TO, from_=FROM)["text"] == "geo:1,2\nhttps://maps.example.com/1,2"
    assert offering.request(to=TO, from_=FROM, text="")["text"] == ""


def test_a_link_to_what_did_not_fit_stands_below_any_text() -> None:
    film = Prepared(
        source="film.mov", media=(), original=Facts(type="video/mp4", bytes=1), text=("https://x.example/f",)
    )
    place = Prepared(source="geo:1,2", media=(deliverable(0),), original=film.original, text=("https://maps.example/",))
    offering = message(1, texts=(*place.text, *film.text), prepared=(place, film))
    ends = {"to": TO, "from_": FROM}
    assert offering.request(**ends)["text"] == "https://maps.example/\nhttps://x.example/f"
    assert offering.request(**ends, text="Look!")["text"] == "Look!\nhttps://x.example/f"
    assert offering.request(**ends, text="")["text"] == "https://x.example/f"
    assert offering.request(**ends, text="See https://x.example/f now")["text"] == "See https://x.example/f now"
    assert offering.for_provider("telnyx", **ends, text="Look!")["text"] == "Look!\nhttps://x.example/f"


def test_an_offered_text_that_is_too_long_asks_for_another() -> None:
    wordy = message(profile=profile.load("twilio"), texts=("x" * 1601,))
    with pytest.raises(Rejected, match="what is offered for the text has 1601 characters") as too_long:
        wordy.request(to=TO, from_=FROM)
    assert too_long.value.message.endswith("give a text of your own")
    assert wordy.request(to=TO, from_=FROM, text="Hi")["text"] == "Hi"


def test_media_that_no_store_has_kept_cannot_be_requested() -> None:
    with pytest.raises(Misconfigured, match=r"0\.jpg: in no store"):
        message(media=(deliverable(0, url=None), deliverable(1))).request(to=TO, from_=FROM)


def test_more_than_the_profile_lets_a_message_hold_is_rejected() -> None:
    with pytest.raises(Rejected, match="11 files") as too_many:
        message(11).request(to=TO, from_=FROM)
    assert (too_many.value.code, too_many.value.reason) == ("MMS_001", "too-many-files")
    heavy = tuple(deliverable(number, size=600_000) for number in range(2))
    with pytest.raises(Rejected, match="1,200,000 bytes in all") as too_heavy:
        message(media=heavy, profile=profile.load("telnyx")).request(to=TO, from_=FROM)
    assert too_heavy.value.reason == "cannot-fit"
    assert message(media=heavy).total_bytes == 1_200_000
    assert message(media=heavy).request(to=TO, from_=FROM)["media_urls"]


def test_a_message_stays_below_its_limit_and_does_not_reach_it() -> None:
    telnyx = profile.load("telnyx")
    assert telnyx.total_bytes == 1_000_000
    below = (deliverable(0, size=500_000), deliverable(1, size=499_999))
    assert message(media=below, profile=telnyx).request(to=TO, from_=FROM)["media_urls"]
    at_it = (deliverable(0, size=500_000), deliverable(1, size=500_000))
    with pytest.raises(Rejected, match="takes less than 1,000,000 in a message"):
        message(media=at_it, profile=telnyx).request(to=TO, from_=FROM)


def test_the_profiles_text_limit_is_kept() -> None:
    limited = message(profile=profile.load("twilio"))
    assert len(limited.request(to=TO, from_=FROM, text="x" * 1600)["text"]) == 1600
    with pytest.raises(Rejected, match="1601 characters") as too_long:
        limited.request(to=TO, from_=FROM, text="x" * 1601)
    assert (too_long.value.code, too_long.value.reason) == ("SMS_002", "text-too-long")
    assert "shorten" in too_long.value.message
    with pytest.raises(Rejected, match="1602 characters"):
        limited.request(to=TO, from_=FROM, text="😀" * 801)


def test_no_media_is_no_multimedia_message() -> None:
    with pytest.raises(Misconfigured, match="needs media"):
        message(0).request(to=TO, from_=FROM, text="hello")


def test_the_originals_name_is_in_no_request() -> None:
    told = message(media=tuple(replace(deliverable(number), name="jane-at-home.jpg") for number in range(2)))
    bodies = [told.request(to=TO, from_=FROM), told.for_provider("twilio", to=TO, from_=FROM)]
    assert "jane" not in json.dumps(bodies)
