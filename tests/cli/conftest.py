"""Servers on loopback for commands that talk to one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.servers import media_host, messages_api
from tests.servers.loopback import serving


@pytest.fixture
def host() -> Iterator[media_host.Host]:
    with serving(media_host.Host(media_host.photo())) as server:
        yield server


@pytest.fixture
def api() -> Iterator[messages_api.Api]:
    with serving(messages_api.Api()) as server:
        yield server
