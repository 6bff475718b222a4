"""Ask for a URL once, as a provider's fetcher does: bounded in time, bytes and redirects, to public addresses only.

The connection goes to the very address that was checked, so a name that changes its mind in between leads nowhere.
Proxies of the environment are not used: a provider has others.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit

from mmsprep.preflight.address import addresses, is_public

MOST_REDIRECTS = 5
MOST_BYTES = 10_000_000
"""Twice what the most generous provider takes: what is larger is not read to its end."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK_BYTES = 65_536

# Servers that refuse unknown programs refuse providers, too; this says what is asking.
USER_AGENT = "mmsprep-check/1"

Method = Literal["HEAD", "GET"]


class Unfetched(Exception):
    """Say why there was no answer: a word for programs, and the fact with its remedy."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back in the end; ``untrusted_headers`` have lower-case names, the last of a kind counts."""

    status: int
    untrusted_headers: dict[str, str] = field(repr=False)
    untrusted_body: bytes = field(repr=False, default=b"")
    whole: bool = True
    """Whether the body was read to its end and is as long as it was announced."""
    seconds: float
    hops: tuple[str, ...] = ()
    """Where it was redirected to, without the query."""


def ask(method: Method, url: str, *, seconds: float, allow_private: bool = False) -> Answer:
    """Ask *url* and wherever it redirects to; raises Unfetched when there is no answer that could be used."""
    started = time.monotonic()
    seen, hops = {url}, list[str]()
    while True:
        left = seconds - (time.monotonic() - started)
        try:
            answer = _ask_once(method, _parts(url), seconds=left, limit=seconds, allow_private=allow_private)
        except Unfetched as error:
            led = f"it redirects to {hops[-1]}: " if hops else ""
            raise Unfetched(error.reason, f"{led}{error.message}") from error.__cause__
        target = answer.untrusted_headers.get("location")
        if answer.status not in REDIRECTS or not target:
            return replace(answer, seconds=time.monotonic() - started, hops=tuple(hops))
        try:
            url = urljoin(url, target)
        except ValueError:
            raise Unfetched("redirects", "it redirects to what is no URL; give the URL of the file itself") from None
        if url in seen:
            raise Unfetched("redirects", "it redirects in a circle; give the URL of the file itself")
        if len(hops) == MOST_REDIRECTS:
            raise Unfetched("redirects", f"it redirects more than {MOST_REDIRECTS} times; give the file's own URL")
        seen.add(url)
        hops.append(without_query(url))


def without_query(url: str) -> str:
    """Give a URL that may be shown and logged: before the host may be a password, after the path a signature."""
    bare = re.sub(r"(?<=://)[^/]*@", "", url.partition("?")[0].partition("#")[0])
    return "".join(each if each.isprintable() else "?" for each in bare)[:500]


def _parts(url: str) -> SplitResult:
    """Take a URL apart; raises Unfetched for what a provider would not even try."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise Unfetched("url", "it is no http:// or https:// URL with a host; give the one that the store prints")
    if parts.username is not None:
        raise Unfetched("url", "it carries a user and password, which providers do not send; make the file public")
    if not url.isprintable() or " " in url or not url.isascii():
        raise Unfetched("url", "it has blanks or characters outside ASCII; percent-encode them")
    return parts


def _ask_once(method: Method, parts: SplitResult, *, seconds: float, limit: float, allow_private: bool) -> Answer:
    late = Unfetched("slow", f"no whole answer within {limit:g} s; serve it from a faster place, such as a CDN")
    if seconds <= 0:
        raise late
    deadline = time.monotonic() + seconds
    connection = http.client.HTTPConnection(str(parts.hostname), _port(parts))
    # http.client bounds each read and not their sum, and a server may send a byte now and then.
    ended = threading.Event()
    watch = threading.Timer(seconds, _cut, (connection, ended))
    watch.daemon = True
    watch.start()
    try:
        _connect(connection, parts, deadline, allow_private=allow_private)
        response = _send(connection, method, parts)
        wanted = method == "GET" and response.status == http.client.OK
        body, whole = _body(response) if wanted else (b"", True)
        if ended.is_set():
            raise late
        names = {name.lower(): value.strip() for name, value in response.getheaders()}
        return Answer(status=response.status, untrusted_headers=names, untrusted_body=body, whole=whole, seconds=0.0)
    except Unfetched as error:
        raise (late if ended.is_set() else error) from error.__cause__
    except (OSError, http.client.HTTPException, ValueError) as error:
        if ended.is_set() or isinstance(error, TimeoutError):
            raise late from error
        raise Unfetched("broken", f"the server broke off its answer ({type(error).__name__}); see its log") from error
    finally:
        watch.cancel()
        connection.close()


def _send(connection: http.client.HTTPConnection, method: Method, parts: SplitResult) -> http.client.HTTPResponse:
    headers = {
        # As in the URL: a presigned one is signed for exactly this host.
        "Host": parts.netloc,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    target = parts.path or "/"
    connection.request(method, f"{target}?{parts.query}" if parts.query else target, headers=headers)
    return connection.getresponse()


def _body(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """Read a body as far as any provider would; say whether that was all of it, and as much as announced."""
    read = bytearray()
    while len(read) <= MOST_BYTES:
        try:
            chunk = response.read(CHUNK_BYTES)
        except http.client.IncompleteRead:
            return bytes(read), False
        if not chunk:
            # http.client ends quietly where a server hangs up early.
            return bytes(read), not response.length
        read += chunk
    return bytes(read), False


def _cut(connection: http.client.HTTPConnection, ended: threading.Event) -> None:
    """End an answer that has taken too long, whatever it is waiting for."""
    ended.set()
    with suppress(OSError, AttributeError, TypeError):
        # Not SSLSocket's own, which also forgets that the connection was encrypted.
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connect(
    connection: http.client.HTTPConnection, parts: SplitResult, deadline: float, *, allow_private: bool
) -> None:
    """Connect to one of the host's addresses, all of which must be public."""
    host = str(parts.hostname)
    try:
        found = addresses(host, _port(parts), seconds=deadline - time.monotonic())
    except OSError as error:
        raise Unfetched("dns", f"the name {host} leads nowhere; check the spelling and its DNS record") from error
    private = [each for each in found if not is_public(each)]
    if private and not allow_private:
        at = f"{host} is" if host == private[0] else f"{host} is at {private[0]},"
        raise Unfetched("private", f"{at} an address that only its own network reaches; use a public one")
    try:
        connection.sock = _open(found, _port(parts), deadline)
        connection.sock.settimeout(max(0.1, deadline - time.monotonic()))
        if parts.scheme == "https":
            context = ssl.create_default_context()
            secure = context.wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
            connection.sock = secure
            secure.do_handshake()
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message
        raise Unfetched("certificate", f"the certificate of {host} is not trusted ({why}); renew it") from error
    except TimeoutError:
        raise
    except ssl.SSLError as error:
        raise Unfetched("tls", f"{host} and we agree on no encryption ({error.reason}); check its TLS") from error
    except OSError as error:
        raise Unfetched(
            "unreachable", f"nothing answers at {host}, port {_port(parts)}; check that it is up"
        ) from error


def _open(found: tuple[str, ...], port: int, deadline: float) -> socket.socket:
    """Try the addresses in turn, none of them for so long that the last would get no turn."""
    last: OSError = TimeoutError("no time left")
    for index, address in enumerate(found):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left / (len(found) - index))
        except OSError as error:
            last = error
    raise last
