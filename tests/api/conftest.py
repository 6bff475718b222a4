"""A client, and the API on loopback that it talks to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.servers.loopback import serving
from tests.servers.messages_api import KEY, Api

from mmsprep import profile
from mmsprep.api import Client
from mmsprep.media import Facts
from mmsprep.message import Message
from mmsprep.prepared import Deliverable
from mmsprep.settings import Settings


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api()) as server:
        yield server


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(KEY, base_url=api.url, settings=Settings(), timeout_seconds=1.0) as each:
        yield each


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wait for nothing, and tell how long it would have been."""
    waited: list[float] = []
    monkeypatch.setattr("mmsprep.api.client.pause", waited.append)
    return waited


@pytest.fixture
def message() -> Message:
    facts = Facts(type="image/jpeg", bytes=1_000, width=10, height=10)
    media = tuple(
        Deliverable(path=None, url=f"https://cdn.example.com/{each}.jpg", name="x.jpg", sha256="0" * 64, facts=facts)
        for each in "ab"
    )
    return Message(media=media, captions=("Beach", ""), profile=profile.load())
