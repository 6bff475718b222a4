"""What a store's URLs are to a provider's fetcher: a public one is fetched by all, a presigned one not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.servers import media_host
from tests.stores.conftest import Servers, opened

from mmsprep.pipeline import Pipeline
from mmsprep.preflight import check

# Not moto's, which answers a stranger's GET of a public object and refuses him HEAD, as no other server does.
REAL = ["rclone", *(pytest.param(name, marks=pytest.mark.services) for name in ("ceph", "ceph-tls"))]


@pytest.mark.parametrize("name", REAL)
def test_a_public_url_is_fetched_by_all_and_a_presigned_one_not_by_who_asks_head_first(
    name: str, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = opened(name, servers, tmp_path, monkeypatch)
    if authority := os.environ.get("AWS_CA_BUNDLE"):
        monkeypatch.setenv("SSL_CERT_FILE", authority)
    with Pipeline(settings=house.settings, store=house.store) as pipeline:
        (url,) = pipeline.compose([media_host.photo()]).media_urls
        found = check(url, pipeline=pipeline, allow_private=True)
    assert found.status == 200
    assert found.facts is not None
    assert found.facts.type == "image/jpeg"
    if house.settings.s3.presign_seconds:
        assert set(found.refused_by) == {"twilio", "infobip"}
        assert "HEAD is answered 403" in next(each.message for each in found.findings if each.reason == "head")
    else:
        assert found.ok, found.findings
