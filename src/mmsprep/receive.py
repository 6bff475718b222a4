"""Check what an item's child says and the files it made, before anybody relies on either."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from mmsprep.errors import Rejected
from mmsprep.isolate import printable
from mmsprep.limits import PREVIEW_BYTES
from mmsprep.media import Facts
from mmsprep.prepared import Inspected
from mmsprep.profile import Profile

MIME = re.compile(r"[a-z]+/[a-zA-Z0-9][a-zA-Z0-9.+-]{0,100}")
FILE = re.compile(r"[0-9]{1,6}((?:\.[a-z0-9]{1,5}){1,2})")
WORD = re.compile(r"[a-z0-9_-]{1,32}")
MOST_OUTPUTS = 1_000
MOST_WORDS = 32
MOST_PREVIEWS = 11
NUMBERS = {"width": int, "height": int, "frames": int, "seconds": float, "pages": int}


@dataclass(frozen=True, slots=True)
class Output:
    """One file that an item's child made: where it lies, what its name ends in, the digest of its bytes, its facts."""

    path: Path
    suffix: str
    sha256: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Preview:
    """What shows a part of an item to a person: part 0 is the source, the others are the outputs, from 1."""

    part: int
    picture: bytes | None = None
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a source is, and by the name of each profile the stage that would begin, or why none would."""

    facts: Facts
    outcomes: Mapping[str, str | Rejected]


@dataclass(frozen=True, slots=True)
class Received:
    """What one item's round gave, checked."""

    original: Facts
    outputs: tuple[Output, ...]
    links: tuple[Output, ...]
    steps: tuple[str, ...]
    warnings: tuple[str, ...]
    texts: tuple[str, ...]
    previews: tuple[Preview, ...] = ()
    loss: float | None = None
    """How far the outputs are from their source, as `Job.lost` tells, if anything told it."""


def receive(untrusted_result: Any, directory: Path, profile: Profile) -> Received:
    """Check a round's result: facts of the right form, files that are regular, as large as said, within the profile.

    A decoder that a hostile file has taken over can say anything, so nothing is believed that can be looked at.
    Raises Rejected ``damaged`` for anything odd.
    """
    with _oddities_refused():
        untrusted_outputs, untrusted_links = untrusted_result["outputs"], untrusted_result["links"]
        _demand(isinstance(untrusted_outputs, list) and isinstance(untrusted_links, list))
        _demand(0 < len(untrusted_outputs) + len(untrusted_links) <= MOST_OUTPUTS)
        return Received(
            original=facts_from(untrusted_result["original"]),
            outputs=tuple(_admitted(_output(each, directory), profile) for each in untrusted_outputs),
            links=tuple(_output(each, directory) for each in untrusted_links),
            steps=tuple(_matching(WORD, each) for each in untrusted_result["steps"]),
            warnings=tuple(_text(each) for each in untrusted_result["warnings"]),
            texts=tuple(_text(each) for each in untrusted_result["texts"]),
            loss=_loss(untrusted_result.get("loss")),
            previews=tuple(_preview(each, directory) for each in untrusted_result.get("previews", ())[:MOST_PREVIEWS]),
        )


def receive_inspected(untrusted_result: Any) -> Inspected:
    """Check what an inspection says; raises Rejected ``damaged`` for anything odd."""
    with _oddities_refused():
        untrusted_words = untrusted_result["tells"].items()
        tells = {_text(key): _text(value) for key, value in list(untrusted_words)[:MOST_WORDS]}
        return Inspected(facts=facts_from(untrusted_result["original"]), tells=tells)


def receive_foreseen(untrusted_result: Any, profiles: Sequence[Profile]) -> Foreseen:
    """Check what is foreseen of a source, a word or a refusal for each profile; raises Rejected ``damaged``."""
    with _oddities_refused():
        pairs = zip(profiles, untrusted_result["foreseen"], strict=True)
        outcomes = {profile.name: _word_or_refusal(untrusted) for profile, untrusted in pairs}
        return Foreseen(facts=facts_from(untrusted_result["original"]), outcomes=outcomes)


@contextmanager
def _oddities_refused() -> Iterator[None]:
    """Refuse what is not of the form that an honest child sends, in whatever way that shows."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, OSError) as error:
        raise Rejected("damaged", "its decoder did not give a sound result; send it in another format") from error


def _word_or_refusal(untrusted: Mapping[str, Any]) -> str | Rejected:
    if "step" in untrusted:
        return _matching(WORD, untrusted["step"])
    return Rejected(untrusted["reason"], _text(untrusted["message"]))


def facts_from(untrusted_facts: Any) -> Facts:
    """Rebuild facts, field by field; raises an error of `receive` when they are not facts."""
    known = {key: form(untrusted_facts[key]) for key, form in NUMBERS.items() if key in untrusted_facts}
    _demand(all(0 <= value < 1e12 for value in known.values()))
    return Facts(
        type=_matching(MIME, untrusted_facts["type"]),
        bytes=int(untrusted_facts["bytes"]),
        alpha=untrusted_facts.get("alpha") is True,
        progressive=untrusted_facts.get("progressive") is True,
        codecs=tuple(_matching(WORD, each) for each in untrusted_facts.get("codecs", ())),
        metadata=tuple(_matching(WORD, each) for each in untrusted_facts.get("metadata", ())),
        **known,
    )


def _loss(untrusted_loss: Any) -> float | None:
    if untrusted_loss is None:
        return None
    _demand(0 <= float(untrusted_loss) < 1e6)
    return float(untrusted_loss)


def _text(untrusted_text: Any) -> str:
    """Take a text for people: one line, without control characters, of bounded length."""
    _demand(isinstance(untrusted_text, str))
    return printable(untrusted_text)


def _admitted(output: Output, profile: Profile) -> Output:
    _demand(profile.admits(output.facts))
    return output


def _output(untrusted_output: Mapping[str, Any], directory: Path) -> Output:
    file = _matching(FILE, untrusted_output["file"])
    facts = facts_from(untrusted_output["facts"])
    path = directory / file
    with _opened(path) as opened:
        _demand(os.fstat(opened.fileno()).st_size == facts.bytes)
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Output(path, file[file.index(".") :], digest, facts)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file that the child made: a regular one, which no link leads to or from."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        # A second link would be somebody else's file.
        _demand(stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
        yield opened


def _preview(untrusted_preview: Mapping[str, Any], directory: Path) -> Preview:
    """Take a small WebP or a few words; the picture is for a browser to draw, and is never decoded here."""
    words = {_text(key): _text(value) for key, value in list(untrusted_preview.get("words", {}).items())}
    picture = None
    if "file" in untrusted_preview:
        with _opened(directory / _matching(FILE, untrusted_preview["file"])) as opened:
            picture = opened.read(PREVIEW_BYTES + 1)
        _demand(len(picture) <= PREVIEW_BYTES and picture[:4] + picture[8:12] == b"RIFFWEBP")
    part = int(untrusted_preview["part"])
    _demand(0 <= part <= MOST_OUTPUTS and len(words) <= MOST_WORDS)
    return Preview(part, picture, words)


def _matching(pattern: re.Pattern[str], untrusted_text: Any) -> str:
    _demand(pattern.fullmatch(untrusted_text) is not None)
    return str(untrusted_text)


def _demand(sound: bool) -> None:
    # Not an assert, which python -O leaves out.
    if not sound:
        raise ValueError("not as agreed")
