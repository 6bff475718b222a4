"""Profile: what may leave, as a provider, a carrier or a handset takes it.

The built-in rows are data, in ``profiles.toml`` beside this module, each with where it was read and how
far to trust it. A user's own file has the same form. ``load("telnyx+att.longcode")`` is the stricter of both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from math import isqrt
from operator import and_
from pathlib import Path
from typing import Any, Self

from mmsprep.errors import Misconfigured
from mmsprep.media import Facts

DEFAULT = "pantheon"
KINDS = ("image", "video", "audio", "text", "application")
H264_PROFILES = ("baseline", "main", "high")
VCARD_VERSIONS = ("2.1", "3.0", "4.0")
CONFIDENCES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Say what may leave: types, bytes, pixels and codecs that one way of sending delivers.

    Bytes are decimal and strict: a file is smaller than its limit. None means that no limit is known.
    Wrong values raise `Misconfigured`, all of them in one message.
    """

    name: str
    types: frozenset[str]
    """MIME types that may leave, lower case, without parameters."""
    max_bytes: int = 1_500_000
    kind_bytes: tuple[tuple[str, int], ...] = ()
    """Tighter limits for one kind of file, such as ``(("video", 600_000),)``; read them through `limit`."""
    total_bytes: int | None = None
    """All files of a message together."""
    max_files: int = 10
    """No provider's page allows more than ten."""
    max_pixels: int | None = None
    max_side: int | None = None
    """The longer side, in pixels."""
    max_short_side: int | None = None
    """The shorter side: with `max_side` a box that a picture may fill upright or lying."""
    progressive: bool = False
    """Whether a JPEG may be progressive; 3GPP TS 26.140 makes only baseline mandatory."""
    codecs: frozenset[str] = frozenset({"h264", "aac", "mp3", "amr_nb"})
    """What may be inside video and audio, by ffmpeg's names."""
    h264_profile: str = "high"
    """The most that the decoder promises: ``baseline``, ``main`` or ``high``."""
    vcard: str = "3.0"
    """The newest vCard version that the handset reads."""
    max_text_chars: int | None = None
    """The text beside the media."""
    source: tuple[str, ...] = ()
    """URLs of the pages that say so, or what kind of page did."""
    confidence: str = "low"
    note: str = ""

    def __post_init__(self) -> None:
        wrong = [
            f"profile {self.name!r}: {key} must be {wanted}, not {_plain(getattr(self, key))!r}"
            for key, (right, wanted) in _CHECKS.items()
            if not right(getattr(self, key))
        ]
        if wrong:
            raise Misconfigured("\n".join(wrong))

    def limit(self, what: Facts | str) -> int:
        """Give the bytes that one file of this MIME type must stay below."""
        kind = (what if isinstance(what, str) else what.type).partition("/")[0]
        return min(self.max_bytes, self.total_bytes or self.max_bytes, dict(self.kind_bytes).get(kind, self.max_bytes))

    def within(self, width: int, height: int) -> tuple[int, int]:
        """Give the largest size of this shape that the pixel caps allow, never larger than it is."""
        long, short = max(width, height), min(width, height)
        area = self.max_pixels or long * short
        box = min(self.max_side or long, (self.max_short_side or short) * long // short)
        length = min(long, box, isqrt(area * long // short))
        breadth = max(1, short * length // long)
        # A hair-thin picture cannot get thinner than one pixel, so its length gives way.
        length = min(length, area // breadth)
        return (length, breadth) if width >= height else (breadth, length)

    def admits(self, facts: Facts) -> bool:
        """Tell whether a file with these facts may leave; its metadata is the pipeline's to check."""
        return self.objection(facts) is None

    def objection(self, facts: Facts) -> str | None:
        """Say in words for an error why a file may not leave, or None when it may."""
        return next(self._objections(facts), None)

    def _objections(self, facts: Facts) -> Iterator[str]:
        """Yield what speaks against a file, the worst first."""
        if facts.type not in self.types:
            yield f"{facts.type} is not accepted by {self.name}"
        foreign = [codec for codec in facts.codecs if codec not in self.codecs]
        if foreign and facts.kind in ("video", "audio"):
            yield f"{' and '.join(foreign)} inside; {self.name} takes {', '.join(sorted(self.codecs))}"
        if facts.kind == "image" and facts.animated and facts.type != "image/gif":
            yield f"animated {facts.type}; handsets animate image/gif alone and show of others one frame"
        if facts.type == "image/jpeg" and facts.progressive and not self.progressive:
            yield f"progressive JPEG; {self.name} takes baseline"
        if facts.kind in ("image", "video") and facts.width and facts.height:
            width, height = self.within(facts.width, facts.height)
            if (width, height) != (facts.width, facts.height):
                yield f"{facts.width}x{facts.height} pixels; {self.name} takes this shape up to {width}x{height}"
        if facts.bytes >= self.limit(facts):
            yield f"{facts.bytes} bytes; {self.name} takes {facts.type} below {self.limit(facts)}"

    def as_dict(self) -> dict[str, Any]:
        """Give every field as a JSON value, in the form of a table of the TOML file."""
        return {key: _plain(getattr(self, key)) for key in _CHECKS} | {"kind_bytes": dict(self.kind_bytes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a profile from `as_dict`; raises `Misconfigured` for wrong values."""
        return cls(**{key: _value(key, value) for key, value in values.items()})

    def __and__(self, other: Profile) -> Profile:
        """Take the stricter of both in every field: what gets through this gets through either."""
        kinds = sorted(dict(self.kind_bytes + other.kind_bytes))
        optional = ("total_bytes", "max_pixels", "max_side", "max_short_side", "max_text_chars")
        known = {key: [count for each in (self, other) if (count := getattr(each, key))] for key in optional}
        return Profile(
            name="+".join(dict.fromkeys([*self.name.split("+"), *other.name.split("+")])),
            types=self.types & other.types,
            max_bytes=min(self.max_bytes, other.max_bytes),
            kind_bytes=tuple((kind, min(self.limit(kind), other.limit(kind))) for kind in kinds),
            max_files=min(self.max_files, other.max_files),
            progressive=self.progressive and other.progressive,
            codecs=self.codecs & other.codecs,
            h264_profile=min(self.h264_profile, other.h264_profile, key=H264_PROFILES.index),
            vcard=min(self.vcard, other.vcard, key=VCARD_VERSIONS.index),
            source=tuple(dict.fromkeys(self.source + other.source)),
            confidence=min(self.confidence, other.confidence, key=CONFIDENCES.index),
            note=self.note if other.note in self.note else f"{self.note} {other.note}".strip(),
            **{key: min(counts, default=None) for key, counts in known.items()},
        )


def load(name: str = DEFAULT, extra: Path | None = None) -> Profile:
    """Find a profile by name, or combine several: ``telnyx+att.longcode`` is the stricter of both.

    *extra* is a user's TOML file. Raises `Misconfigured` for an unknown name, with those like it,
    and for everything that is wrong in the file.
    """
    return _named(name, profiles(extra))


def names(extra: Path | None = None) -> tuple[str, ...]:
    """List the names of all profiles, the built-in ones first."""
    return tuple(profiles(extra))


def profiles(extra: Path | None = None) -> Mapping[str, Profile]:
    """Read every profile by name: the built-in table, then the user's, which may replace a row."""
    return _built_in() if extra is None else _read(extra, _built_in())


@cache
def _built_in() -> Mapping[str, Profile]:
    """Read the table that ships with the package, once."""
    return _read(Path(__file__).with_name("profiles.toml"), {})


def _read(path: Path, known: Mapping[str, Profile]) -> dict[str, Profile]:
    """Build the profiles of a TOML file upon those *known*, and report all its faults at once."""
    import tomllib

    try:
        tables = dict(_tables(tomllib.loads(path.read_text(encoding="utf-8")), ""))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path}: cannot be read as TOML profiles: {error}") from error
    built, wrong = dict(known), list[str]()
    for name, table in tables.items():
        try:
            # What a row extends stands above it in the file, so there are no circles.
            built[name] = _built(name, table, built)
        except Misconfigured as error:
            wrong += [f"{path}: {line}" for line in str(error).splitlines()]
    if wrong:
        raise Misconfigured("\n".join(wrong))
    return built


def _tables(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the profiles of nested tables with their dotted names: ``[att.longcode]`` is one profile."""
    for key, value in table.items():
        if not isinstance(value, dict):
            raise ValueError(f"{prefix}{key} stands outside a profile's table")
        own = {name: item for name, item in value.items() if name in _KEYS or not isinstance(item, dict)}
        if own or not value:
            yield f"{prefix}{key}", own
        yield from _tables({name: item for name, item in value.items() if name not in own}, f"{prefix}{key}.")


def _built(name: str, table: Mapping[str, Any], known: Mapping[str, Profile]) -> Profile:
    """Build one profile from its table; a fault is a `Misconfigured` line that names profile and key."""
    values = {key: _value(key, value) for key, value in table.items() if key in _KEYS}
    unknown = table.keys() - _KEYS - {"extends"}
    wrong = [f"profile {name!r}: {key} is not a key{_like(key, _KEYS)}" for key in sorted(unknown)]
    if "+" in name:
        wrong.append(f"profile {name!r}: + in a name means a combination; choose another name")
    if not table.keys() & {"types", "extends"}:
        wrong.append(f"profile {name!r}: types is missing; list MIME types, or extend another profile")
    base = Profile(name=name, types=frozenset())
    try:
        if "extends" in table:
            # A note explains one row's own numbers, so it is not inherited.
            base = replace(_named(str(table["extends"]), known), name=name, note="")
    except Misconfigured as error:
        wrong.append(f"profile {name!r}: extends: {error}")
    try:
        profile = replace(base, **values)
    except Misconfigured as error:
        wrong += str(error).splitlines()
    if wrong:
        raise Misconfigured("\n".join(wrong))
    return profile


def _value(key: str, value: Any) -> Any:
    """Turn a TOML value into a field's immutable form; what does not fit is left for the check to name."""
    if key == "kind_bytes" and isinstance(value, dict):
        return tuple(sorted(value.items()))
    if key == "source" and isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(value) if key == "source" else frozenset(map(str, value))
    return value


def _named(name: str, known: Mapping[str, Profile]) -> Profile:
    """Look up a name, or each part of a combination."""
    parts = [part.strip() for part in name.split("+")]
    for part in parts:
        if part not in known:
            raise Misconfigured(f"no profile is called {part!r}{_like(part, known)}")
    combined = reduce(and_, (known[part] for part in parts))
    if not combined.types:
        raise Misconfigured(f"{name} leaves no type that may be sent; combine profiles that have some in common")
    return combined


def _like(word: str, known: Collection[str]) -> str:
    """Ask in a message whether the nearest of what is *known* was meant."""
    from difflib import get_close_matches

    near = [name for name in known if name.startswith(f"{word}.")] or get_close_matches(word, known)
    return f"; did you mean {' or '.join(near)}?" if near else f"; known are {', '.join(sorted(known))}"


def _plain(value: Any) -> Any:
    """Turn a field's value into what JSON and a message can hold."""
    return sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _text(value: object) -> bool:
    return isinstance(value, str)


def _words(value: object, pattern: str) -> bool:
    return isinstance(value, frozenset) and all(re.fullmatch(pattern, word) for word in value)


_COUNT = (_count, "a whole number above 0")
_COUNT_OR_NONE = (lambda value: value is None or _count(value), _COUNT[1])
_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: _text(value) and bool(re.fullmatch(r"[^\s,]+", value)), "a word"),
    "types": (lambda value: _words(value, r"[a-z]+/[a-z0-9][a-z0-9.+-]*"), "a list of lower-case MIME types"),
    "max_bytes": _COUNT,
    "kind_bytes": (
        lambda value: isinstance(value, tuple) and all(kind in KINDS and _count(size) for kind, size in value),
        f"bytes above 0 by kind ({', '.join(KINDS)})",
    ),
    "total_bytes": _COUNT_OR_NONE,
    "max_files": _COUNT,
    **dict.fromkeys(("max_pixels", "max_side", "max_short_side"), _COUNT_OR_NONE),
    "progressive": (lambda value: isinstance(value, bool), "true or false"),
    "codecs": (lambda value: _words(value, r"[a-z0-9_]+"), "a list of ffmpeg's codec names"),
    "h264_profile": (lambda value: value in H264_PROFILES, f"one of {', '.join(H264_PROFILES)}"),
    "vcard": (lambda value: value in VCARD_VERSIONS, f"one of {', '.join(VCARD_VERSIONS)}, in quotes"),
    "max_text_chars": _COUNT_OR_NONE,
    "source": (lambda value: isinstance(value, tuple) and all(map(_text, value)), "a list of strings"),
    "confidence": (lambda value: value in CONFIDENCES, f"one of {', '.join(CONFIDENCES)}"),
    "note": (_text, "a string"),
}
_KEYS = _CHECKS.keys() - {"name"}
