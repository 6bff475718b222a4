"""One request to the API and what its answer means: bounded in time and bytes, and the key seen by nobody else."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mmsprep.api.answers import NotAsDocumented, Sent, error_in, read_json, read_sent
from mmsprep.api.deadline import Deadline
from mmsprep.api.errors import BY_CODE, MaybeSent, Refused, UnknownMessage
from mmsprep.errors import Misconfigured, PrepError, Unavailable

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("mmsprep.api")

MOST_PAUSE_SECONDS = 30.0
"""What a server may ask us to wait: longer is for the caller to decide."""
MOST_ANSWER_BYTES = 1_000_000

# A GET changes nothing, so these are worth another try: busy, or a gateway that met nobody.
AGAIN = frozenset({429, 502, 503, 504})

Method = Literal["GET", "POST"]


class Again(Exception):
    """Carry an error that another try may cure; *busy* when the server said so, perhaps with *seconds* to wait."""

    def __init__(self, error: Unavailable, *, busy: bool = False, seconds: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.busy = busy
        self.seconds = seconds


class Unclear(Exception):
    """Say that an answer was too long, or compressed although nobody asked."""


class Exchange:
    """Make requests with the key in their headers, one at a time and never a second time by itself."""

    def __init__(self, base_url: str, *, key: str, header: str, scheme: str, timeout_seconds: float) -> None:
        httpx = load_httpx()
        if not key:
            raise Misconfigured("sending needs the key of the API; set MMSPREP_API_KEY")
        if not (key.isascii() and key.isprintable()):
            what = "a line's end or another character that no header can hold"
            raise Misconfigured(f"the key of the API has {what}; give MMSPREP_API_KEY without it")
        self.base_url = checked_base(base_url)
        self._key = key
        self._timeout_seconds = timeout_seconds
        options: dict[str, Any] = {
            "base_url": self.base_url,
            # Loading the certificate authorities takes longer than a request, and loopback has no certificate.
            "verify": self.base_url.startswith("https:"),
            "timeout": httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds)),
            # One that was kept open may have been closed over there, and then nobody knows whether a POST arrived.
            "limits": httpx.Limits(max_keepalive_connections=0),
            "follow_redirects": False,  # a redirected POST would carry the key elsewhere
            "headers": {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "mmsprep"},
            # Not among the client's headers, whose repr hides none but Authorization.
            "auth": _signing(header, f"{scheme} {key}".strip()),
        }
        try:
            self._http = httpx.Client(**options)
        except (OSError, ValueError, httpx.InvalidURL) as error:
            # Not chained: a proxy's URL may hold a password.
            what = f"the environment's certificates or proxies cannot be used ({type(error).__name__})"
            raise Misconfigured(f"{what}; check SSL_CERT_FILE, SSL_CERT_DIR and HTTPS_PROXY") from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def once(self, method: Method, path: str, body: Mapping[str, Any] | None = None) -> Sent:
        """Make one request; raises Again where another could do no harm, and else what the answer means."""
        httpx = load_httpx()
        started = time.monotonic()
        deadline = Deadline(self._timeout_seconds)
        try:
            with (
                deadline,
                self._http.stream(method, path, json=body, extensions={"trace": deadline.trace}) as response,
            ):
                content = _read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            # It never left, so even a POST may go again.
            raise Again(self._unreachable(error)) from error
        except (httpx.RequestError, Unclear) as error:
            late = deadline.passed or isinstance(error, httpx.TimeoutException)
            why = "did not answer in time" if late else "broke off its answer"
            if method == "POST":
                raise maybe_sent(f"{self.base_url} {why}") from error
            raise Again(Unavailable("api", f"{self.base_url} {why}; try again later")) from error
        log.debug("%s %s: %d in %.2f s", method, path, response.status_code, time.monotonic() - started)
        if not response.is_success:
            raise self._meaning(method, response, content)
        try:
            return read_sent(read_json(content))
        except NotAsDocumented as error:
            if method == "POST":
                raise maybe_sent(f"the API's answer is {error}") from error
            raise Unavailable("api", f"the API's answer is {error}; try again later") from error

    def _unreachable(self, error: BaseException) -> Unavailable:
        """Tell why no connection came about: a certificate is not mended by waiting."""
        if any(isinstance(each, ssl.SSLError) for each in _causes(error)):
            remedy = "its operator must renew the certificate, or name who signed it in SSL_CERT_FILE"
            return Unavailable("api", f"no TLS connection to {self.base_url} that can be trusted; {remedy}")
        return Unavailable("api", f"cannot reach {self.base_url}; check the address and the network")

    def _meaning(
        self, method: Method, response: httpx.Response, untrusted_content: bytes
    ) -> PrepError | Misconfigured | Again:
        """Tell what an answer other than success means: by its code where it has one, else by its status."""
        status = response.status_code
        try:
            code, words = error_in(read_json(untrusted_content))
        except NotAsDocumented:
            code, words = None, ""
        # An API may quote the key that it refuses.
        said = f" ({words})".replace(self._key, "***") if words else ""
        if code is not None and code in BY_CODE:
            kind, reason, remedy = BY_CODE[code]
            return kind(reason, f"the API refuses it{said}; {remedy}")
        if status < 500 and status != 429:
            return _refusal(method, status, said)
        if status == 429 or (method == "GET" and status in AGAIN):
            busy = Unavailable("api", f"the API is busy ({status}); try again later")
            return Again(busy, busy=True, seconds=_retry_after(response))
        if method == "POST":
            return maybe_sent(f"the API failed ({status})")
        return Unavailable("api", f"the API failed ({status}); try again later")


def _refusal(method: Method, status: int, said: str) -> Refused | Misconfigured:
    """Tell what a status says against the request, or against the settings."""
    if status in {401, 403}:
        return Misconfigured(
            f"the API does not accept the key ({status}); check MMSPREP_API_KEY and MMSPREP_API_HEADER"
        )
    if status < 400:
        return Misconfigured(f"the API is elsewhere ({status}); set MMSPREP_API_URL to its address")
    if status == 404 and method == "GET":
        return UnknownMessage("refused", "the API knows no message by this id; check the id and the account")
    return Refused("refused", f"the API refuses it with {status}{said}; check the request and the API's address")


def load_httpx() -> Any:
    """Import httpx, which only sending needs."""
    try:
        import httpx
    except ImportError as error:
        raise Misconfigured("sending needs httpx; install it: pip install 'mmsprep[api]'") from error
    return httpx


def maybe_sent(why: str) -> MaybeSent:
    """Make the error for a POST of which nobody knows whether it arrived."""
    return MaybeSent("maybe-sent", f"{why}, so the message may have gone out; look before sending it again")


def checked_base(url: str) -> str:
    """Give the address without a slash at its end; raises Misconfigured for one that would expose the key."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        sound = sound and parts.username is None
    except ValueError:
        sound = False
    if not sound:
        raise Misconfigured("the API's address is no https:// URL; set MMSPREP_API_URL")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise Misconfigured("the API's address is not encrypted, and the key would be seen; use https://")
    return url.rstrip("/")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _signing(header: str, value: str) -> Callable[[Any], Any]:
    """Make what puts the key into each request."""

    def sign(outgoing: Any) -> Any:
        outgoing.headers[header] = value
        return outgoing

    return sign


def _read(response: httpx.Response) -> bytes:
    """Read a body of bounded length."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unclear
    read = bytearray()
    for chunk in response.iter_raw():
        read += chunk
        if len(read) > MOST_ANSWER_BYTES:
            raise Unclear
    return bytes(read)


def _retry_after(response: httpx.Response) -> float | None:
    """Read how long a busy server asks to wait, in seconds; None where it does not say, or says a date."""
    asked = response.headers.get("retry-after", "")
    return min(MOST_PAUSE_SECONDS, float(asked)) if asked.isascii() and asked.isdigit() else None
