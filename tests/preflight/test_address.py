"""A stranger's URL leads to public addresses, and to the very one that was looked at, or nowhere."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from tests.servers.media_host import Host

from mmsprep.pipeline import Pipeline
from mmsprep.preflight import check
from mmsprep.preflight.address import is_public


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
        "2002:7f00:1::", "192.0.2.1", "2001:db8::1", "nonsense", "",
    ],
)  # fmt: skip
def test_addresses_of_a_network_of_ones_own_are_not(address: str) -> None:
    assert not is_public(address)


def resolve_to(monkeypatch: pytest.MonkeyPatch, table: dict[str, list[str]]) -> list[str]:
    asked: list[str] = []
    genuine = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        if not host.endswith(".example"):
            return genuine(host, port, *rest, **options)
        asked.append(host)
        if host not in table:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in table[host]]

    monkeypatch.setattr("mmsprep.preflight.address.socket.getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("found", [["127.0.0.1"], ["169.254.169.254"], ["93.184.215.14", "10.0.0.1"]])
def test_a_host_with_a_private_address_is_not_even_asked(
    found: list[str], host: Host, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, {"files.example": found})
    told = check(f"http://files.example:{host.server_port}/photo.jpg", pipeline=pipeline)
    assert [each.reason for each in told.findings] == ["private"]
    assert host.asked == []


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "0177.0.0.1", "127.1"])
def test_a_private_address_is_refused_however_it_is_spelt(host: str, pipeline: Pipeline) -> None:
    told = check(f"http://{host}/photo.jpg#fragment", pipeline=pipeline)
    assert [each.reason for each in told.findings] == ["private"]


def test_a_redirect_inwards_is_not_followed(host: Host, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, {"files.example": ["127.0.0.1"], "inside.example": ["10.1.2.3"]})
    monkeypatch.setattr("mmsprep.preflight.fetch.is_public", lambda address: address == "127.0.0.1")
    told = check(f"http://files.example:{host.server_port}/inwards", pipeline=pipeline)
    assert [each.reason for each in told.findings] == ["private"]
    assert "inside.example is at 10.1.2.3, an address that only its own network reaches" in told.findings[0].message
    assert asked == ["files.example", "inside.example"]


def test_the_name_is_looked_up_once_for_each_request_and_the_url_names_the_host(
    host: Host, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, {"files.example": ["127.0.0.1"]})
    told = check(f"http://files.example:{host.server_port}/photo.jpg", pipeline=pipeline, allow_private=True)
    assert told.ok
    assert asked == ["files.example"] * 3
    assert host.called == [f"files.example:{host.server_port}"] * 3


def test_a_name_that_leads_nowhere_is_told(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, {})
    told = check("https://nowhere.example/a.jpg", pipeline=pipeline)
    assert [each.reason for each in told.findings] == ["dns"]


def test_the_next_address_is_tried(host: Host, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, {"files.example": ["127.0.0.2", "127.0.0.1"]})
    told = check(f"http://files.example:{host.server_port}/photo.jpg", pipeline=pipeline, allow_private=True)
    assert told.ok


def test_a_port_where_nothing_listens_is_told(pipeline: Pipeline) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    told = check(f"http://127.0.0.1:{port}/a.jpg", pipeline=pipeline, allow_private=True)
    assert [each.reason for each in told.findings] == ["unreachable"]


def test_a_certificate_counts_as_it_does_for_providers(
    host: Host, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = host.speak_tls(tmp_path)
    told = check(f"{host.url}/photo.jpg", pipeline=pipeline, allow_private=True)
    assert [each.reason for each in told.findings] == ["certificate"]
    assert "self-signed certificate" in told.findings[0].message
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted = check(f"{host.url}/photo.jpg", pipeline=pipeline, allow_private=True)
    assert trusted.findings == ()


def test_a_server_without_encryption_at_an_https_url_is_told(host: Host, pipeline: Pipeline) -> None:
    told = check(f"https://127.0.0.1:{host.server_port}/photo.jpg", pipeline=pipeline, allow_private=True)
    assert [each.reason for each in told.findings] == ["tls"]


def test_an_encrypted_server_that_drips_is_left_in_time(
    host: Host, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(host.speak_tls(tmp_path)))
    told = check(f"{host.url}/dripping-body", pipeline=pipeline, allow_private=True, wait_seconds=0.7)
    assert [each.reason for each in told.findings] == ["slow"]


def test_a_handshake_that_never_ends_is_left_in_time(pipeline: Pipeline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}/a.jpg"
        told = check(url, pipeline=pipeline, allow_private=True, wait_seconds=0.5)
    assert [each.reason for each in told.findings] == ["slow"]
