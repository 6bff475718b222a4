"""Bytes of a card as text: the encodings in which phones and programs of thirty years have saved one."""

from __future__ import annotations

import binascii
import re


def as_bytes_text(data: bytes) -> str:
    """Spell the file's bytes as Latin-1; UTF-16, which some exports are in, becomes UTF-8 first."""
    start = data[:4]
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "replace").encode()
    elif start[:1] == b"\0" or start[1:2] == b"\0":
        data = data.decode("utf-16-be" if start[:1] == b"\0" else "utf-16-le", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").decode("latin-1")


def from_base64(value: str) -> bytes:
    """Decode what there is of base64, without what does not belong to it."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", value)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


# Character sets of the phones and programs of the last thirty years; Python also knows codecs that are none.
_CHARSETS = re.compile(
    r"us-ascii|iso-?8859-?\d+|latin-?1|windows-?125\d|cp125\d|cp(?:437|850|852|866|874|932|936|949|950)|koi8-[ru]|"
    r"shift[-_]?jis|sjis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|gb2312|gbk|gb18030|big5|macintosh|tis-620|utf-16(?:[lb]e)?",
    re.IGNORECASE,
)


def decoded(value: str, charset: str = "") -> str:
    """Decode bytes spelt as Latin-1: in their own character set, but what is valid UTF-8 is hardly anything else."""
    if value.isascii() and "\x1b" not in value:
        return value
    data = value.encode("latin-1")
    declared = charset.strip() if _CHARSETS.fullmatch(charset.strip()) else ""
    # ISO-2022 is plain ASCII with escapes, and would pass for UTF-8.
    for codec in (declared, "utf-8") if "\x1b" in value else ("utf-8", declared):
        try:
            return data.decode(codec or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    torn = data.decode("utf-8", "replace")
    if 2 * torn.count("\ufffd") <= sum(not each.isascii() for each in torn):
        # UTF-8 that was cut in the middle of a character, as Android does.
        return torn
    return data.decode("cp1252", "replace")


def is_guess(value: str, charset: str) -> bool:
    """Tell whether `decoded` can only guess the letters: neither UTF-8, nor in a character set that is named."""
    if value.isascii() or _CHARSETS.fullmatch(charset.strip()):
        return False
    try:
        value.encode("latin-1").decode()
        return False
    except UnicodeDecodeError:
        return True


# Samsung's kinds of one's own: TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=4D=61=6D=61):
_CUSTOM_TYPE = re.compile(r"([^:]{0,200});X-CUSTOM\((?:[A-Z]+=[\w-]+,){0,3}([^():]{0,400})\)", re.IGNORECASE)
_NO_QUOTE = str.maketrans("", "", '"\r\n')


def plain_type(line: str) -> str:
    """Spell a kind of one's own, which is encoded within its parameter, as an ordinary type."""
    found = _CUSTOM_TYPE.match(line)
    if not found:
        return line
    kind = binascii.a2b_qp(found[2].encode("latin-1")).decode("latin-1")
    return f'{found[1]};TYPE="{kind.translate(_NO_QUOTE)}"{line[found.end() :]}'
