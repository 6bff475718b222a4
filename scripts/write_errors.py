"""Write the tables of docs/errors.md from the reasons in mmsprep.errors; run it after a reason was added.

A reason without a remedy here, or a remedy for a reason that is gone, is an error: the page cannot drift.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmsprep.errors import REJECTED_CODES, UNAVAILABLE_REASONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
BEGIN, END = "<!-- the tables, by scripts/write_errors.py -->", "<!-- their end -->"

REJECTED = {
    "cannot-fit": ("no size below the limit is worth looking at", "trim it, send fewer pages or files, or a link"),
    "too-many-bytes": ("the file is larger than what is opened at all", "send a smaller version (`limits`)"),
    "too-many-pixels": ("more pixels, frames or frames × area than are decoded", "send a smaller version (`limits`)"),
    "too-long": ("a film or recording of hours", "trim it (`trim`, `limits`)"),
    "too-many-pages": ("a document of more pages than are read", "send a part of it (`limits`)"),
    "too-many-files": ("more files, or people in a card, than go into one message", "send them in several"),
    "too-costly": ("it took the memory or the time that its kind may take", "save it again with another program"),
    "unknown-type": (
        "content that no stage takes, whatever its name says",
        "the message names what to send it as",
    ),
    "not-accepted": (
        "the profile takes no such type, and nothing turns it into one; or an option cannot be meant as it is written",
        "choose another profile, or correct the option",
    ),
    "damaged": ("no reader can open it, or nothing is in it", "save or export it again"),
    "encrypted": ("it opens with a password only", "save it without the password"),
    "unreadable": (
        "it is no regular file, or nothing may be read there; or a place is not written as one",
        "check the path and its permissions, or the spelling",
    ),
    "forbidden": ("active content that cannot be taken out", "print it to PDF"),
    "ambiguous": ("it is two formats in one file", "save it again as one of them"),
    "phone-number": ("it is no number that can be dialled", "E.164, such as +12025550143"),
    "text-too-long": ("more characters than a message holds", "shorten the text, or its links"),
    "no-funds": ("the account with the API is empty", "top up"),
    "opted-out": ("the receiver has said STOP", "remove the number"),
    "spam": ("the API takes the content for spam", "review the content"),
    "unregistered-sender": ("the sender is not registered for that country", "register the sender"),
    "refused": ("the API refuses the request for another reason", "its words are in the message"),
    "undelivered": ("it was sent and given up", "its words are in the message"),
    "maybe-sent": ("the API did not say whether it took the message", "look before sending it again"),
}

UNAVAILABLE = {
    "store": (
        "the folder or bucket does not keep or give the file",
        "the message says who must act: [storage](storage.md)",
    ),
    "tool": ("a program or the machine failed: no memory, no time, no disk", "try again; `mmsprep doctor`"),
    "tiles": (
        "a tile server is silent, and no embedded map stands in",
        "try again, or name another server",
    ),
    "queue": ("the broker cannot be reached", "try again; check its address"),
    "api": ("the API cannot be reached, or is busy, and nothing was sent", "try again"),
}


def tables() -> Iterator[str]:
    """Write the reasons of both, with who says so in the code's column."""
    _agree("Rejected", set(REJECTED), set(REJECTED_CODES))
    _agree("Unavailable", set(UNAVAILABLE), set(UNAVAILABLE_REASONS))
    yield "## Rejected: never try again\n\n| code | reason | what it means | what to do |\n|---|---|---|---|"
    for reason, code in REJECTED_CODES.items():
        fact, remedy = REJECTED[reason]
        yield f"| `{code}` | `{reason}` | {fact} | {remedy} |"
    yield "\n## Unavailable: try again\n\n| reason | what it means | what to do |\n|---|---|---|"
    for reason, (fact, remedy) in UNAVAILABLE.items():
        yield f"| `{reason}` | {fact} | {remedy} |"


def _agree(kind: str, said: set[str], known: set[str]) -> None:
    if said != known:
        raise SystemExit(f"{kind}: these reasons differ between errors.py and this script: {', '.join(said ^ known)}")


def written(page: str) -> str:
    """Give the page with its tables as they should be."""
    parts = f"{BEGIN}\n\n" + "\n".join(tables()) + f"\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: parts, page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
