"""The properties that phones and programs write: which are read, as what, and which say nothing to anybody."""

from __future__ import annotations

BOOKKEEPING = frozenset(
    """VERSION PRODID UID REV SORT-STRING SOURCE NAME PROFILE MAILER CLASS CLIENTPIDMAP XML KIND
    X-ADDRESSBOOKSERVER-KIND
    X-ABUID X-ABLABEL X-ABSHOWAS X-EVOLUTION-FILE-AS X-COUCHDB-APPLICATION-ANNOTATIONS X-ETAG X-ID X-CLASS X-NO
    X-MS-OL-DEFAULT-POSTAL-ADDRESS X-MS-OL-DESIGN X-MS-CARDPICTURE X-FC-TAGS X-FC-LIST-ID X-REDUCTION
    X-FILE-AS X-MOZILLA-HTML
    X-IRMC-LUID X-ACCOUNT X-WP-INTERNAL X-GOOGLE-ETAG X-IMAGEHASH X-IMAGETYPE X-SHARED-PHOTO-DISPLAY-PREF""".split()
)
"""What programs write for themselves and no person put there: it goes without a word, like a photo's EXIF."""

SYSTEM_GROUPS = frozenset({"my contacts", "mycontacts", "starred", "starred in android"})
"""What Google and Android file everybody under."""

CHAT_SERVICES = {
    "X-AIM": "AIM",
    "X-ICQ": "ICQ",
    "X-MSN": "MSN",
    "X-YAHOO": "Yahoo",
    "X-JABBER": "Jabber",
    "X-SKYPE": "Skype",
    "X-SKYPE-USERNAME": "Skype",
    "X-GTALK": "Google Talk",
    "X-GOOGLE-TALK": "Google Talk",
    "X-GOOGLE TALK": "Google Talk",
    "X-QQ": "QQ",
    "X-GADUGADU": "Gadu-Gadu",
    "X-GROUPWISE": "GroupWise",
    "X-TWITTER": "Twitter",
    "X-TELEGRAM": "Telegram",
    "X-WHATSAPP": "WhatsApp",
    "X-MS-IMADDRESS": "IM",
}
CHAT_SCHEMES = {"xmpp": "Jabber", "aim": "AIM", "ymsgr": "Yahoo", "msnim": "MSN", "icq": "ICQ", "sip": "SIP"}

READ = frozenset(
    """FN N NICKNAME X-NICKNAME ORG TITLE ROLE TEL EMAIL ADR LABEL X-ABADR URL X-SOCIALPROFILE IMPP NOTE BDAY
    ANNIVERSARY X-ANNIVERSARY X-MS-ANNIVERSARY X-EVOLUTION-ANNIVERSARY X-ABDATE GEO PHOTO
    X-PHONETIC-FIRST-NAME X-PHONETIC-LAST-NAME X-MS-TEL X-EVOLUTION-BLOG-URL X-EVOLUTION-VIDEO-URL""".split()
).union(CHAT_SERVICES)

ANDROID_CUSTOM = {"nickname": "NICKNAME", "contact_event": "X-ANNIVERSARY", "relation": "X-RELATION"}
ANNIVERSARIES = ("ANNIVERSARY", "X-ANNIVERSARY", "X-MS-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-ABDATE")
