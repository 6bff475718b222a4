"""What the API answers, as values: read strictly where it matters and forgivingly where it only informs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

CODE = re.compile(r"(?:SMS|MMS)_\d{3}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
MOST_TEXT = 200


class NotAsDocumented(Exception):
    """Say in which way an answer is not what the documentation promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that the API has taken, and what became of it so far.

    Only ``message_id`` and ``status`` are certain; what an answer left out, or gave in another form than
    documented, is None. Times are in UTC, ``cost`` is in ``currency``.
    """

    message_id: str
    status: str
    to: str | None = None
    from_: str | None = None
    text: str | None = None
    media_urls: tuple[str, ...] = ()
    segments: int | None = None
    direction: str | None = None
    type: str | None = None
    created_at: datetime | None = None
    cost: Decimal | None = None
    currency: str | None = None
    status_details: str | None = None
    updated_at: datetime | None = None
    delivered_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def as_dict(self) -> dict[str, Any]:
        """Give what is known as JSON values, in the API's own field names."""
        names = [name for name in self.__dataclass_fields__ if name not in {"from_", "media_urls", "tags"}]
        known = {name: _plain(getattr(self, name)) for name in names}
        known |= {"from": self.from_, "media_urls": list(self.media_urls), "tags": dict(self.tags)}
        return {name: value for name, value in known.items() if value not in (None, [], {})}


def read_json(untrusted_body: bytes) -> dict[str, Any]:
    """Parse a body as a JSON object with exact numbers; raises NotAsDocumented."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no number of JSON")

    try:
        parsed = json.loads(untrusted_body, parse_float=Decimal, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise NotAsDocumented("no JSON") from error
    if not isinstance(parsed, dict):
        raise NotAsDocumented("no JSON object")
    return parsed


def read_sent(untrusted: Mapping[str, Any]) -> Sent:
    """Read a message from a JSON object; raises NotAsDocumented without an id or a status."""
    message_id, status = _text(untrusted.get("message_id")), _text(untrusted.get("status"))
    if message_id is None or not MESSAGE_ID.fullmatch(message_id) or not status:
        raise NotAsDocumented("no message_id, or no status")
    urls, tags = untrusted.get("media_urls"), untrusted.get("tags")
    return Sent(
        message_id=message_id,
        status=status.lower(),
        to=_text(untrusted.get("to")),
        from_=_text(untrusted.get("from")),
        text=_text(untrusted.get("text")),
        media_urls=tuple(map(str, urls)) if isinstance(urls, list) else (),
        segments=_whole(untrusted.get("segments")),
        direction=_text(untrusted.get("direction")),
        type=_text(untrusted.get("type")),
        created_at=_time(untrusted.get("created_at")),
        cost=_amount(untrusted.get("cost")),
        currency=_text(untrusted.get("currency")),
        status_details=_details(untrusted.get("status_details")),
        updated_at=_time(untrusted.get("updated_at")),
        delivered_at=_time(untrusted.get("delivered_at")),
        tags=MappingProxyType(
            {str(name): str(value) for name, value in tags.items()} if isinstance(tags, dict) else {}
        ),
    )


def error_in(untrusted: Mapping[str, Any]) -> tuple[str | None, str]:
    """Find the API's error code and its words in a body, wherever such bodies usually carry them."""
    errors = untrusted.get("errors")
    nested = [untrusted.get("error"), *(errors if isinstance(errors, list) else [])]
    places = [untrusted, *(each for each in nested if isinstance(each, dict))]
    codes = [each.get(key) for each in places for key in ("code", "error_code")] + [untrusted.get("error")]
    words = [each.get(key) for each in places for key in ("message", "detail", "error_message")]
    code = next((each for each in codes if isinstance(each, str) and CODE.fullmatch(each)), None)
    return code, printable(next((each for each in words if isinstance(each, str)), ""))


def printable(untrusted_text: str) -> str:
    """Take a text for people: one line, without control characters, of bounded length."""
    return "".join(each if each.isprintable() else " " for each in untrusted_text[:MOST_TEXT]).strip()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _amount(value: Any) -> Decimal | None:
    """Take a cost: a number as documented, or a string of one."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() else None


def _time(value: Any) -> datetime | None:
    """Take a time of RFC 3339 and give it in UTC."""
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _details(value: Any) -> str | None:
    """Take the details of a status, whose form is not documented, as one line of text."""
    if value is None or value == "":
        return None
    return printable(value if isinstance(value, str) else json.dumps(value, default=str))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return float(value) if isinstance(value, Decimal) else value
