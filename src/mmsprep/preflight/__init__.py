"""Fetch a URL as a provider's fetcher does, before a message depends on it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mmsprep.errors import Rejected
from mmsprep.media import Facts
from mmsprep.pipeline import Pipeline
from mmsprep.preflight import judge
from mmsprep.preflight.fetch import Answer, Method, Unfetched, ask, without_query
from mmsprep.preflight.judge import EVERY, Finding, refusal

__all__ = ["EVERY", "Finding", "Preflight", "check", "without_query"]

SCHEMA_VERSION = 1

# Longer than any provider waits, so that a slow answer is told apart from none.
WAIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a provider would meet at one URL. ``type`` is what the server says, ``facts`` what the bytes are."""

    url: str
    status: int | None = None
    type: str | None = None
    facts: Facts | None = None
    bytes: int | None = None
    seconds: float | None = None
    redirects: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found for which the fetch, or the profile that was asked about, refuses it."""
        return not any(each.fatal for each in self.findings)

    @property
    def refused_by(self) -> dict[str, tuple[str, ...]]:
        """The providers that would refuse, each with the reasons."""
        names = dict.fromkeys(name for each in self.findings for name in each.refused_by)
        return {
            name: tuple(dict.fromkeys(each.reason for each in self.findings if name in each.refused_by))
            for name in names
        }

    def as_dict(self) -> dict[str, Any]:
        """Give it as the JSON that ``mmsprep check --json`` prints."""
        return {
            "schema": SCHEMA_VERSION,
            "url": self.url,
            "ok": self.ok,
            "status": self.status,
            "type": self.type,
            "detected": self.facts.type if self.facts else None,
            "bytes": self.bytes,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "redirects": list(self.redirects),
            "refused_by": {name: list(reasons) for name, reasons in self.refused_by.items()},
            "findings": [each.as_dict() for each in self.findings],
        }


def check(
    url: str,
    *,
    pipeline: Pipeline | None = None,
    allow_private: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> Preflight:
    """Ask for *url* by HEAD and GET as providers do, look at what comes, and say who would refuse it and why.

    The bytes are looked at in isolation by *pipeline*, whose profile is the one that is asked about. With
    *allow_private* the host may be in one's own network: for tests, and never for a URL that a stranger gave.
    Raises Unavailable when the bytes could not be looked at.
    """
    with ExitStack() as stack:
        chosen = pipeline or stack.enter_context(Pipeline())
        return _checked(url, chosen, allow_private, wait_seconds)


def _checked(url: str, pipeline: Pipeline, allow_private: bool, wait_seconds: float) -> Preflight:
    def attempt(method: Method) -> Answer | Unfetched:
        try:
            return ask(method, url, seconds=wait_seconds, allow_private=allow_private)
        except Unfetched as error:
            return error

    head = attempt("HEAD")
    # Where not even a connection came about, GET would tell the same, later.
    get = attempt("GET") if isinstance(head, Answer) or head.reason in {"broken", "slow"} else head
    if isinstance(get, Unfetched):
        return Preflight(url=url, findings=(refusal(get.reason, get.message),))
    answered = head if isinstance(head, Answer) else None
    findings = [*judge.about_url(url, datetime.now(UTC)), *judge.about_answers(answered, get)]
    facts = None
    if get.status == 200:
        if get.whole and not judge.encoded(get):
            facts, about_bytes = _inspected(get, pipeline)
            findings += about_bytes
        findings += _still_there(get, attempt("HEAD" if answered and answered.status == 200 else "GET"))
    told = get.untrusted_headers.get("content-type")
    return Preflight(
        url=url,
        status=get.status,
        type=None if told is None else judge.shown(told),
        facts=facts,
        bytes=len(get.untrusted_body) if get.whole and get.status == 200 else None,
        seconds=get.seconds,
        redirects=get.hops,
        findings=tuple(findings),
    )


def _inspected(get: Answer, pipeline: Pipeline) -> tuple[Facts | None, list[Finding]]:
    """Measure the bytes where they can do no harm, and find what speaks against them."""
    try:
        facts = pipeline.inspect(get.untrusted_body).facts
    except Rejected as error:
        return None, [refusal(error.reason, error.message.removeprefix("<bytes>: "))]
    return facts, [*judge.about_type(get, facts), *judge.about_limits(facts, pipeline.profile)]


def _still_there(before: Answer, after: Answer | Unfetched) -> list[Finding]:
    """Ask again at the end: a link that works once, or changes, fails when the provider comes."""
    if isinstance(after, Unfetched) or after.status != 200:
        said = after.message if isinstance(after, Unfetched) else f"it was answered {after.status}"
        return [refusal("gone", f"asked once more, {said}; providers ask several times, so let it stay")]
    # Some servers tell it by one method alone, and some call it weak (W/) by one.
    told = [tag.removeprefix("W/") for each in (before, after) if (tag := each.untrusted_headers.get("etag"))]
    if len(told) < 2 or told[0] == told[1]:
        return []
    return [refusal("changed", "its ETag changed between two requests; let one URL be one file")]
