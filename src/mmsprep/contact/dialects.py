"""What single phones and programs call by a name of their own, as the property that all others have for it."""

from __future__ import annotations

import re
from dataclasses import replace

from mmsprep.contact.lines import Property, escaped
from mmsprep.contact.properties import CHAT_SERVICES

ANDROID_CUSTOM = {"nickname": "NICKNAME", "contact_event": "X-ANNIVERSARY", "relation": "X-RELATION"}
NAMES = {
    "X-KADDRESSBOOK-X-ANNIVERSARY": "X-ANNIVERSARY",
    "X-KADDRESSBOOK-X-IMADDRESS": "X-MS-IMADDRESS",
    "X-KADDRESSBOOK-X-PROFESSION": "ROLE",
    "X-KADDRESSBOOK-BLOGFEED": "X-EVOLUTION-BLOG-URL",
    "X-MESSAGING/XMPP-ALL": "X-JABBER",
    # RFC 9554, 3.5.
    "SOCIALPROFILE": "X-SOCIALPROFILE",
}
_MESSAGING = re.compile(r"X-MESSAGING/(\w+)-ALL")


def ordinary(each: Property) -> Property:
    """Give a property under its usual name."""
    if each.name == "X-ANDROID-CUSTOM":
        return _from_android(each)
    if (found := _MESSAGING.fullmatch(each.name)) and f"X-{found[1]}" in CHAT_SERVICES:
        return replace(each, name=f"X-{found[1]}")
    return replace(each, name=NAMES[each.name]) if each.name in NAMES else each


def _from_android(each: Property) -> Property:
    """Read Android's own ``vnd.android.cursor.item/nickname;Joe;1;;;``: the kind of thing, the value, its type."""
    kind, value, number, *_ = [*each.parts, "", "", ""]
    name = ANDROID_CUSTOM.get(kind.rpartition("/")[2], each.name)
    # Of events type 1 is the anniversary (ContactsContract.CommonDataKinds.Event).
    if name == each.name or (name == "X-ANNIVERSARY" and number != "1"):
        return each
    return replace(each, name=name, value=escaped(value))
