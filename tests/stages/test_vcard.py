"""The vcard stage: one clean card for each person, with the photo that there is room for."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from mmsprep.contact import Contact, Phone
from mmsprep.detect import detect
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.vcard import STAGE

PROFILE = Profile(name="test", types=frozenset({"text/x-vcard"}))


def run(data: bytes, tmp_path: Path, profile: Profile = PROFILE, **options: Any) -> tuple[list[bytes], list[str]]:
    """Send *data* through the stage; every output is detected again, as the pipeline does."""
    source, workdir = tmp_path / "source", tmp_path / "work"
    workdir.mkdir(parents=True)
    source.write_bytes(data)
    media = Media(source, "source", detect(source, Limits()))
    assert STAGE.accepts(media, profile)
    job = Job(profile=profile, workdir=workdir, options=options)
    outputs = STAGE.run(media, job)
    for path in outputs:
        facts = detect(path, Limits())
        assert (facts.type, facts.metadata) == ("text/x-vcard", ())
        assert profile.admits(facts)
    assert sorted(workdir.iterdir()) == sorted(outputs)
    return [path.read_bytes() for path in outputs], job.warnings


def card(*lines: str, version: str = "3.0") -> bytes:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD")).encode()


def photo_of(data: bytes) -> Image.Image:
    (contact,) = Contact.from_vcf(data)
    assert contact.photo is not None
    assert len(contact.photo) < 30_000
    picture = Image.open(BytesIO(contact.photo), formats=["JPEG"])
    assert not picture.info.get("progressive")
    assert not picture.getexif()
    assert max(picture.size) <= 320
    assert picture.width == picture.height
    return picture


def picture_bytes(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_private_lines_go_and_what_is_shown_stays(version: str, tmp_path: Path) -> None:
    lines = ("FN:Bob", "N:B;Bob;;;", "UID:canary-1", "X-PRIVATE:canary-2", "TEL;CELL:+12125550100", "PRODID:canary-3")
    (data,), warnings = run(card(*lines, version=version), tmp_path)
    assert b"VERSION:3.0\r\n" in data
    assert b"canary" not in data
    assert Contact.from_vcf(data)[0].phones == (Phone("+12125550100", ("cell",)),)
    assert "canary-2" in " ".join(warnings)
    assert "canary-1" not in " ".join(warnings)


def test_the_profile_chooses_the_old_version(tmp_path: Path) -> None:
    (data,), _ = run(card("FN:Zoë", "NOTE:a\\nb"), tmp_path, replace(PROFILE, vcard="2.1"))
    assert b"VERSION:2.1\r\n" in data
    assert data.isascii()
    assert (Contact.from_vcf(data)[0].name, Contact.from_vcf(data)[0].note) == ("Zoë", "a\nb")


def test_several_people_become_one_card_each(tmp_path: Path) -> None:
    source = card("FN:Ann", "X-A:1") + card("UID:nothing-to-show") + card("FN:Bob")
    outputs, warnings = run(source, tmp_path)
    assert [Contact.from_vcf(data)[0].name for data in outputs] == ["Ann", "Bob"]
    assert any("1 of 3 cards" in warning for warning in warnings)
    assert any(warning.startswith("Ann: ") for warning in warnings)


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        ([("FN:Ann Lee",), ("FN:Bob",), ("FN:Bob",)], ["Ann Lee", "Bob"]),
        ([("ORG:Acme", "TEL:+12125550100")], ["Acme"]),
        ([("NOTE:no name",)], []),
        ([("FN:" + "Ann " * 50,)], [("Ann " * 50)[:80]]),
    ],
)
def test_each_persons_name_is_offered_for_the_text(
    lines: list[tuple[str, ...]], offered: list[str], tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(b"".join(card(*each) for each in lines))
    media = Media(tmp_path / "source", "source", detect(tmp_path / "source", Limits()))
    job = Job(profile=PROFILE, workdir=tmp_path)
    STAGE.run(media, job)
    assert job.texts == offered


@pytest.mark.parametrize("lines", [(), ("UID:1",), ("BDAY:1985-04-12",), ("FN:  ", "N:;;;;"), ("X-A:1",)])
def test_a_card_with_nothing_to_show_is_rejected(lines: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        run(card(*lines), tmp_path)
    assert caught.value.reason == "damaged"
    assert "fill it in" in caught.value.message


def test_the_region_completes_numbers(tmp_path: Path) -> None:
    (data,), warnings = run(card("FN:x", "TEL:(212) 555-0100"), tmp_path, region="us")
    assert b"TEL:+12125550100\r\n" in data
    assert not warnings


def test_no_warning_is_cut_before_its_remedy(tmp_path: Path) -> None:
    numbers = [f"TEL:555-01{number:02} and some words around it" for number in range(50)]
    private = [f"X-{'A' * 300}{number}:{'secret ' * 30}" for number in range(20)]
    _, warnings = run(card("FN:" + "Ann " * 30, *numbers, *private) + card("FN:Bob"), tmp_path)
    assert max(map(len, warnings)) < 500
    assert any("42 more; give region" in warning for warning in warnings)


def test_a_contact_that_a_program_made_becomes_a_card(tmp_path: Path) -> None:
    contact = Contact(name="Ann Lee", phones=(Phone("+12125550100"),), dropped=("GENDER “F”",))
    (data,), warnings = run(contact.to_json(), tmp_path)
    assert Contact.from_vcf(data)[0].name == "Ann Lee"
    assert warnings == ["left out or changed: GENDER “F”"]


def test_a_received_location_keeps_its_coordinates(tmp_path: Path) -> None:
    link = "http://maps.apple.com/?ll=50.894967\\,4.341626&q=50.894967\\,4.341626"
    source = card("N:;Current Location;;;", "FN:Current Location", f"URL;type=pref:{link}", "GEO:50.894967;4.341626")
    (data,), _ = run(source, tmp_path)
    (contact,) = Contact.from_vcf(data)
    assert contact.urls[0].url == link.replace("\\", "")
    assert contact.geo == (50.894967, 4.341626)
    assert b"\\,4.341626" in data.replace(b"\r\n ", b"")


def test_a_photo_becomes_a_small_square_of_its_upper_middle(tmp_path: Path) -> None:
    picture = Image.new("RGB", (900, 1600), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((300, 350, 600, 750), fill="red")
    draw.rectangle((0, 1400, 900, 1600), fill="blue")
    contact = Contact(name="x", photo=picture_bytes(picture))
    (data,), warnings = run(contact.to_json(), tmp_path)
    found = photo_of(data)
    assert found.size == (320, 320)
    red, _, blue = found.getpixel((160, 110))  # type: ignore[misc]
    assert red > 200
    assert blue < 100
    assert found.getpixel((160, 310))[2] > 200 < found.getpixel((160, 310))[0]  # type: ignore[index]
    assert not warnings


def test_a_photo_on_its_side_stands_up_and_loses_its_gps(tmp_path: Path) -> None:
    picture = Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 600, 200), fill="red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (50.0, 1.0, 2.0)}
    contact = Contact(name="x", photo=picture_bytes(picture, exif=exif))
    (data,), _ = run(contact.to_json(), tmp_path)
    found = photo_of(data)
    assert found.getpixel((300, 160))[1] < 100 < found.getpixel((20, 160))[1]  # type: ignore[index]


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("GIF", "P"), ("WEBP", "RGB")])
def test_a_photo_of_every_type_and_mode_becomes_a_jpeg(kind: str, mode: str, tmp_path: Path) -> None:
    contact = Contact(name="x", photo=picture_bytes(Image.new("RGB", (40, 50), "green").convert(mode), kind))
    (data,), _ = run(contact.to_json(), tmp_path)
    found = photo_of(data).convert("RGB")
    assert found.size == (40, 40)
    red, green, blue = found.getpixel((20, 20))  # type: ignore[misc]
    assert green > 90
    assert max(red, blue) < 60


def test_a_banner_is_laid_on_white_and_not_cut(tmp_path: Path) -> None:
    contact = Contact(name="x", photo=picture_bytes(Image.new("RGB", (900, 200), "navy"), "PNG"))
    (data,), _ = run(contact.to_json(), tmp_path)
    found = photo_of(data)
    assert min(found.getpixel((160, 20))) > 240  # type: ignore[type-var, arg-type]
    assert found.getpixel((10, 160))[2] > 100 > found.getpixel((10, 160))[0]  # type: ignore[index]


@pytest.mark.parametrize("limit", [2_500, 6_000, 20_000])
def test_the_photo_shrinks_until_the_card_fits(limit: int, tmp_path: Path) -> None:
    noise = Image.effect_noise((400, 400), 60).convert("RGB")
    contact = Contact(name="x", note="long " * 100, photo=picture_bytes(noise, "PNG"))
    (data,), warnings = run(contact.to_json(), tmp_path, replace(PROFILE, max_bytes=limit))
    assert len(data) < limit
    (read,) = Contact.from_vcf(data)
    assert read.photo is not None or "no room" in warnings[-1]
    if limit >= 6_000:
        assert photo_of(data)


def test_a_card_that_cannot_fit_says_how_large_it_is(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        run(card("FN:x", "NOTE:" + "y" * 3_000), tmp_path, replace(PROFILE, max_bytes=2_000))
    assert caught.value.reason == "cannot-fit"


@pytest.mark.parametrize(
    "photo",
    [b"foo", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8\xff\xe0"],
)
def test_a_photo_that_is_none_is_left_out_and_named(photo: bytes, tmp_path: Path) -> None:
    (data,), warnings = run(Contact(name="x", photo=photo).to_json(), tmp_path)
    assert b"PHOTO" not in data
    assert "photo is left out" in warnings[0]


def test_a_photo_that_breaks_off_is_shown_as_far_as_it_goes_with_a_warning(tmp_path: Path) -> None:
    whole = picture_bytes(Image.effect_noise((400, 400), 60).convert("RGB"))
    (data,), warnings = run(Contact(name="x", photo=whole[: len(whole) // 2]).to_json(), tmp_path)
    assert photo_of(data)
    assert warnings == ["part of the photo is damaged"]


def test_the_same_contact_gives_the_same_bytes(tmp_path: Path) -> None:
    noise = picture_bytes(Image.effect_noise((500, 400), 60), "PNG")
    source = Contact(name="x", photo=noise).to_json()
    assert run(source, tmp_path)[0] == run(source, tmp_path / "again")[0]


def test_a_profile_without_cards_is_not_for_this_stage(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(card("FN:x"))
    media = Media(path, "source", detect(path, Limits()))
    assert not STAGE.accepts(media, replace(PROFILE, types=frozenset({"image/jpeg"})))
