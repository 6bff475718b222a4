"""Client: hand a message to the API, and ask what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from mmsprep import request
from mmsprep.api.answers import Sent
from mmsprep.api.errors import BY_CODE, Refused, Undelivered
from mmsprep.api.exchange import Again, Exchange
from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.message import Message

if TYPE_CHECKING:
    from mmsprep.settings import Settings

TRIES = 3
FIRST_PAUSE_SECONDS = 0.5
TIMEOUT_SECONDS = 15.0

NOT_REACHABLE = (
    "the media is where only this machine reaches it; set MMSPREP_BASE_URL, or prepare with a store on the internet"
)

FAILED = frozenset({"failed", "undelivered", "rejected", "expired", "blocked", "cancelled", "canceled"})

pause = time.sleep


class Client:
    """Send messages by PantheonCloud SMS & MMS. Safe to share among threads; used as a context manager, or closed.

    Without arguments the key and the address come from the settings (``MMSPREP_API_KEY``, ``MMSPREP_API_URL``,
    ``MMSPREP_API_HEADER``, ``MMSPREP_API_SCHEME``). The key is in no log, error or repr. Raises Misconfigured
    without a key, for an address that would send it unencrypted, and without httpx.

    A GET is tried again when the API is busy or did not answer. A POST is tried again only when no connection
    came about, so nobody gets a message twice; what else can go wrong with it is `MaybeSent`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        settings: Settings | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        from mmsprep.settings import Settings

        chosen = settings or Settings.load()
        self._exchange = Exchange(
            base_url or chosen.api_url,
            key=api_key or (chosen.api_key.get_secret_value() if chosen.api_key else ""),
            header=chosen.api_header,
            scheme=chosen.api_scheme,
            timeout_seconds=timeout_seconds,
        )

    def __repr__(self) -> str:
        return f"Client({self._exchange.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._exchange.close()

    def send_mms(
        self,
        message: Message,
        *,
        to: str,
        from_: str,
        text: str | None = None,
        delivery_receipt: bool = False,
        webhook_url: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Sent:
        """Send *message*; raises as `Message.request` does, and the API's own errors (`mmsprep.api.errors`)."""
        body = message.request(
            to=to, from_=from_, text=text, delivery_receipt=delivery_receipt, webhook_url=webhook_url, tags=tags
        )
        if not all(url.startswith(("https://", "http://")) for url in body["media_urls"]):
            raise Misconfigured(NOT_REACHABLE)
        return self._post("/v1/messages/mms", body)

    def send_sms(
        self,
        text: str,
        *,
        to: str,
        from_: str,
        priority: str = "normal",
        delivery_receipt: bool = False,
        webhook_url: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Sent:
        """Send a text alone, in the encoding that it needs; raises as `send_mms` does."""
        body = request.sms(
            to=to,
            from_=from_,
            text=text,
            priority=priority,
            delivery_receipt=delivery_receipt,
            webhook_url=webhook_url,
            tags=tags,
        )
        return self._post("/v1/messages/sms", body)

    def get_message(self, message_id: str) -> Sent:
        """Ask what became of a message; raises UnknownMessage, Unavailable."""
        path = f"/v1/messages/{quote(message_id, safe='')}"
        return self._repeated(lambda: self._exchange.once("GET", path), busy_too=True)

    def wait_until_delivered(
        self,
        message_id: str,
        *,
        timeout_seconds: float = 300.0,
        progress: Callable[[Sent], None] | None = None,
    ) -> Sent:
        """Ask again and again until the message is delivered; raises Undelivered, or Unavailable in the end.

        *progress* is told each answer. The pauses grow from one second to ten.
        """
        ends = time.monotonic() + timeout_seconds
        wait = 1.0
        while True:
            found = self.get_message(message_id)
            if progress is not None:
                progress(found)
            if found.status == "delivered":
                return found
            if found.status in FAILED:
                raise _undelivered(found)
            left = ends - time.monotonic()
            if left <= 0:
                raise Unavailable(
                    "api", f"{message_id} is {found.status} after {timeout_seconds:g} s; ask again later for it"
                )
            pause(min(wait, left))
            wait = min(10.0, wait * 1.5)

    def _post(self, path: str, body: Mapping[str, Any]) -> Sent:
        return self._repeated(lambda: self._exchange.once("POST", path, body), busy_too=False)

    def _repeated(self, attempt: Callable[[], Sent], *, busy_too: bool) -> Sent:
        """Try again what could not be reached, and with *busy_too* what was told to come back later."""
        wait = FIRST_PAUSE_SECONDS
        for left in reversed(range(TRIES)):
            try:
                return attempt()
            except Again as again:
                if not left or (again.busy and not busy_too):
                    raise again.error from again
                pause(wait if again.seconds is None else again.seconds)
                wait *= 2
        raise AssertionError("unreachable")


def _undelivered(found: Sent) -> Refused:
    """Tell why a message will not arrive, by the API's code where its details begin with one."""
    details = found.status_details or ""
    said = f" ({details})" if details else ""
    default = (Undelivered, "undelivered", "check the number and the media")
    kind, reason, remedy = BY_CODE.get(details[:7], default)
    return kind(reason, f"{found.message_id} is {found.status}{said}; {remedy}")
