"""What an answer means for the providers: each finding tells the fact, the remedy, and who would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mmsprep import profile
from mmsprep.media import Facts
from mmsprep.preflight.fetch import MOST_BYTES, Answer
from mmsprep.profile import Profile

# Each provider and the profile that says what it takes; without one only its fetching is known.
PROVIDERS: dict[str, str | None] = {
    "pantheon": "pantheon",
    "twilio": "twilio",
    "bandwidth": "bandwidth.local",
    "telnyx": "telnyx",
    "plivo": "plivo",
    "bird": "bird",
    "signalwire": "signalwire.local",
    "infobip": "infobip.any",
    "sinch": None,
    "vonage": None,
}
EVERY = tuple(PROVIDERS)

# https://www.twilio.com/docs/messaging/guides/accepted-mime-types: the header must match the file.
STRICT_ABOUT_TYPE = ("twilio",)
# https://developers.sinch.com/docs/mms/api-reference/description: a length, no chunks, a type that says something.
STRICT_ABOUT_LENGTH = ("sinch",)
# https://docs.bird.com, MMS sizes and limitations: an answer within five seconds.
STRICT_ABOUT_TIME = ("bird",)
ANSWER_SECONDS = 5.0
# https://www.infobip.com/docs/mms/message-types: there for three days.
STRICT_ABOUT_STAYING = ("infobip",)
KEPT = timedelta(days=3)

# Other names under which servers know a type.
ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "text/vcard": "text/x-vcard",
    "text/directory": "text/x-vcard",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/amr-nb": "audio/amr",
    "application/x-pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a URL: a word for programs, the fact with its remedy, and the providers that would refuse.

    Without *fatal* it is advice, or concerns only providers that nobody asked about.
    """

    reason: str
    message: str
    refused_by: tuple[str, ...] = ()
    fatal: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give the finding as JSON values."""
        return {
            "reason": self.reason,
            "message": self.message,
            "refused_by": list(self.refused_by),
            "fatal": self.fatal,
        }


def refusal(reason: str, message: str, refused_by: tuple[str, ...] = EVERY) -> Finding:
    """Make a finding for which providers refuse."""
    return Finding(reason, message, refused_by, fatal=True)


def about_url(url: str, now: datetime) -> Iterator[Finding]:
    """Find what the URL alone tells: no encryption, or an end that comes too soon."""
    if urlsplit(url).scheme == "http":
        yield Finding("http", "it is not encrypted, so anybody on the way can read and change it; serve it by https")
    ends = expiry(url)
    if ends is not None and ends < now + KEPT:
        hours = (ends - now) / timedelta(hours=1)
        left = f"ends in {hours:.1f} hours" if hours > 0 else "has ended"
        yield refusal(
            "expires",
            f"its signature {left}, and providers ask for up to {KEPT.days} days; sign it for longer, "
            "or use a public or CDN URL",
            STRICT_ABOUT_STAYING,
        )


def expiry(url: str) -> datetime | None:
    """Read when a presigned URL ends: AWS signature 4 and 2, Google and Azure; None when it does not say."""
    query = {name.lower(): values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    try:
        for vendor in ("x-amz", "x-goog"):
            if f"{vendor}-expires" in query:
                signed = datetime.strptime(query[f"{vendor}-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                return signed + timedelta(seconds=int(query[f"{vendor}-expires"]))
        if "signature" in query and "expires" in query:
            return datetime.fromtimestamp(int(query["expires"]), UTC)
        if "sig" in query and "se" in query:
            ends = datetime.fromisoformat(query["se"])
            return ends if ends.tzinfo else ends.replace(tzinfo=UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return None


def about_answers(head: Answer | None, get: Answer) -> Iterator[Finding]:
    """Find what speaks against the two answers: whether they agree, are whole, measured and in time."""
    if get.status != 200:
        yield refusal("status", f"GET is answered {get.status}, not 200; {_remedy(get.status)}")
        return
    yield from _about_head(head, get)
    headers = get.untrusted_headers
    if encoding := encoded(get):
        told = f"it comes as {shown(encoding)} although nobody asked for that, and fetchers keep the bytes as they come"
        yield refusal("encoded", f"{told}; serve it as a plain file, uncompressed")
    size = len(get.untrusted_body)
    if size > MOST_BYTES:
        yield refusal("too-many-bytes", f"it is larger than {MOST_BYTES} bytes; prepare it first")
    elif not get.whole:
        yield refusal("truncated", f"the answer ends after {size} bytes, before its announced length; store it anew")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        yield refusal(
            "chunked",
            "it comes in chunks without a Content-Length; serve it as a plain file, uncompressed",
            STRICT_ABOUT_LENGTH,
        )
    elif "content-length" not in headers:
        yield refusal("length", "it has no Content-Length; serve it as a plain file", STRICT_ABOUT_LENGTH)
    seconds = max(get.seconds, head.seconds if head else 0.0)
    if seconds > ANSWER_SECONDS:
        yield refusal(
            "slow",
            f"it takes {seconds:.1f} s, and {ANSWER_SECONDS:.0f} are allowed; serve it from a faster place",
            STRICT_ABOUT_TIME,
        )
    if get.hops:
        yield Finding("redirects", f"it redirects to {get.hops[-1]}, which not every fetcher follows; give that URL")


def _remedy(status: int) -> str:
    """Say what to do about an answer that is no success."""
    if status in {401, 403}:
        return "make the file public"
    if status >= 500 or status == 429:
        return "see the server's log, and try again"
    return "check the URL, and that the file is there"


def encoded(answer: Answer) -> str:
    """Name the Content-Encoding that bytes came in, or nothing where they are the file's own."""
    told = answer.untrusted_headers.get("content-encoding", "").strip().lower()
    return "" if told == "identity" else told


