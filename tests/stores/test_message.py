"""A whole message to each server: every URL answers as a provider wants, and sent again it is the same."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image
from tests.clips import film
from tests.servers.faults import faulty
from tests.stores.conftest import House

from mmsprep import Pipeline
from mmsprep.source import Source

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nTEL:+12025550123\r\nEND:VCARD\r\n"
DOCUMENTED = {
    "to",
    "from",
    "text",
    "media_urls",
    "media_captions",
    "delivery_receipt",
    "webhook_url",
    "tags",
}


@pytest.fixture
def sources(fixtures: Path, tmp_path: Path) -> list[Source]:
    """A photo, a clip, a document, a contact and a place."""
    clip = film(tmp_path / "clip.mov", "-c:v", "mpeg4", seconds=1)
    page = io.BytesIO()
    Image.new("RGB", (200, 280), "#ddeeff").save(page, "PDF")
    (tmp_path / "plan.pdf").write_bytes(page.getvalue())
    (tmp_path / "jane.vcf").write_bytes(CARD)
    return [fixtures / "photo.heic", clip, tmp_path / "plan.pdf", tmp_path / "jane.vcf", "geo:-18.14,178.44"]


@pytest.mark.slow
def test_every_url_of_a_message_answers_with_what_was_prepared(bucket: House, sources: list[Source]) -> None:
    assert bucket.server
    with Pipeline("pantheon", store=bucket.url, settings=bucket.settings) as pipeline:
        message = pipeline.compose(sources, captions=["Beach", "Waves", "The plan", "Jane", "Here"])
    assert len(message.media) == 6  # a place is a map and a card
    for media in message.media:
        assert media.url
        found, headers = bucket.fetch(media.url)
        assert hashlib.sha256(found).hexdigest() == media.sha256
        assert headers["content-type"] == media.facts.type
        assert int(headers["content-length"]) == media.facts.bytes
        assert "transfer-encoding" not in headers
    assert len(bucket.names()) == 6

    body = message.request(
        to="+12025550123",
        from_="+12025550199",
        text="See you there",
        delivery_receipt=True,
        webhook_url="https://example.com/hook",
        tags={"campaign": "spring"},
    )
    assert set(body) == DOCUMENTED
    assert body["media_urls"] == [media.url for media in message.media]
    assert len(body["media_captions"]) == 6

    if not bucket.kind.endswith("-tls"):  # which the proxy that counts cannot read
        with faulty(bucket.server.endpoint) as proxy:
            counted = bucket.with_settings(endpoint=proxy.url)
            with Pipeline("pantheon", store=counted.url, settings=counted.settings) as pipeline:
                again = pipeline.compose(sources)
        assert set(proxy.seen) == {"HEAD"}
        assert paths(again.media_urls) == paths(message.media_urls)
    assert len(bucket.names()) == 6


def paths(urls: list[str]) -> list[str]:
    """Leave out what differs by test: the proxy's port, a signature."""
    return [url.partition("?")[0].partition("/test-")[2] for url in urls]
