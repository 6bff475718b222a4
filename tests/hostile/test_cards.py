"""Cards that were made to hurt: mutations of valid ones, bombs, and what takes a careless parser hours."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmsprep.contact import Contact
from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.vcard import STAGE

PROFILE = Profile(name="test", types=frozenset({"text/x-vcard"}))
CPU_SECONDS = 3.0
"""Three times the gate, for a processor that others use too: what grows with the square of its input takes minutes."""

VALID = [
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;John;Q\\,P;;\r\nFN:John Doe\r\nitem1.TEL;type=WORK,FAX:+12125550100,12\r\n"
    b"item1.X-ABLabel:_$!<Work>!$_\r\nADR;TYPE=HOME:;;1 Main\\nSt;Bonn;;53111;DE\r\nGEO:50.1;7.2\r\n"
    b"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ\r\n AAAQABAAD/2wBD\r\nNOTE:one\\, two\\; three\r\nEND:VCARD\r\n",
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=\r\n=C3=B6rg\r\n"
    b"TEL;CELL;PREF:030 1234567\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Aide\r\nEND:VCARD\r\nPHOTO;JPEG;ENCODING=BASE64:\r\n"
    b" /9j/4AAQSkZJRgABAQAAAQABAAD\r\n\r\nEND:VCARD\r\n",
    b'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nTEL;VALUE=uri;PREF=1;TYPE="work,cell":tel:+1-212-555-0100;ext=1\r\n'
    b"GEO:geo:50.1,7.2;u=1\r\nIMPP:xmpp:a@example.com\r\nBDAY:--0412\r\nURL:https://example.com/?ll=1,2\r\nEND:VCARD\r\n",
]
CONTROLS = [
    b"\r\n",
    b"\n ",
    b"\r",
    b"\0",
    b":",
    b";",
    b",",
    b'"',
    b"\\",
    b"=",
    b" ",
    b"@",
    b"=0D=0A",
    b"^n",
    b"\x1b[2J",
]
LETTERS = [b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"9" * 400, b"tel:", b"item1.", b"QUOTED-PRINTABLE"]
LINES = [b"BEGIN:VCARD\r\n", b"END:VCARD\r\n", b"X-A;B=C:D\r\n", b";ENCODING=b", b";CHARSET=utf-7", b";CHARSET=rot13"]
PIECES = st.sampled_from([*CONTROLS, *LETTERS, *LINES, b"data:image/png;base64,"])


def run(data: bytes, tmp_path: Path) -> list[bytes]:
    """Send *data* through detection and the stage, and check what comes out as the pipeline does."""
    source, workdir = tmp_path / "source", tmp_path / "work"
    source.write_bytes(data)
    workdir.mkdir(exist_ok=True)
    media = Media(source, "source", detect(source, Limits()))
    if not STAGE.accepts(media, PROFILE):
        raise Rejected("unknown-type", media.facts.type)
    job = Job(profile=PROFILE, workdir=workdir, options={"region": "US"})
    outputs = STAGE.run(media, job)
    cards = []
    for path in outputs:
        facts = detect(path, Limits())
        assert facts.metadata == ()
        assert PROFILE.admits(facts)
        cards.append(path.read_bytes())
        path.unlink()
    assert not any(workdir.iterdir())
    return cards


@settings(max_examples=150, phases=(Phase.explicit, Phase.generate))
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.one_of(PIECES, st.binary(max_size=12))), max_size=6),
)
@example(VALID[0], [(0.5, 0, b";X-SERVICE-TYPE=\x01\r\nTEL:+1")])
def test_a_mutated_card_is_clean_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, card: bytes, cuts: list[tuple[float, int, bytes]]
) -> None:
    for where, length, piece in cuts:
        at = int(where * len(card))
        card = card[:at] + piece + card[at + length :]
    try:
        outputs = run(card, tmp_path_factory.mktemp("card"))
    except Rejected as problem:
        # Whatever was read can be written: only what is read may be refused.
        assert "read again" not in problem.message
        return
    for output in outputs:
        assert sum(line.strip().upper() == b"END:VCARD" for line in output.split(b"\r\n")) == 1
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", output)
        output.decode()


def card_of(line: bytes) -> bytes:
    return b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\n" + line + b"\r\nEND:VCARD\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"\r" * 250_000,
        b"\r\n \r\n" * 60_000,
        b"NOTE:" + b" " * 250_000 + b"x",
        b"NOTE:" + b"\t\n" * 100_000 + b"x",
        b"NOTE:" + b"\\" * 250_000,
        b"NOTE:" + b"\\n" * 120_000,
        b"N:" + b";" * 250_000,
        b"N:" + b"a," * 120_000,
        b"TEL:" + b"," * 250_000,
        b"TEL:" + b"1,;" * 80_000,
        b"TEL:" + b"9" * 250_000,
        b"TEL:+1" + b"(" * 200_000,
        b"URL:" + b"a+" * 120_000 + b":",
        b"GEO:" + b"1" * 250_000,
        b"BDAY:" + b"1" * 250_000,
        b"FN;ENCODING=QUOTED-PRINTABLE:" + b"=\r\n" * 80_000,
        b"FN;ENCODING=QUOTED-PRINTABLE:" + b"=41" * 80_000,
        b"PHOTO;ENCODING=b:" + b"A" * 250_000,
        b"PHOTO;ENCODING=b:\r\n" + b"AAAA\r\n" * 40_000,
        b"PHOTO:data:" + b"a" * 250_000,
        b"PHOTO;ENCODING=b:A\r\n" * 900 + b" \r\n" * 60_000,
        b"TEL;X-CUSTOM(" + b"A=b," * 60_000 + b":1",
        b'NOTE;X="' + b"a;" * 120_000,
        b"NOTE" + b';A="b"' * 40_000 + b":x",
        b"NOTE" + b";A=b,c" * 40_000 + b":x",
        b"A." * 120_000,
        b"ADR;LABEL=" + b"^n:" * 80_000,
        b"LABEL:" + b"a1" * 120_000,
        b"item1.X-ABLabel:" + b"_$!<" * 60_000,
        b"item1.X-ABLabel:" + b"ext. 1 " * 35_000 + b"\r\nitem1.TEL:+12125550100",
        b"EMAIL:a@b\r\n" * 1_900,
        b"TEL:+12125550100\r\nX-ABLabel:q\r\n" * 900,
        b"ADR:;;1 Main St;Bonn;;;\r\nLABEL:2 Other\r\n" * 900,
    ],
    ids=lambda line: line[:24].decode("latin-1").replace("\r", "CR").replace("\n", "LF"),
)
def test_no_card_takes_more_than_its_second(line: bytes, tmp_path: Path) -> None:
    run(card_of(b"TITLE:warm\r\nTEL:+12125550100"), tmp_path)
    started = time.process_time()
    with suppress(Rejected):
        run(card_of(line), tmp_path)
    assert time.process_time() - started < CPU_SECONDS


def png(width: int, height: int) -> bytes:
    """Make a PNG of one colour that is far smaller than its pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + rows.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [2_800, 6_000, 20_000])