def _about_head(head: Answer | None, get: Answer) -> Iterator[Finding]:
    """Find where HEAD, by which a fetcher learns type and size, tells another story than GET."""
    if head is None:
        yield refusal("head", "HEAD gets no answer, GET does; let the server answer HEAD", STRICT_ABOUT_TYPE)
    elif head.status != get.status:
        signed = "a presigned URL is signed for one method; use a public or CDN URL"
        remedy = signed if head.status == 403 else "let the server answer HEAD as it answers GET"
        yield refusal("head", f"HEAD is answered {head.status}, GET {get.status}; {remedy}", STRICT_ABOUT_TYPE)
    else:
        for name in ("content-type", "content-length"):
            told, given = (each.untrusted_headers.get(name, "") for each in (head, get))
            if told != given:
                yield refusal(
                    "disagree",
                    f"{name.title()} is {shown(told)} by HEAD and {shown(given)} by GET; make the server tell the same",
                    STRICT_ABOUT_TYPE,
                )


def about_type(get: Answer, facts: Facts) -> Iterator[Finding]:
    """Find whether the Content-Type is that of the bytes."""
    told = get.untrusted_headers.get("content-type", "")
    if declared(get) == ALIASES.get(facts.type, facts.type):
        return
    vague = declared(get) in {"", "application/octet-stream", "binary/octet-stream"}
    yield refusal(
        "type",
        f"Content-Type is {shown(told)} and the bytes are {facts.type}; store it with the type of its bytes",
        STRICT_ABOUT_TYPE + (STRICT_ABOUT_LENGTH if vague else ()),
    )


def declared(answer: Answer) -> str:
    """Give the declared type in its usual spelling, without parameters."""
    bare = answer.untrusted_headers.get("content-type", "").partition(";")[0].strip().lower()
    return ALIASES.get(bare, bare)


def about_limits(facts: Facts, asked: Profile) -> Iterator[Finding]:
    """Find who would refuse this file itself: fatal where the profile that is asked about does."""
    objection = asked.objection(facts)
    if objection is not None:
        yield Finding("profile", f"{objection}; prepare it for that profile", (asked.name,), fatal=True)
    rows = {name: profile.load(row) for name, row in PROVIDERS.items() if row and row != asked.name}
    types = tuple(name for name, row in rows.items() if facts.type not in row.types)
    if types:
        yield Finding("not-accepted", f"{facts.type} is not in the list of types that they take", types)
    sizes = tuple(name for name, row in rows.items() if facts.bytes >= row.limit(facts) and name not in types)
    if sizes:
        yield Finding("too-many-bytes", f"{facts.bytes} bytes is more than they take", sizes)


def shown(untrusted_text: str) -> str:
    """Quote a header's value: short, and nothing that could move a cursor."""
    return re.sub(r"[^\x20-\x7e]", "?", untrusted_text)[:80] or "missing"
