"""What docs/worker.md shows is what happens, with a broker, a bucket and a worker."""

from __future__ import annotations

import hashlib
import hmac
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from tests import documents
from tests.documents import ROOT
from tests.shell import Shell
from tests.worker.conftest import House, _as_environment

from mmsprep.worker.webhook import signature


@pytest.mark.services
def test_every_block_of_the_page_runs(
    house: House, fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload("report.docx", (fixtures / "report.docx").read_bytes())
    house.upload("in/photo.jpg", (fixtures / "half.jpg").read_bytes())
    settings = _as_environment(house.settings, house.settings.worker)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    broker = urlsplit(house.settings.worker.broker.get_secret_value()).netloc
    hosts = {"guest:guest@127.0.0.1:5672": broker, "http://127.0.0.1:47001": str(house.settings.s3.endpoint)}
    house.start()
    document = documents.parsed(ROOT / "docs" / "worker.md")
    body = b'{"status": "ready"}'
    document.namespace.update(
        shell=Shell(folder, settings, hosts),
        hmac=hmac,
        hashlib=hashlib,
        time=time,
        secret=b"hush",
        request=SimpleNamespace(body=body, headers={"Mmsprep-Signature": signature("hush", int(time.time()), body)}),
    )
    for example in document.examples():
        example.evaluate()
    assert b'"ready"' in house.kept(document.namespace["ids"][0])
    assert document.namespace["hmac"].compare_digest(document.namespace["parts"]["v1"], document.namespace["expected"])
