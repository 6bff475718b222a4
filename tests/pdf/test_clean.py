"""What leaves is the pages and their ordinary links, whatever else the document carried and wherever it hid it."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from mmsprep.errors import Rejected
from mmsprep.stages.pdf import STAGE
from mmsprep.tools.pdf import embedded

ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|Filespec|XFA|AA|OpenAction|RichMedia\w*|SubmitForm|ImportData|GoToR|GoToE"
    rb"|Movie|Sound|Rendition|ResetForm|AcroForm|Metadata|PieceInfo|Author|Producer)(?![A-Za-z])"
)


def everything(path: Path) -> bytes:
    """Give all of a document as text: each object and each decoded stream that is no picture."""
    parts = []
    with pikepdf.open(path) as pdf:
        parts.append(pdf.trailer.unparse())
        for each in pdf.objects:
            if isinstance(each, pikepdf.Stream):
                parts.append(each.stream_dict.unparse())
                if each.get("/Subtype") != "/Image":
                    parts.append(each.read_bytes())
            elif isinstance(each, pikepdf.Dictionary | pikepdf.Array):
                parts.append(each.unparse(resolved=True))
    return b"\n".join(parts)


def script(text: str = "app.alert(1)") -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String(text))


def with_open_action(pdf, make):
    pdf.Root.OpenAction = script()


def with_named_script(pdf, make):
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script()])))


def with_page_trigger(pdf, make):
    pdf.pages[0].obj.AA = Dictionary(O=script(), C=Dictionary(S=Name.Launch, F=String("cmd.exe")))


def with_direct_launch_in_a_link(pdf, make):
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]),
                    A=Dictionary(S=Name.Launch, F=String("cmd.exe")))]
    )  # fmt: skip


def with_a_chained_script(pdf, make):
    link = make.link(pdf, "https://example.com")
    link.A.Next = Array([script(), Dictionary(S=Name.GoTo, D=String("x"), Next=script())])
    pdf.pages[0].obj.Annots = Array([link])


def with_an_attachment(pdf, make):
    pdf.attachments["secret.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ planted", filename="secret.exe")


def with_an_associated_file_in_a_picture(pdf, make):
    spec = pikepdf.AttachedFileSpec(pdf, b"MZ planted", filename="secret.exe").obj
    picture = make.image(pdf, make.photo(40, 40), AF=Array([spec]))
    make.show(pdf, picture)


def with_a_script_in_a_resource(pdf, make):
    pdf.pages[0].obj.Resources.Properties = Dictionary(M0=Dictionary(Kind=Name.Foo, A=script()))


def with_a_script_behind_a_tag(pdf, make):
    hidden = pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Screen, A=script(), Rect=Array([0, 0, 1, 1])))
    reference = Dictionary(Type=Name.OBJR, Obj=hidden, Pg=pdf.pages[0].obj)
    element = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, K=reference))
    pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=element))
    pdf.pages[0].obj.Annots = Array([hidden])


def with_a_script_in_the_outline(pdf, make):
    entry = pdf.make_indirect(Dictionary(Title=String("One"), A=script()))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=entry, Last=entry, Count=1))


def with_a_film(pdf, make):
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]), RichMediaContent=Dictionary())]
    )


def with_metadata(pdf, make):
    pdf.docinfo["/Author"] = "planted"
    with pdf.open_metadata() as xmp:
        xmp["dc:creator"] = ["planted"]
    pdf.pages[0].obj.PieceInfo = Dictionary(App=Dictionary(Private=String("planted")))


def with_a_page_taken_out(pdf, make):
    gone = pdf.make_indirect(
        Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 9, 9]), Contents=pdf.make_stream(b"(planted) Tj"))
    )
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), Dest=Array([gone, Name.Fit]))]
    )


@pytest.mark.parametrize("plant", [each for name, each in sorted(globals().items()) if name.startswith("with_")])
def test_nothing_active_or_private_leaves(plant, make, send):
    pdf = make.document(2)
    plant(pdf, make)
    (out,), _ = send(pdf, STAGE)
    found = everything(out)
    assert ACTIVE.findall(found) == []
    assert b"planted" not in found
    assert make.facts(out).metadata == ()


@pytest.mark.parametrize("action", "JavaScript Launch GoToR GoToE SubmitForm ImportData Rendition Movie Sound".split())
def test_no_action_is_left_where_no_reader_looks(action, make, send):
    pdf = make.document()
    font = pdf.pages[0].obj.Resources.Font.F0
    font.Odd = Array([Dictionary(Deep=Dictionary(S=Name(f"/{action}"), F=String("planted")))])
    font.Other = pdf.make_indirect(Dictionary(S=Name(f"/{action}"), F=String("planted")))
    (out,), _ = send(pdf, STAGE)
    assert b"planted" not in everything(out)
    assert b"/S /%s" % action.encode() not in everything(out)


def test_a_font_that_is_called_like_an_action_is_still_a_font(make, send):
    pdf = make.document()
    fonts = pdf.pages[0].obj.Resources.Font
    fonts["/AA"] = pdf.make_indirect(Dictionary(fonts.F0))
    pdf.pages[0].obj.Contents = pdf.make_stream(b"BT /AA 18 Tf 60 700 Td (kept) Tj ET")
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert "/AA" in made.pages[0].resources.Font


def test_old_revisions_are_gone(make, send, tmp_path):
    path = make.saved(make.document(), tmp_path / "new.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = path.read_bytes()
    number = max(int(each) for each in re.findall(rb"(\d+) 0 obj", data)) + 1
    start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    root = re.findall(rb"/Root (\d+ \d+ R)", data)[-1]
    revised = data + b"%d 0 obj\n(planted in a revision)\nendobj\n" % number
    table = len(revised)
    revised += b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        number, len(data), number + 1, root, start, table,
    )  # fmt: skip
    path.write_bytes(revised)
    assert "revisions" in make.facts(path).metadata
    (out,), _ = send(path, STAGE)
    assert b"planted" not in out.read_bytes()
    assert make.facts(out).metadata == ()


@pytest.mark.parametrize(
    "target", ["https://example.com/a?b=c", "http://example.com", "mailto:a@example.com", "tel:+1555"]
)
def test_ordinary_links_stay(target, make, send):
    pdf = make.document()
    pdf.pages[0].obj.Annots = Array([make.link(pdf, target)])
    (out,), warnings = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert [str(each.A.URI) for each in made.pages[0].obj.Annots] == [target]
    assert warnings == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "javascript:alert(1)", "smb://host/x", "https://a\nb", "x:y"])
def test_other_links_go_and_are_told(target, make, send):
    pdf = make.document()
    pdf.pages[0].obj.Annots = Array([make.link(pdf, target)])
    (out,), warnings = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        assert "/Annots" not in made.pages[0].obj
    assert len(warnings) == 1
    assert "1 × link" in warnings[0]


def test_links_and_outline_inside_the_document_stay(make, send):
    pdf = make.document(3)
    target = Array([pdf.pages[2].obj, Name.Fit])
    pdf.pages[0].obj.Annots = Array(
        [pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), Dest=target))]
    )
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Third", 2))
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        last = made.pages[2].obj.objgen
        assert made.pages[0].obj.Annots[0].Dest[0].objgen == last
        with made.open_outline() as outline:
            assert [each.title for each in outline.root] == ["Third"]


def test_an_owner_password_does_not_keep_a_document_back(make, send, tmp_path):
    locked = pikepdf.Encryption(owner="owner", user="", R=6)
    path = make.saved(make.document(), tmp_path / "locked.pdf", encryption=locked)
    (out,), _ = send(path, STAGE)
    with pikepdf.open(out) as made:
        assert not made.is_encrypted


def test_a_user_password_is_rejected(make, send, tmp_path):
    locked = pikepdf.Encryption(owner="owner", user="user", R=6)
    path = make.saved(make.document(), tmp_path / "locked.pdf", encryption=locked)
    with pytest.raises(Rejected) as raised:
        send(path, STAGE)
    assert raised.value.reason == "encrypted"


def test_a_dynamic_form_is_forbidden(make, send):
    pdf = make.document()
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))
    pdf.Root.NeedsRendering = True
    with pytest.raises(Rejected) as raised:
        send(pdf, STAGE)
    assert raised.value.reason == "forbidden"


@pytest.mark.parametrize(("said", "passes"), [(b"Visit http://www.adobe.com/go/reader", False), (b"Name:", True)])
def test_an_old_dynamic_form_is_known_by_its_one_page(said, passes, make, send):
    pdf = make.document(0)
    make.page(pdf, b"BT /F0 12 Tf 60 700 Td (%s) Tj ET" % said)
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))
    if passes:
        (out,), _ = send(pdf, STAGE)
        assert b"XFA" not in out.read_bytes()
        return
    with pytest.raises(Rejected) as raised:
        send(pdf, STAGE)
    assert raised.value.reason == "forbidden"


def test_a_signature_is_told_to_be_gone(make, send):
    pdf = make.document()
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), SigFlags=3)
    _, warnings = send(pdf, STAGE)
    assert any("signature" in each for each in warnings)


def test_a_photo_inside_loses_its_place_and_keeps_its_pixels(make, send):
    exif = Image.Exif()
    exif[0x010E] = "planted"
    pixels = make.photo(300, 200)
    buffer = BytesIO()
    pixels.save(buffer, "JPEG", quality=90, exif=exif, comment=b"planted")
    pdf = make.document(0)
    picture = make.image(pdf, pixels)
    picture.write(buffer.getvalue(), filter=Name.DCTDecode)
    make.show(pdf, picture)
    assert b"planted" in picture.read_raw_bytes()
    (out,), _ = send(pdf, STAGE)
    with pikepdf.open(out) as made:
        (found,) = [each for each in made.objects if isinstance(each, pikepdf.Stream) and "/Width" in each]
        data = found.read_raw_bytes()
    assert b"planted" not in data
    with Image.open(BytesIO(data)) as after, Image.open(buffer) as before:
        assert after.tobytes() == before.tobytes()


def test_a_jpeg_2000_inside_loses_its_boxes_and_keeps_its_code(make, send):
    buffer = BytesIO()
    make.photo(300, 200).save(buffer, "JPEG2000")
    box = b"planted" * 3
    data = buffer.getvalue()
    at = data.index(b"jp2c") - 4
    noted = data[:at] + (8 + len(box)).to_bytes(4, "big") + b"xml " + box + data[at:]
    assert embedded.without_jp2_boxes(noted) == data
    assert embedded.without_jp2_boxes(data) == data


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"\xff\xd8\xff\xfe\0\2\xff\xda", b"noise"]
)
def test_a_cut_off_jpeg_is_no_error(data):
    assert embedded.without_jpeg_segments(data) in (data, b"\xff\xd8\xff\xda")
