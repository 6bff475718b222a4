"""What a client needs before it can ask anything: an address, a key, a certificate that it trusts, and httpx."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest
from tests.servers.messages_api import KEY, Api

from mmsprep.api import Client
from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings

ENDS = {"to": "+12025550143", "from_": "+12025550100"}


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://api.example.com", "not encrypted"),
        ("ftp://api.example.com", "no https:// URL"),
        ("https://", "no https:// URL"),
        ("https://user:pw@api.example.com", "no https:// URL"),
        ("api.example.com", "no https:// URL"),
        ("https://[1", "no https:// URL"),
    ],
)
def test_an_address_that_would_bare_the_key_is_not_used(url: str, fault: str) -> None:
    with pytest.raises(Misconfigured, match=fault):
        Client(KEY, base_url=url, settings=Settings())


@pytest.mark.parametrize("key", ["", "k\ny", "schlüssel"])
def test_a_missing_or_broken_key_is_told(key: str) -> None:
    with pytest.raises(Misconfigured, match="MMSPREP_API_KEY"):
        Client(key, settings=Settings())


def test_a_key_that_no_header_can_hold_is_told_apart_from_none() -> None:
    with pytest.raises(Misconfigured, match="has a line's end") as wrong:
        Client(f"{KEY}\n", settings=Settings())
    assert KEY not in str(wrong.value)


def test_a_certificate_that_nobody_vouches_for_is_told_apart_from_no_network(
    api: Api, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = api.speak_tls(tmp_path)
    with (
        Client(KEY, base_url=api.url, settings=Settings()) as client,
        pytest.raises(Unavailable, match=r"no TLS connection .* that can be trusted; .* SSL_CERT_FILE"),
    ):
        client.send_sms("Hi", **ENDS)
    assert api.asked == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(KEY, base_url=api.url, settings=Settings()) as trusting:
        assert trusting.send_sms("Hi", **ENDS).status == "queued"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/no/such/file"),
        ("SSL_CERT_FILE", __file__),
        ("HTTPS_PROXY", "ftp://user:hunter2@example.com"),
    ],
)
def test_an_environment_that_no_connection_can_use_is_told(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="check SSL_CERT_FILE, SSL_CERT_DIR and HTTPS_PROXY") as wrong:
        Client(KEY, base_url="https://api.example.com", settings=Settings())
    assert "hunter2" not in "".join(traceback.format_exception(wrong.value))


def test_the_key_comes_from_the_environment(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMSPREP_API_KEY", KEY)
    monkeypatch.setenv("MMSPREP_API_URL", api.url + "/")
    with Client() as client:
        assert client.send_sms("Hi", **ENDS).message_id == "msg-00000001"


def test_without_httpx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(Misconfigured, match=r"pip install 'mmsprep\[api\]'"):
        Client(KEY, settings=Settings())
