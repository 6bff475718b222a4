"""What can go wrong, told by who must act.

    PrepError
    ├── Rejected      the sender's file or request: never retried
    └── Unavailable   our tool, network or store: worth another try

Every error names the file, the fact and the remedy in ``message``; ``reason`` is a word that a program
can act on, and ``code`` is the provider's code for it.
"""

from __future__ import annotations

from typing import Self

REJECTED_CODES = {
    "cannot-fit": "MMS_001",
    "too-many-bytes": "MMS_001",
    "too-many-pixels": "MMS_001",
    "too-long": "MMS_001",
    "too-many-pages": "MMS_001",
    "too-many-files": "MMS_001",
    "too-costly": "MMS_001",
    "unknown-type": "MMS_002",
    "not-accepted": "MMS_002",
    "damaged": "MMS_002",
    "encrypted": "MMS_002",
    "unreadable": "MMS_002",
    "forbidden": "MMS_002",
    "ambiguous": "MMS_002",
    "phone-number": "SMS_001",
    "text-too-long": "SMS_002",
    "no-funds": "SMS_003",
    "opted-out": "SMS_004",
    "spam": "SMS_005",
    "unregistered-sender": "SMS_006",
    "refused": "api",
    "undelivered": "api",
    "maybe-sent": "api",
}
"""Each reason of `Rejected` and the provider's error code for it (PantheonCloud SMS & MMS, error table).

What its table does not name is ``api``."""

UNAVAILABLE_REASONS = frozenset({"store", "tool", "tiles", "queue", "api"})


class PrepError(Exception):
    """Say why one source was not prepared."""

    status = ""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.message}"

    @property
    def code(self) -> str:
        raise NotImplementedError

    def about(self, name: str) -> Self:
        """Return the same error with *name* in front of its message: the isolation does not know the file's name."""
        return type(self)(self.reason, f"{name}: {self.message}")


class Rejected(PrepError):
    """The sender's file or request cannot be delivered as it is; trying again gives the same answer."""

    status = "rejected"

    def __init__(self, reason: str, message: str) -> None:
        if reason not in REJECTED_CODES:
            raise ValueError(f"unknown reason {reason!r}; one of {', '.join(REJECTED_CODES)}")
        super().__init__(reason, message)

    @property
    def code(self) -> str:
        return REJECTED_CODES[self.reason]


class Unavailable(PrepError):
    """Something of ours did not answer or broke; the same source may succeed later."""

    status = "unavailable"

    def __init__(self, reason: str, message: str) -> None:
        if reason not in UNAVAILABLE_REASONS:
            raise ValueError(f"unknown reason {reason!r}; one of {', '.join(sorted(UNAVAILABLE_REASONS))}")
        super().__init__(reason, message)

    @property
    def code(self) -> str:
        return "unavailable"


class Misconfigured(Exception):
    """The caller's own settings are wrong, such as an unknown profile or a broken plug-in: no file is at fault."""
