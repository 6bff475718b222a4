"""Requests go out as documented, answers come back typed, and nobody gets a message twice."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.servers.messages_api import KEY, MMS, SMS, Api, Fault, Handler

import mmsprep.api as public
from mmsprep.api import Client, MaybeSent, Refused, Undelivered, UnknownMessage
from mmsprep.api.errors import BY_CODE
from mmsprep.errors import Misconfigured, PrepError, Rejected, Unavailable
from mmsprep.message import Message
from mmsprep.settings import Settings

ENDS = {"to": "+12025550143", "from_": "+12025550100"}
ALL = {"text": "Hi", "delivery_receipt": True, "webhook_url": "https://example.com/hook", "tags": {"a": "b"}} | ENDS


def gives(status: int, body: Any = b"{}", **headers: str) -> Fault:
    return lambda handler: handler.give(status, body, **headers)


def hangs_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def is_silent(handler: Handler) -> None:
    handler.server.stopping.wait(10)


def drips_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.stopping.wait(0.1):
        handler.wfile.write(b"X: 1\r\n")


def drips_body(handler: Handler) -> None:
    handler.give(200, b"{", length=10_000)
    while not handler.server.stopping.wait(0.1):
        handler.wfile.write(b" ")


def never_ends(handler: Handler) -> None:
    handler.give(200, b"", length=10**12)
    while not handler.server.stopping.is_set():
        handler.wfile.write(bytes(1 << 20))


def breaks_off(handler: Handler) -> None:
    handler.give(200, b'{"message_id":', length=500)


def test_an_mms_is_sent_as_documented_and_answered_as_values(api: Api, client: Client, message: Message) -> None:
    sent = client.send_mms(message, **ALL)
    assert api.asked == [("POST", "/v1/messages/mms")]
    assert api.bodies[0].keys() == MMS
    assert api.bodies[0] == message.request(**ALL)
    assert api.headers[0]["Content-Type"] == "application/json"
    assert (sent.message_id, sent.status, sent.type, sent.direction) == ("msg-00000001", "queued", "mms", "outbound")
    assert sent.media_urls == ("https://cdn.example.com/a.jpg", "https://cdn.example.com/b.jpg")
    assert (sent.to, sent.from_, sent.text, sent.segments) == (ENDS["to"], ENDS["from_"], "Hi", 1)
    assert (sent.cost, sent.currency) == (Decimal("0.0275"), "USD")
    assert sent.created_at == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_sms_is_sent_as_documented(api: Api, client: Client) -> None:
    sent = client.send_sms("Hi", **ENDS | {"webhook_url": "https://example.com/hook", "tags": {"a": "b"}})
    assert api.bodies[0].keys() == SMS
    assert api.bodies[0]["encoding"] == "GSM-7"
    assert sent.type == "sms"


def test_a_message_is_followed_until_it_is_delivered(api: Api, client: Client, pauses: list[float]) -> None:
    sent = client.send_sms("Hi", **ENDS | {"tags": {"a": "b"}})
    told: list[str] = []
    found = client.wait_until_delivered(sent.message_id, progress=lambda each: told.append(each.status))
    assert told == ["queued", "sent", "delivered"]
    assert pauses == [1.0, 1.5]
    assert found.delivered_at == datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)
    assert (found.status_details, dict(found.tags)) == ("it is delivered", {"a": "b"})
    assert found.as_dict()["delivered_at"] == "2026-11-22T12:00:07Z"


def test_waiting_ends_when_the_network_gives_up_or_the_time_does(api: Api, client: Client) -> None:
    sent = client.send_sms("Hi", **ENDS)
    api.states = ["queued", "undelivered"]
    with pytest.raises(Undelivered, match=r"undelivered \(it is undelivered\); check the number") as given_up:
        client.wait_until_delivered(sent.message_id)
    assert given_up.value.reason == "undelivered"
    api.states = ["queued"]
    with pytest.raises(Unavailable, match="queued after 0 s; ask again later"):
        client.wait_until_delivered(sent.message_id, timeout_seconds=0)


def test_an_unknown_id_is_told(client: Client) -> None:
    with pytest.raises(UnknownMessage, match="check the id"):
        client.get_message("msg-none")


def test_an_id_cannot_reach_another_path(api: Api, client: Client) -> None:
    with pytest.raises(UnknownMessage):
        client.get_message("../sms?x=1#y")
    assert api.asked == [("GET", "/v1/messages/..%2Fsms%3Fx%3D1%23y")]


@pytest.mark.parametrize(
    "shape",
    [
        lambda code: {"error": {"code": code, "message": "says the API"}},
        lambda code: {"code": code, "message": "says the API"},
        lambda code: {"error_code": code, "error_message": "says the API"},
        lambda code: {"errors": [{"code": code, "detail": "says the API"}]},
        lambda code: {"error": code, "message": "says the API"},
    ],
)
def test_each_code_is_its_exception_with_the_remedy(api: Api, client: Client, shape: Callable[[str], Any]) -> None:
    for code, (kind, reason, remedy) in BY_CODE.items():
        api.faults = [gives(400, shape(code))]
        with pytest.raises(kind) as refused:
            client.send_sms("Hi", **ENDS)
        assert isinstance(refused.value, Refused)
        assert (refused.value.code, refused.value.reason) == (code, reason)
        assert refused.value.message == f"the API refuses it (says the API); {remedy}"
    assert len(api.asked) == len(BY_CODE)


def test_the_table_of_codes_is_complete_and_public() -> None:
    assert sorted(BY_CODE) == [*(f"MMS_00{each}" for each in (1, 2)), *(f"SMS_00{each}" for each in range(1, 7))]
    assert {kind.__name__ for kind, _, _ in BY_CODE.values()} < set(public.__all__)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (gives(500), MaybeSent),
        (gives(503, Retry_After="1"), MaybeSent),
        (gives(504), MaybeSent),
        (gives(200, b"<html>hello</html>", kind="text/html"), MaybeSent),
        (gives(200, b"{not json"), MaybeSent),
        (gives(200, b"[]"), MaybeSent),
        (gives(200, b"[" * 100_000), MaybeSent),
        (gives(200, b'{"message_id": 5, "status": "queued"}'), MaybeSent),
        (gives(200, b'{"status": "queued"}'), MaybeSent),
        (gives(200, b"\x1f\x8b\x08", Content_Encoding="gzip"), MaybeSent),
        (hangs_up, MaybeSent),
        (breaks_off, MaybeSent),
        (is_silent, MaybeSent),
        (drips_headers, MaybeSent),
        (drips_body, MaybeSent),
        (never_ends, MaybeSent),
        (gives(429, Retry_After="9"), Unavailable),
        (gives(400), Refused),
        (gives(422, {"message": "to\x1b[31m: bad"}), Refused),
        (gives(404), Refused),
        (gives(302, Location="/elsewhere"), Misconfigured),
        (gives(403), Misconfigured),
    ],
)
def test_a_message_is_posted_once_whatever_goes_wrong(
    api: Api, client: Client, pauses: list[float], fault: Fault, error: type[Exception]
) -> None:
    api.faults = [fault]
    started = time.monotonic()
    with pytest.raises(error) as raised:
        client.send_sms("Hi", **ENDS)
    assert time.monotonic() - started < 15
    assert len(api.asked) == 1
    assert pauses == []
    said = str(raised.value)
    assert said.isprintable()
    assert "; " in said
    # What may have gone out is never an error that queues try again.
    assert isinstance(raised.value, Unavailable) == (error is Unavailable)


def test_what_never_arrived_is_posted_again(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Api(listening=False)
    waited: list[float] = []

    def come_up_at_the_second_pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            server.server_activate()
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    monkeypatch.setattr("mmsprep.api.client.pause", come_up_at_the_second_pause)
    with Client(KEY, base_url=server.url, settings=Settings()) as client:
        assert client.send_mms(message, text="Hi", **ENDS).status == "queued"
    server.shutdown()
    server.server_close()
    assert waited == [0.5, 1.0]
    assert server.asked == [("POST", "/v1/messages/mms")]


def test_an_api_that_cannot_be_reached_is_unavailable(pauses: list[float]) -> None:
    nobody = Api(listening=False)
    with (
        Client(KEY, base_url=nobody.url, settings=Settings()) as client,
        pytest.raises(Unavailable, match=r"cannot reach http://127\.0\.0\.1") as unreachable,
    ):
        client.send_sms("Hi", **ENDS)
    nobody.server_close()
    assert unreachable.value.reason == "api"
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    "fault",
    [gives(429), gives(502), gives(503), gives(504), hangs_up, breaks_off, is_silent, drips_headers, drips_body],
)
def test_a_question_is_asked_again(api: Api, client: Client, pauses: list[float], fault: Fault) -> None:
    sent = client.send_sms("Hi", **ENDS)
    api.faults = [fault, fault]
    assert client.get_message(sent.message_id).message_id == sent.message_id
    assert [method for method, _ in api.asked] == ["POST", "GET", "GET", "GET"]
    assert pauses == [0.5, 1.0]


def test_a_question_is_not_asked_for_ever(api: Api, client: Client, pauses: list[float]) -> None:
    api.faults = [gives(503, Retry_After="7"), gives(503, Retry_After="99999"), gives(503)]
    with pytest.raises(Unavailable, match=r"busy \(503\)"):
        client.get_message("msg-1")
    assert pauses == [7.0, 30.0]


@pytest.mark.parametrize("fault", [gives(500), gives(200, b"nonsense")])
def test_an_answer_that_makes_no_sense_is_ours_to_try_later(api: Api, client: Client, fault: Fault) -> None:
    api.faults = [fault]
    with pytest.raises(Unavailable, match="try again later"):
        client.get_message("msg-1")
    assert len(api.asked) == 1


def test_every_message_has_a_connection_of_its_own(api: Api, client: Client) -> None:
    api.keeps_open = True
    for _ in range(3):
        client.send_sms("Hi", **ENDS)
    assert len(set(api.ports)) == 3


def test_media_that_only_this_machine_reaches_is_not_sent(api: Api, client: Client, message: Message) -> None:
    here = replace(message, media=(replace(message.media[0], url="file:///srv/a.jpg"),), captions=())
    with pytest.raises(Misconfigured, match="MMSPREP_BASE_URL"):
        client.send_mms(here, text="Hi", **ENDS)
    assert api.asked == []


def test_what_is_wrong_with_the_request_is_told_before_it_costs_anything(api: Api, client: Client) -> None:
    with pytest.raises(Rejected, match="SMS_001 phone-number: to"):
        client.send_sms("Hi", to="555 0143", from_=ENDS["from_"])
    assert api.asked == []


def test_header_and_scheme_are_settings(api: Api) -> None:
    api.header, api.credential = "X-Api-Key", KEY
    settings = Settings(api_key=KEY, api_url=api.url, api_header="X-Api-Key", api_scheme="")
    with Client(settings=settings) as client:
        assert client.send_sms("Hi", **ENDS).status == "queued"
    assert "Authorization" not in api.headers[0]


@pytest.mark.parametrize("fault", [None, gives(500), is_silent, gives(401, {"message": f"bad key {KEY}"})])
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_the_key_is_in_no_log_error_or_repr(
    api: Api, caplog: pytest.LogCaptureFixture, fault: Fault | None, header: str
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(api_key=KEY, api_url=api.url, api_header=header)
    said = [repr(settings), str(settings), settings.model_dump_json()]
    api.faults = [fault] if fault else []
    with Client(settings=settings, timeout_seconds=0.5) as client:
        said += [repr(client), str(vars(client))]
        try:
            said.append(repr(client.send_sms("Hi", **ENDS)))
        except (PrepError, Misconfigured) as error:
            said += [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
    assert caplog.records
    said += [record.getMessage() for record in caplog.records]
    assert not [each for each in said if KEY in each]


def test_a_refusal_that_quotes_the_key_is_told_without_it(api: Api, client: Client) -> None:
    api.faults = [gives(400, {"message": f"no such key: {KEY}"})]
    with pytest.raises(Refused) as refused:
        client.send_sms("Hi", **ENDS)
    assert KEY not in str(refused.value)
    assert "no such key: ***" in str(refused.value)
