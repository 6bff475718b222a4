"""What the API can say against a request: each code of its table is an exception that tells the remedy.

    Rejected
    └── Refused                 never try again as it is
        ├── InvalidNumber       SMS_001
        ├── TextTooLong         SMS_002
        ├── InsufficientFunds   SMS_003
        ├── RecipientOptedOut   SMS_004
        ├── SpamDetected        SMS_005
        ├── SenderNotRegistered SMS_006
        ├── MediaTooLarge       MMS_001
        ├── MediaUnsupported    MMS_002
        ├── UnknownMessage      no message has this id
        ├── Undelivered         it was sent, and will not arrive
        └── MaybeSent           nobody knows: look before sending again

A key that is not accepted is `mmsprep.errors.Misconfigured`; an API that cannot be reached is `Unavailable`.
"""

from __future__ import annotations

from mmsprep.errors import Rejected


class Refused(Rejected):
    """The API refuses this request, and would again."""


class InvalidNumber(Refused):
    """One of the numbers is not in the form that the API takes (SMS_001)."""


class TextTooLong(Refused):
    """The text is too long (SMS_002)."""


class InsufficientFunds(Refused):
    """The account cannot pay for it (SMS_003)."""


class RecipientOptedOut(Refused):
    """The recipient has opted out, and the law forbids further messages (SMS_004)."""


class SpamDetected(Refused):
    """The content looks like spam (SMS_005)."""


class SenderNotRegistered(Refused):
    """The sender is not registered for the target country (SMS_006)."""


class MediaTooLarge(Refused):
    """A media file is too large (MMS_001)."""


class MediaUnsupported(Refused):
    """A media file has a type that is not taken (MMS_002)."""


class UnknownMessage(Refused):
    """This account has no message with this id."""


class Undelivered(Refused):
    """The message was sent and the network gave it up."""


class MaybeSent(Refused):
    """The connection ended, or the answer made no sense, after the request had gone out.

    It is no `Unavailable`, which is tried again: the recipient could get the message twice.
    """


# PantheonCloud SMS & MMS, error table: the exception, our word for it, and the remedy.
BY_CODE: dict[str, tuple[type[Refused], str, str]] = {
    "SMS_001": (InvalidNumber, "phone-number", "write both numbers as E.164, such as +12025550143"),
    "SMS_002": (TextTooLong, "text-too-long", "shorten the text, or shorten its links"),
    "SMS_003": (InsufficientFunds, "no-funds", "top up the account"),
    "SMS_004": (RecipientOptedOut, "opted-out", "remove the number from your list"),
    "SMS_005": (SpamDetected, "spam", "review the content"),
    "SMS_006": (SenderNotRegistered, "unregistered-sender", "register the sender for the target country"),
    "MMS_001": (MediaTooLarge, "too-many-bytes", "prepare the media for less than 1.5 MB"),
    "MMS_002": (MediaUnsupported, "not-accepted", "prepare the media as JPG, PNG, GIF, MP4 or PDF"),
}
