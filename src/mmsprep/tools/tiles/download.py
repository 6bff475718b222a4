"""Fetch tiles politely: one session, two connections, who we are, no redirects, bounded bytes and seconds.

This runs in the caller, which has a network; nothing here decodes a tile. That is `paste`'s, inside the isolation.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mmsprep.tools.tiles.cache import Cache, Kept, holds_for
from mmsprep.tools.tiles.source import TileId, TileSource

if TYPE_CHECKING:
    from requests import Response, Session

logger = logging.getLogger(__name__)

CONNECTIONS = 2
"""What OpenStreetMap's tile policy allows."""
TILE_BYTES = 1_000_000
MISSING_SECONDS = 86_400.0
"""A tile that the server does not have is not asked for again so soon."""
REST_SECONDS, LONGEST_REST_SECONDS = 60.0, 3_600.0
"""How long a server that refuses is left in peace, unless it says otherwise, and at the most."""
RETRY_SECONDS = 0.5
CHUNK_BYTES = 16_384


def is_picture(data: bytes) -> bool:
    """Tell by its first bytes whether this may be a PNG, JPEG or WebP, whatever the server calls it."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


class _Refused(Exception):
    """The server does not want to be asked now, or cannot answer."""

    def __init__(self, why: str, rest_seconds: float = REST_SECONDS) -> None:
        super().__init__(why)
        self.rest_seconds = rest_seconds


@dataclass
class Visit:
    """One map's round to the server: what was asked, and when to stop."""

    source: TileSource
    style: str
    cache: Cache | None
    ends: float
    stopped: Event = field(default_factory=Event)
    why: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.source.template).netloc


def fetch_all(source: TileSource, tiles: list[TileId], style: str) -> tuple[dict[TileId, bytes], str]:
    """Get as many of *tiles* as come in time, and why the others did not; never raises for the server's sake."""
    cache = Cache(source.cache) if source.cache else None
    visit = Visit(source, style, cache, time.monotonic() + source.map_seconds)
    found: dict[TileId, bytes] = {}
    wanted = []
    for tile in tiles:
        kept = cache.find(source.name(tile, style)) if cache else None
        if kept and kept[0].until > time.time():
            if not kept[0].missing:
                found[tile] = kept[1]
        else:
            wanted.append(tile)
    if wanted and cache and cache.resting_until(visit.host) > time.time():
        visit.why, wanted = "the tile server asked to be left in peace", []
    if wanted:
        found |= _ask(visit, wanted)
    for tile in tiles:
        if tile not in found and cache and (kept := cache.find(source.name(tile, style))) and not kept[0].missing:
            found[tile] = kept[1]  # an old tile is better than none
    return found, visit.why


def _ask(visit: Visit, tiles: list[TileId]) -> dict[TileId, bytes]:
    import requests

    with requests.Session() as session, ThreadPoolExecutor(CONNECTIONS) as pool:
        agent = visit.source.user_agent or f"mmsprep/{version('mmsprep')}"
        session.headers.update({"User-Agent": agent, "Accept": "image/png,image/jpeg,image/webp"})
        answers = list(pool.map(lambda tile: (tile, _one(visit, session, tile)), tiles))
    return {tile: data for tile, data in answers if data is not None}


def _one(visit: Visit, session: Session, tile: TileId) -> bytes | None:
    """Get one tile, with one more try; a server that refuses is not asked for the others."""
    for pause in (RETRY_SECONDS, None):
        if visit.stopped.is_set() or time.monotonic() > visit.ends:
            visit.why = visit.why or "the tile server took too long"
            return None
        try:
            return _request(visit, session, tile)
        except _Refused as refused:
            if pause is not None and refused.rest_seconds <= REST_SECONDS and not visit.stopped.wait(pause):
                continue
            visit.stopped.set()
            visit.why = str(refused)
            logger.warning("tiles: %s: %s", visit.host, refused)
            if visit.cache:
                visit.cache.rest(visit.host, time.time() + refused.rest_seconds)
    return None


def _request(visit: Visit, session: Session, tile: TileId) -> bytes | None:
    import requests

    source, name = visit.source, visit.source.name(tile, visit.style)
    kept = visit.cache.find(name) if visit.cache else None
    headers = {"If-None-Match": kept[0].etag, "If-Modified-Since": kept[0].modified} if kept else {}
    seconds = min(source.tile_seconds, max(0.1, visit.ends - time.monotonic()))
    try:
        with session.get(
            source.url(tile, visit.style),
            headers={key: value for key, value in headers.items() if value},
            timeout=seconds,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return _taken(visit, name, answer, kept[1] if kept else None, ends=time.monotonic() + seconds)
    except requests.RequestException as error:
        # Its text holds the URL, and with it the key.
        raise _Refused(f"the tile server cannot be reached ({type(error).__name__})") from None


def _taken(visit: Visit, name: str, answer: Response, kept: bytes | None, *, ends: float) -> bytes | None:
    """Take a tile from the server's answer, or from what was kept when that still holds; None where there is none."""
    if answer.status_code in (429, 500, 502, 503, 504):
        raise _Refused(f"the tile server answered {answer.status_code}", _rest(answer))
    if answer.status_code == 304 and kept is not None:
        _keep(visit, name, answer, kept)
        return kept
    data = _body(answer, ends) if answer.status_code == 200 else b""
    if not is_picture(data):
        # 404, a redirect, a page that explains: asking again today would give the same.
        visit.why = f"the tile server has no picture for a tile (status {answer.status_code})"
        if visit.cache:
            visit.cache.keep(name, Kept(time.time() + MISSING_SECONDS, missing=True), b"")
        return None
    _keep(visit, name, answer, data)
    return data


def _body(answer: Response, ends: float) -> bytes:
    """Read at most `TILE_BYTES` until *ends*: a server that drips a byte a second never times out by itself."""
    data = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        data += chunk
        if time.monotonic() > ends:
            raise _Refused("the tile server took too long")
        if len(data) > TILE_BYTES:
            return b""
    return bytes(data)


def _keep(visit: Visit, name: str, answer: Response, data: bytes) -> None:
    if visit.cache is None:
        return
    headers = answer.headers
    until = holds_for(
        headers.get("Cache-Control", ""), headers.get("Age", ""), time.time(), _date(headers.get("Expires"))
    )
    if until is not None:
        visit.cache.keep(name, Kept(until, headers.get("ETag", ""), headers.get("Last-Modified", "")), data)


def _rest(answer: Response) -> float:
    """Read how long a server wants to be left in peace (RFC 9110, section 10.2.3), within an hour."""
    after = answer.headers.get("Retry-After", "")
    if after.isdigit():
        return min(float(after), LONGEST_REST_SECONDS)
    date = _date(after)
    return min(max(date - time.time(), REST_SECONDS), LONGEST_REST_SECONDS) if date else REST_SECONDS


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError):
        return None
