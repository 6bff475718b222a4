"""Coordinates as people write them: decimal pairs, degrees with minutes and seconds, ISO 6709.

Not geopy's ``Point``, which misreads decimal commas and U+2212 and wraps 190° round the earth.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mmsprep.errors import Rejected

NUMBER = r"\d{1,3}(?:\.\d{1,20})?"
SIGN = r"[+-]?"

# Every sign that keyboards, web pages and phones put in the place of these four.
SPELLINGS = str.maketrans(
    {
        **dict.fromkeys("−–—‒﹣－", "-"),
        **dict.fromkeys("º˚∘", "°"),
        **dict.fromkeys("′’‘ʹ´`ʼ‵", "'"),
        **dict.fromkeys("″”“ʺ‶„", '"'),
        **dict.fromkeys("\u00a0\u2009\u202f\u3000\t", " "),
        **dict.fromkeys("\u200e\u200f\u200b\u2060\ufeff", None),
        **dict.fromkeys("，،、", ","),
        **dict.fromkeys("．٫", "."),
        "；": ";",
        "＋": "+",
        "（": "(",
        "）": ")",
    }
)

UNIT_WORDS = (
    (r"(?<=\d) ?(?:degrees?|deg\b|d(?=[\d ]))", "°"),
    (r"(?<=\d) ?(?:minutes?|min\b|m(?=[\d ]))", "'"),
    (r"(?<=\d) ?(?:seconds?|sec\b|s(?=[ ]?[nsew]))", '"'),
    (r"\b(?:latitude|lat)\b\.? ?[:=]? ?", ""),
    (r"\b(?:longitude|long|lon|lng)\b\.? ?[:=]? ?", ""),
    (r"\b(north|south|east|west)\b", lambda match: match[1][0]),
)

DECIMAL = rf"({SIGN}{NUMBER}) ?°?"
DECIMAL_COMMA = rf"({SIGN}\d{{1,3}},\d{{1,20}}) ?°?"
SEXAGESIMAL = (
    r"(?P<{0}sign>[+-]?)(?P<{0}degrees>\d{{1,3}})(?: ?° ?| )(?P<{0}minutes>\d{{1,2}}(?:\.\d{{1,20}})?)"
    r"(?: ?' ?| |(?=[nsew, ;])|$)(?:(?P<{0}seconds>\d{{1,2}}(?:[.,]\d{{1,20}})?) ?(?:\"|'')?)?"
)
AXIS = "[nsew]"
LONGITUDE_LED = re.compile(r"(?:long|lng|lon)(?:itude)?\b.*\blat", re.IGNORECASE | re.DOTALL)
SEPARATOR = r" ?[,; ] ?"

PAIR = re.compile(rf"{DECIMAL}{SEPARATOR}{DECIMAL}")
COMMA_PAIR = re.compile(rf"{DECIMAL_COMMA}(?:; ?|, | ){DECIMAL_COMMA}")
FOUR_NUMBERS = re.compile(r"-?\d+,\d+,-?\d+,\d+")
LETTERED = re.compile(rf"(?:({NUMBER}) ?°? ?({AXIS})(?:{SEPARATOR}|)({NUMBER}) ?°? ?({AXIS}))")
LED = re.compile(rf"(?:({AXIS}) ?({NUMBER}) ?°?(?:{SEPARATOR})({AXIS}) ?({NUMBER}) ?°?)")
_ONE, _TWO = SEXAGESIMAL.format("a"), SEXAGESIMAL.format("b")
SEXAGESIMALS = (
    re.compile(rf"{_ONE} ?(?P<aaxis>{AXIS})(?:{SEPARATOR}|){_TWO} ?(?P<baxis>{AXIS})"),
    re.compile(rf"(?P<aaxis>{AXIS}) ?{_ONE}(?:{SEPARATOR}|)(?P<baxis>{AXIS}) ?{_TWO}"),
    re.compile(rf"{_ONE}{SEPARATOR}{_TWO}"),
)
# ISO 6709, annex H: degrees, or degrees and minutes, or these and seconds, told apart by the number of digits.
ISO_6709 = re.compile(r"([+-])(\d{2}|\d{4}|\d{6})(\.\d+)?([+-])(\d{3}|\d{5}|\d{7})(\.\d+)?(?:[+-][\d.]+)?(?:crs\w+)?/?")


def read(text: str) -> tuple[float, float] | None:
    """Read latitude and longitude in degrees, or None for what is not written as coordinates.

    Raises Rejected ``ambiguous`` or ``unreadable`` for what is, but cannot be right.
    """
    plain = normal(text)
    for pattern, meaning in _FORMS:
        if found := pattern.fullmatch(plain):
            if text.lstrip().startswith("["):
                raise Rejected(
                    "ambiguous", "brackets hold latitude first to some programs and longitude to others; leave them out"
                )
            point = meaning(found)
            # Letters of the compass have put the latitude first already.
            is_turned = LONGITUDE_LED.match(text.strip()) and not re.search(AXIS, plain)
            return (point[1], point[0]) if is_turned else point
    return None


def normal(text: str) -> str:
    """Bring the signs, units and spaces of *text* to one spelling, in lower case."""
    plain = " ".join(text.translate(SPELLINGS).lower().split())
    if plain.startswith(("(", "[")) and plain.endswith((")", "]")):
        plain = plain[1:-1].strip()
    for pattern, short in UNIT_WORDS:
        plain = re.sub(pattern, short, plain)
    return re.sub(r"(?<=[+-]) (?=\d)", "", plain).strip()


def _pair(found: re.Match[str]) -> tuple[float, float]:
    return _float(found[1]), _float(found[2])


def _four_numbers(_: re.Match[str]) -> tuple[float, float]:
    raise Rejected(
        "ambiguous", "four numbers and only commas; write decimal points, or a space between the two coordinates"
    )


def _sexagesimal_pair(found: re.Match[str]) -> tuple[float, float]:
    parts = found.groupdict()
    values = [_sexagesimal(parts, prefix) for prefix in "ab"]
    axes = [parts.get(f"{prefix}axis") for prefix in "ab"]
    if not axes[0] or not axes[1]:
        return values[0], values[1]
    return _ordered(values[0], axes[0], values[1], axes[1])


def _sexagesimal(parts: dict[str, str | None], prefix: str) -> float:
    minutes, seconds = _float(parts[f"{prefix}minutes"] or "0"), _float(parts[f"{prefix}seconds"] or "0")
    if minutes >= 60 or seconds >= 60:
        raise Rejected("unreadable", "minutes and seconds go up to 59; check the coordinates")
    if parts[f"{prefix}seconds"] and "." in (parts[f"{prefix}minutes"] or ""):
        raise Rejected("unreadable", "minutes with decimals and seconds too; leave out one of them")
    degrees = _float(parts[f"{prefix}degrees"] or "0") + minutes / 60 + seconds / 3600
    return -degrees if parts[f"{prefix}sign"] == "-" else degrees


def _ordered(first: float, first_axis: str, second: float, second_axis: str) -> tuple[float, float]:
    """Put latitude first and give south and west their sign."""
    if first < 0 or second < 0:
        raise Rejected("ambiguous", "a minus and a compass letter together; write only one of them")
    signed = {
        axis in "ns": -value if axis in "sw" else value for value, axis in ((first, first_axis), (second, second_axis))
    }
    if len(signed) != 2:
        raise Rejected("unreadable", "two coordinates of the same direction; give one N or S and one E or W")
    return signed[True], signed[False]


def _iso(sign: str, digits: str, fraction: str | None) -> float:
    """Read one ISO 6709 value: after the degrees (two digits, or three for a longitude) come pairs of digits."""
    degrees = 2 + len(digits) % 2
    pairs = [digits[at : at + 2] for at in range(degrees, len(digits), 2)]
    parts = [digits[:degrees], *pairs]
    parts[-1] += fraction or ""
    if any(float(part) >= 60 for part in parts[1:]):
        raise Rejected("unreadable", "minutes and seconds go up to 59; check the coordinates")
    value: float = sum(float(part) / 60.0**power for power, part in enumerate(parts))
    return -value if sign == "-" else value


def _float(text: str) -> float:
    return float(text.replace(",", "."))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[float, float]]], ...] = (
    (PAIR, _pair),
    (FOUR_NUMBERS, _four_numbers),
    (COMMA_PAIR, _pair),
    (LETTERED, lambda found: _ordered(_float(found[1]), found[2], _float(found[3]), found[4])),
    (LED, lambda found: _ordered(_float(found[2]), found[1], _float(found[4]), found[3])),
    *((pattern, _sexagesimal_pair) for pattern in SEXAGESIMALS),
    (ISO_6709, lambda found: (_iso(found[1], found[2], found[3]), _iso(found[4], found[5], found[6]))),
)
