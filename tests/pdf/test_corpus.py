"""Other people's documents: what two readers accept leaves, whole, clean and no larger than it came."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest

from mmsprep.errors import Rejected
from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import draw, verify

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|Filespec|XFA|AA|OpenAction|RichMedia\w*|SubmitForm|ImportData|GoToR|GoToE"
    rb"|Movie|Sound|Rendition|ResetForm|AcroForm|Widget|FileAttachment|Metadata|PieceInfo)(?![A-Za-z0-9])"
)
SHARES = 6


def unpacked(stream: pikepdf.Stream) -> bytes:
    try:
        return stream.read_bytes()
    except (pikepdf.PdfError, UnicodeDecodeError):  # an error's text may quote the stream
        return stream.read_raw_bytes()


def structures(path: Path) -> bytes:
    """Give every object's text, streams unpacked where they are text: fonts and pictures hold any bytes by chance."""
    parts = []
    with pikepdf.open(path) as pdf:
        for each in pdf.objects:
            if isinstance(each, pikepdf.Stream):
                parts.append(each.stream_dict.unparse())
                if each.get("/Subtype") == "/Form" or each.get("/Type") == "/ObjStm":
                    parts.append(unpacked(each))
            elif isinstance(each, pikepdf.Dictionary | pikepdf.Array):
                parts.append(each.unparse(resolved=True))
        for page in pdf.pages:
            contents = page.obj.get("/Contents", pikepdf.Array())
            parts += [unpacked(each) for each in (contents if isinstance(contents, pikepdf.Array) else [contents])]
    return b"\n".join(parts)


def readers_accept(path: Path) -> bool:
    import pypdf

    try:
        reader = pypdf.PdfReader(path)
        with draw.opened(path) as document:
            return len(reader.pages) == len(document) > 0
    except Exception:
        return False


@pytest.mark.parametrize("share", range(SHARES))
def test_every_sound_document_leaves_whole_and_clean(share, corpus, send, make):
    passed = 0
    for source in sorted((corpus / "pdf").glob("*.pdf"))[share::SHARES]:
        try:
            (out,), warnings = send(source, STAGE)
        except Rejected as error:
            assert error.reason in ("forbidden", "too-many-pages", "too-costly") or not readers_accept(source), source
            continue
        passed += 1
        flattened = any("form" in each for each in warnings)
        size = source.stat().st_size
        assert out.stat().st_size <= (size * 1.02 + 4096 if flattened else size), source
        assert ACTIVE.findall(structures(out)) == [], source
        assert make.facts(out).metadata == ()
        found = verify.compare(source, out, range(3))
        assert found.pages[0] == found.pages[1], source
        assert found.text >= 0.97, source
        assert found.different is None, source
    assert passed > 10


@pytest.mark.parametrize("folder", ["pdf", "self"])
def test_hostile_documents_leave_clean_or_not_at_all(folder, corpus, send):
    for source in sorted((corpus / "hostile" / folder).glob("*.pdf")):
        try:
            (out,), _ = send(source, STAGE)
        except Rejected:
            continue
        assert ACTIVE.findall(structures(out)) == [], source
