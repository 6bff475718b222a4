"""Telephone numbers as a request carries them: E.164, checked by the numbering plans."""

from __future__ import annotations

import re

from mmsprep.errors import Rejected

# The longest that ITU-T E.164 (6.1) allows is 15 digits; what is longer than this is no number in any spelling.
MOST_CHARS = 40

SHORT_CODE = re.compile(r"[0-9]{3,8}")


def e164(untrusted_number: str, *, what: str = "to") -> str:
    """Give an international number, however it is punctuated, as ``+12025550143``.

    Only its form is judged (country code, number of digits), as libphonenumber advises for messages: which
    ranges are in use changes faster than any table. Raises Rejected ``phone-number``, naming it as *what*.
    """
    import phonenumbers

    shown = untrusted_number if isinstance(untrusted_number, str) else type(untrusted_number).__name__
    if not isinstance(untrusted_number, str) or len(untrusted_number) > MOST_CHARS:
        raise _rejected(what, shown, "is no telephone number")
    try:
        parsed = phonenumbers.parse(untrusted_number.strip())
    except phonenumbers.NumberParseException as error:
        missing_plus = error.error_type == error.INVALID_COUNTRY_CODE and not untrusted_number.strip().startswith("+")
        raise _rejected(what, shown, "has no country code" if missing_plus else "is no telephone number") from None
    if parsed.extension:
        raise _rejected(what, shown, "has an extension, which no message reaches")
    if not phonenumbers.is_possible_number(parsed):
        raise _rejected(what, shown, f"has too few or too many digits for country code +{parsed.country_code}")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def sender(untrusted_number: str, *, what: str = "from") -> str:
    """Give what a message may come from: an E.164 number, or a short code as it is."""
    if isinstance(untrusted_number, str) and SHORT_CODE.fullmatch(untrusted_number):
        return untrusted_number
    return e164(untrusted_number, what=what)


def _rejected(what: str, shown: str, fault: str) -> Rejected:
    visible = "".join(each if each.isprintable() else "?" for each in shown[:MOST_CHARS])
    return Rejected("phone-number", f"{what}: {visible!r} {fault}; write it as E.164, such as +12025550143")
