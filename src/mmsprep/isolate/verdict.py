"""Judge how an item ended: its result, or who must act."""

from __future__ import annotations

import logging
import math
import signal
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mmsprep.errors import REJECTED_CODES, UNAVAILABLE_REASONS, PrepError, Rejected, Unavailable
from mmsprep.limits import MB, Limits

log = logging.getLogger("mmsprep.isolate")

_MAX_MESSAGE = 500
_MAX_TRACEBACK = 10_000
_SMALLER = "send a smaller or shorter file"
_INTERRUPTIONS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class Cancelled(Exception):
    """The caller cancelled the item."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the supervisor saw of an item's end; *how* is ``lost`` when the supervisor itself is gone."""

    how: str = "lost"
    code: int = 1
    signal: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_bytes: int = 0
    memory_limit: float = math.inf
    cpu_limit: float = math.inf
    wall_limit: float = math.inf
    message: str = ""


def judge(ending: Ending, untrusted_outcome: Mapping[str, Any] | None, garbage: str, limits: Limits) -> Any:
    """Give the result of an item, or raise `Rejected`, `Unavailable` or `Cancelled`.

    What the supervisor saw counts before what the item said: the first cannot be forged.
    """
    if garbage:
        log.warning("an item broke the protocol: %s", garbage)
        raise Rejected("damaged", "its decoder misbehaved and was stopped; export the file again")
    _judge_ending(ending, limits)
    if ending.code != 0 or untrusted_outcome is None:
        raise Rejected("damaged", "its decoder stopped without an answer; export the file again")
    if "result" in untrusted_outcome:
        return untrusted_outcome["result"]
    return _judge_words(ending, untrusted_outcome)


def _judge_ending(ending: Ending, limits: Limits) -> None:
    match ending.how:
        case "ended" if ending.signal:
            _judge_signal(ending)
        case "ended":
            return
        case "cancelled":
            raise Cancelled
        case "memory":
            raise _too_much_memory(ending)
        case "cpu":
            raise _too_much_cpu(ending)
        case "processes":
            raise Rejected("too-costly", f"starts too many processes; {_SMALLER}")
        case "wall":
            _judge_wall(ending, min(limits.wall_seconds, ending.wall_limit))
        case "refused":
            raise Unavailable("tool", f"no process could be started for it ({printable(ending.message)}); retry later")
        case _:
            raise Unavailable("tool", "its isolation ended unexpectedly; retry")


def _judge_wall(ending: Ending, wall_seconds: float) -> NoReturn:
    if ending.cpu_seconds >= wall_seconds / 2:
        raise Rejected("too-costly", f"needs more than {wall_seconds:g} s; {_SMALLER}")
    raise Unavailable("tool", f"not finished after {wall_seconds:g} s, mostly waiting for a busy machine; retry later")


def _judge_signal(ending: Ending) -> NoReturn:
    name = signal.Signals(ending.signal).name if ending.signal in set(signal.Signals) else str(ending.signal)
    if ending.signal == signal.SIGXCPU or _cpu_is_spent(ending):
        raise _too_much_cpu(ending)
    if ending.signal == signal.SIGXFSZ:
        raise _too_large_output()
    # A decoder that is refused memory often crashes rather than says so.
    if ending.peak_bytes >= ending.memory_limit / 2:
        raise _too_much_memory(ending)
    if ending.signal == signal.SIGKILL:
        raise Unavailable("tool", "killed from outside, perhaps because the machine is out of memory; retry later")
    if ending.signal in _INTERRUPTIONS:
        raise Unavailable("tool", f"interrupted from outside ({name}); retry")
    raise Rejected("damaged", f"its decoder crashed ({name}); export the file again")


def _judge_words(ending: Ending, untrusted_outcome: Mapping[str, Any]) -> NoReturn:
    untrusted_message = untrusted_outcome.get("message")
    message = printable(untrusted_message) if isinstance(untrusted_message, str) else ""
    untrusted_traceback = untrusted_outcome.get("traceback")
    if isinstance(untrusted_traceback, str):
        log.debug("an item ended by %s", ascii(untrusted_traceback[:_MAX_TRACEBACK]))
    match untrusted_outcome.get("error"):
        case "rejected" | "unavailable":
            raise _repeated(untrusted_outcome, message)
        case "memory":
            raise _too_much_memory(ending)
        case "disk":
            raise Unavailable("tool", "no space left on the disk for its working files; free some and retry")
        case "file-size":
            raise _too_large_output()
        case "setup":
            raise Unavailable("tool", f"its isolation could not be set up ({message}); see mmsprep doctor")
        case _ if _cpu_is_spent(ending):
            raise _too_much_cpu(ending)
        case _:
            log.warning("an item failed: %s", message)
            raise Rejected("damaged", f"cannot be decoded ({message}); export the file again")


def _repeated(untrusted_outcome: Mapping[str, Any], message: str) -> PrepError:
    untrusted_reason = untrusted_outcome.get("reason")
    if untrusted_outcome["error"] == "rejected" and untrusted_reason in REJECTED_CODES:
        return Rejected(str(untrusted_reason), message)
    if untrusted_outcome["error"] == "unavailable" and untrusted_reason in UNAVAILABLE_REASONS:
        return Unavailable(str(untrusted_reason), message)
    return Rejected("damaged", "its decoder misbehaved; export the file again")


def _cpu_is_spent(ending: Ending) -> bool:
    # The kernel looks at the clock at each tick, and rounds.
    return ending.cpu_seconds >= 0.95 * ending.cpu_limit


def _too_much_memory(ending: Ending) -> Rejected:
    return Rejected("too-costly", f"needs more than {ending.memory_limit / MB:.0f} MB of memory; {_SMALLER}")


def _too_much_cpu(ending: Ending) -> Rejected:
    return Rejected("too-costly", f"needs more than {ending.cpu_limit:g} s of computing; {_SMALLER}")


def _too_large_output() -> Rejected:
    return Rejected("too-costly", f"needs larger working files than an item may write; {_SMALLER}")


def printable(untrusted_text: str) -> str:
    """Make text safe to show: one line, capped, nothing that steers a terminal or turns the reading direction."""
    capped = untrusted_text[:_MAX_MESSAGE]
    return "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in capped).strip()
