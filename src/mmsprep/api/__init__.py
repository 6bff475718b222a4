"""Send a message by PantheonCloud SMS & MMS, and ask what became of it.

from mmsprep.api import Client

with Client() as client:
    sent = client.send_mms(message, to="+12025550143", from_="+12025550100")
    client.wait_until_delivered(sent.message_id)
"""

from mmsprep.api.answers import Sent
from mmsprep.api.client import Client
from mmsprep.api.errors import (
    InsufficientFunds,
    InvalidNumber,
    MaybeSent,
    MediaTooLarge,
    MediaUnsupported,
    RecipientOptedOut,
    Refused,
    SenderNotRegistered,
    SpamDetected,
    TextTooLong,
    Undelivered,
    UnknownMessage,
)

__all__ = [
    "Client",
    "InsufficientFunds",
    "InvalidNumber",
    "MaybeSent",
    "MediaTooLarge",
    "MediaUnsupported",
    "RecipientOptedOut",
    "Refused",
    "SenderNotRegistered",
    "Sent",
    "SpamDetected",
    "TextTooLong",
    "Undelivered",
    "UnknownMessage",
]
