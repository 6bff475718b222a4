"""Real cards of phones and programs: everything in them that a person wrote gets out, or is named."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from pathlib import Path

import icalendar
import pytest
import vobject

from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.vcard import STAGE

SHOWN = {"FN", "N", "TEL", "ADR", "LABEL", "NOTE", "URL", "EMAIL", "ORG", "TITLE"}
PROFILE = Profile(name="test", types=frozenset({"text/x-vcard"}))

pytestmark = pytest.mark.corpus


def prepared(path: Path, workdir: Path, version: str) -> tuple[list[bytes], str]:
    """Give the cards made of one file, and all warnings about them."""
    media = Media(path, "source", detect(path, Limits()))
    profile = Profile(name="test", types=PROFILE.types, vcard=version)
    if not STAGE.accepts(media, profile):
        raise Rejected("unknown-type", f"is {media.facts.type}")
    job = Job(profile=profile, workdir=workdir, options={"region": "US"})
    outputs = STAGE.run(media, job)
    for output in outputs:
        facts = detect(output, Limits())
        assert facts.metadata == ()
        assert profile.admits(facts)
    return [output.read_bytes() for output in outputs], " ".join(job.warnings)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def written_in(data: bytes) -> Iterator[tuple[str, str]]:
    """Read the shown values of a .vcf the plainest way, which shares nothing with the reader that is tested."""
    text = re.sub(rb"=\r?\n(?=[^\r\n])", b"", data)
    text = re.sub(rb"\r?\n[ \t]", b"", text)
    for line in re.split(rb"\r?\n", text):
        head, _, value = line.partition(b":")
        name = head.split(b";")[0].split(b".")[-1].decode().upper()
        if name not in SHOWN:
            continue
        if b"QUOTED-PRINTABLE" in head.upper():
            value = quopri.decodestring(value)
        yield name, re.sub(r"\\n|\^n", " ", value.decode("utf-8", "ignore"))


def cards(corpus: Path) -> list[Path]:
    return [*sorted((corpus / "vcard").glob("*.vcf")), *sorted((corpus / "hostile" / "vcard").glob("*.vcf"))]


@pytest.mark.parametrize("version", ["3.0", "2.1"])
def test_every_word_of_every_real_card_gets_out_or_is_named(corpus: Path, tmp_path: Path, version: str) -> None:
    rejected = []
    for number, path in enumerate(cards(corpus)):
        workdir = tmp_path / str(number)
        workdir.mkdir()
        try:
            outputs, warnings = prepared(path, workdir, version)
        except Rejected as problem:
            rejected.append((path, problem))
            continue
        said = words_of(warnings)
        for output in outputs:
            for _, value in written_in(output):
                said |= words_of(value)
        digits = re.sub(r"\D", "", " ".join(value for output in outputs for name, value in written_in(output)))
        for name, value in written_in(path.read_bytes()):
            if name == "TEL":
                assert re.sub(r"\D", "", value) in digits + re.sub(r"\D", "", warnings), (path, value)
            else:
                assert words_of(value) <= said, (path, name, words_of(value) - said)
    for path, problem in rejected:
        # Those have no name, number, address, note or link at all.
        assert not any(words_of(value) for _, value in written_in(path.read_bytes())), (path, problem)


def test_two_other_readers_open_every_card_that_was_made(corpus: Path, tmp_path: Path) -> None:
    opened = 0
    for number, path in enumerate(cards(corpus)):
        workdir = tmp_path / str(number)
        workdir.mkdir()
        try:
            outputs, _ = prepared(path, workdir, "3.0")
        except Rejected:
            continue
        for output in outputs:
            first = vobject.readOne(output.decode(), validate=True)
            second = icalendar.Component.from_ical(output)
            assert not second.errors
            names = [name.rpartition(".")[2] for name, _ in second.property_items(recursive=False)]
            assert names.count("TEL") == len(first.contents.get("tel", ()))
            assert str(first.fn.value).strip()
            opened += 1
    assert opened > 40


def test_every_hostile_card_is_cleaned_or_rejected(corpus: Path, tmp_path: Path) -> None:
    ends = {}
    for number, path in enumerate(sorted((corpus / "hostile" / "self").glob("vcf_*.vcf"))):
        workdir = tmp_path / str(number)
        workdir.mkdir()
        try:
            (output,), _ = prepared(path, workdir, "3.0")
        except Rejected as problem:
            ends[path.stem] = problem.reason
            continue
        ends[path.stem] = "ready"
        assert output.count(b"BEGIN:VCARD") == 1
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|127\.0\.0\.1|file:|javascript:|secret", output)
    assert ends == {
        "vcf_crlf_injection": "ready",
        "vcf_geo_private": "ready",
        "vcf_html_named": "unknown-type",
        "vcf_no_end": "damaged",
        "vcf_nul_ctrl": "ready",
        "vcf_photo_bomb_png": "ready",
        "vcf_quote_redos": "damaged",
        "vcf_uri_photo": "ready",
    }
