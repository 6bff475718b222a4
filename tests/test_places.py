"""A place through the whole pipeline: from what a person types to what is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mmsprep import Pipeline, Place, Rejected
from mmsprep.place import from_vcard
from mmsprep.settings import Settings
from mmsprep.tools.tiles import TileSource, needed

SUVA = "geo:-18.14,178.44"


@pytest.fixture
def tile_server() -> Iterator[tuple[str, list[str]]]:
    """A server of green tiles, and what it was asked."""
    asked: list[str] = []
    buffer = BytesIO()
    Image.new("RGB", (256, 256), "#00aa00").save(buffer, "PNG")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(buffer.getvalue())))
            self.end_headers()
            self.wfile.write(buffer.getvalue())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{{z}}/{{x}}/{{y}}.png", asked
        server.shutdown()


def test_what_a_person_types_becomes_a_map_a_card_and_a_link() -> None:
    with Pipeline() as pipeline:
        sent = pipeline.prepare(SUVA)

        picture, card = sent.media
        assert (picture.facts.type, card.facts.type) == ("image/png", "text/x-vcard")
        assert card.name.endswith(".loc.vcf")
        assert card.path is not None
        assert from_vcard(card.path.read_text(encoding="utf-8")) == Place(-18.14, 178.44)
        assert sent.text == ("https://www.google.com/maps/search/?api=1&query=-18.14,178.44",)
        assert sent.warnings == ()
        assert sent.steps == ("map",)


def test_all_spellings_of_a_place_give_the_same_map() -> None:
    spellings = (SUVA, "18.14° S, 178.44° E", "https://maps.apple.com/?ll=-18.14,178.44", Place(-18.14, 178.44))
    with Pipeline() as pipeline:
        digests = {pipeline.prepare(each).media[0].sha256 for each in spellings}

    assert len(digests) == 1


def test_a_place_that_cannot_be_is_rejected_by_name() -> None:
    with Pipeline() as pipeline, pytest.raises(Rejected, match="latitude 91"):
        pipeline.prepare("91,0")


def test_tiles_are_fetched_outside_decoded_inside_and_kept(tile_server: tuple[str, list[str]], tmp_path: Path) -> None:
    template, asked = tile_server
    source = TileSource(
        template=template, attribution="© Testers", cache=tmp_path / "cache", tile_seconds=20, map_seconds=60
    )
    settings = Settings.load().model_copy(update={"tiles": source})
    with Pipeline(settings=settings) as pipeline:
        for _ in range(2):
            sent = pipeline.prepare(SUVA)
            assert sent.media[0].path is not None
            with Image.open(sent.media[0].path) as picture:
                assert picture.convert("RGB").getpixel((300, 300)) == (0, 170, 0)
            assert sent.warnings == ()

    assert len(asked) == len(needed(Place(-18.14, 178.44), 15))


def test_without_its_tile_server_a_place_has_a_map_and_a_warning(tmp_path: Path) -> None:
    source = TileSource(template="http://127.0.0.1:9/{z}/{x}/{y}", attribution="x", cache=tmp_path / "cache")
    settings = Settings.load().model_copy(update={"tiles": source})
    with Pipeline(settings=settings) as pipeline:
        sent = pipeline.prepare(SUVA)

    assert sent.media[0].facts.type == "image/png"
    assert any("cannot be reached" in warning for warning in sent.warnings)
