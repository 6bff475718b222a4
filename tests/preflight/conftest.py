"""A media host on loopback, and a pipeline that looks at what comes from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.servers import media_host
from tests.servers.loopback import serving
from tests.servers.media_host import Host

from mmsprep.pipeline import Pipeline


@pytest.fixture(scope="session")
def photo() -> bytes:
    return media_host.photo()


@pytest.fixture
def host(photo: bytes) -> Iterator[Host]:
    with serving(Host(photo)) as server:
        yield server


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with Pipeline("pantheon", store=str(tmp_path_factory.mktemp("store"))) as each:
        yield each