def test_a_photo_bomb_costs_the_photo_and_nothing_more(side: int, tmp_path: Path) -> None:
    photo = base64.b64encode(png(side, side))
    if len(photo) > 250_000:
        photo = photo[:250_000]
    started = time.process_time()
    (output,) = run(card_of(b"PHOTO;ENCODING=b;TYPE=PNG:" + photo), tmp_path)
    assert time.process_time() - started < CPU_SECONDS
    (contact,) = Contact.from_vcf(output)
    assert contact.name == "Bob"
    assert (contact.photo is not None) == (side < 2_830)


@pytest.mark.parametrize("name", ["a\r\nTEL:+1", 'a";X=1:b', "a\0b", "\x1b[31m", "END:VCARD", "a\u2028BEGIN:VCARD"])
def test_no_name_that_a_program_hands_over_adds_a_line(name: str, tmp_path: Path) -> None:
    contact = Contact.from_dict(
        {
            "name": name,
            "org": name,
            "phones": [{"number": "+12125550100", "label": name, "kind": name}],
            "im": {name: name},
        }
    )
    (output,) = run(contact.to_json(), tmp_path)
    assert len(re.findall(rb"\r\n(?:item\d+\.)?TEL", output)) == 1
    (read,) = Contact.from_vcf(output)
    assert len(read.phones) == 1


@pytest.mark.parametrize(
    "value",
    [
        {"name": "x", "note": "a" * 10_000_000},
        {"name": "x", "phones": ["+12125550100"] * 1_000_000},
        {"name": "x", "phones": {f"k{number}": "1" for number in range(300_000)}},
        {"name": "x", "phones": {f"k{number}": ["+12125550100"] * 200 for number in range(200)}},
        {"name": "x", **{f"k{number}": "1" for number in range(300_000)}},
        {"name": "x", "photo": "A" * 15_000_000},
        ["vcard", [["fn", {}, "text", "x"]] * 300_000],
        ["vcard", [["note", {}, "text", ["a"] * 300_000]]],
    ],
    ids=["note", "phones", "kinds", "lists", "keys", "photo", "properties", "parts"],
)
def test_no_contact_that_is_handed_over_takes_more_than_its_second(value: object, tmp_path: Path) -> None:
    data = json.dumps(value).encode()
    run(b'{"name":"warm"}', tmp_path)
    started = time.process_time()
    with suppress(Rejected):
        run(data, tmp_path)
    assert time.process_time() - started < CPU_SECONDS


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", ["GIF", "PNG", "BMP", "TIFF", "WEBP", "JPEG"])
def test_a_photo_of_any_type_that_breaks_off_costs_no_more_than_the_photo(
    kind: str, share: float, tmp_path: Path
) -> None:
    buffer = BytesIO()
    Image.effect_noise((500, 400), 60).convert("RGB").save(buffer, kind)
    torn = buffer.getvalue()[: round(len(buffer.getvalue()) * share)]
    (output,) = run(Contact(name="Joe", photo=torn).to_json(), tmp_path)
    assert b"FN:Joe" in output
