"""Telephone numbers in the one form that dials everywhere: E.164."""

from __future__ import annotations

import re
from dataclasses import replace

from mmsprep.contact import Phone

# Not a number of the public network, and right as it is: short codes, service codes with * and #.
_SHORT = re.compile(r"[\d*#]{2,6}|[*#][\d*#]+")


def international(phone: Phone, region: str | None) -> tuple[Phone, str | None]:
    """Write *phone* as E.164, as dialled in *region* where it names no country; or say why it stays as written."""
    import phonenumbers

    if _SHORT.fullmatch(phone.number):
        return phone, None
    has_country = phone.number.lstrip().startswith("+")
    if not has_country and region is None:
        return phone, "no country code"
    try:
        parsed = phonenumbers.parse(phone.number, region)
    except phonenumbers.NumberParseException:
        return phone, "no telephone number"
    # Not is_possible_number, which is content with seven digits that only dial within one town.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return phone, "no complete telephone number"
    # A Swede's 070-123 45 67 has as many digits as an American number and is none.
    if not has_country and not phonenumbers.is_valid_number(parsed):
        return phone, f"no number in {region}"
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    letters = re.search(r"[A-Za-z]", phone.number) is not None
    # 1-800-FLOWERS: handsets dial the digits, people remember the letters.
    label = phone.number if letters and not phone.label else phone.label
    return replace(phone, number=number, label=label, extension=phone.extension or parsed.extension or ""), None


def is_region(region: str) -> bool:
    """Tell whether *region* is a country that numbers are known of, such as ``US``."""
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS
