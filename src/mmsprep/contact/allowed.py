"""What a card that leaves may hold: the properties, parameters and values that handsets show, and no others."""

from __future__ import annotations

from mmsprep.contact.text import KINDS

TYPED = frozenset({"TYPE"})
NONE = frozenset[str]()

PARAMETERS = {
    "VERSION": NONE,
    "N": NONE,
    "FN": NONE,
    "NICKNAME": NONE,
    "X-PHONETIC-FIRST-NAME": NONE,
    "X-PHONETIC-LAST-NAME": NONE,
    "ORG": NONE,
    "TITLE": NONE,
    "ROLE": NONE,
    "TEL": TYPED,
    "EMAIL": TYPED,
    "ADR": TYPED,
    "URL": TYPED,
    "IMPP": frozenset({"X-SERVICE-TYPE"}),
    "NOTE": NONE,
    "BDAY": frozenset({"X-APPLE-OMIT-YEAR"}),
    "X-ABDATE": frozenset({"X-APPLE-OMIT-YEAR"}),
    "GEO": NONE,
    "PHOTO": frozenset({"ENCODING", "TYPE"}),
    "X-ABLABEL": NONE,
}
"""Each property that may leave, and its parameters."""

SPELT = {"X-ABLABEL": "X-ABLabel"}
"""As Apple writes it; the standard does not care, but other readers may."""

PARAMETERS_OF_21 = frozenset({"CHARSET", "ENCODING"})
"""How vCard 2.1 says that a text is not ASCII."""

SERVICES = {
    "AIM": "aim",
    "Facebook": "xmpp",
    "GaduGadu": "x-apple",
    "GoogleTalk": "xmpp",
    "GTalk": "xmpp",
    "ICQ": "icq",
    "Jabber": "xmpp",
    "MSN": "msnim",
    "QQ": "x-apple",
    "Skype": "skype",
    "Yahoo": "ymsgr",
}
"""The values of X-SERVICE-TYPE, and the URI scheme of each."""

VALUES = {
    "TYPE": frozenset({*(kind.upper() for kind in KINDS), "INTERNET", "JPEG"}),
    "X-APPLE-OMIT-YEAR": frozenset({"1604"}),
    "ENCODING": frozenset({"B", "BASE64", "QUOTED-PRINTABLE"}),
    "CHARSET": frozenset({"UTF-8"}),
    "X-SERVICE-TYPE": frozenset(service.upper() for service in SERVICES),
}
"""The values that each parameter may have, in upper case: nothing of the sender's stands in a parameter."""

VERSIONS = frozenset({"2.1", "3.0"})
LINE_BYTES = 75
"""The longest line without its end (RFC 2426, 2.6)."""
