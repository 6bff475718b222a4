"""The table of profiles that ships: what was published, where it was read, and what every row allows."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from mmsprep.media import Facts
from mmsprep.profile import CONFIDENCES, load, names

ROOT = Path(__file__).resolve().parents[1]
TYPES = (
    *("image/jpeg", "image/png", "image/gif", "video/mp4", "video/3gpp", "audio/mp4", "audio/mpeg", "audio/amr"),
    *("application/pdf", "text/x-vcard", "text/calendar"),
)
photo = Facts(type="image/jpeg", bytes=400_000, width=2000, height=1500)


@pytest.mark.parametrize("name", names())
def test_a_built_in_row_says_where_it_was_read_and_how_far_to_trust_it(name: str) -> None:
    row = load(name)
    assert row.name == name
    assert row.source
    assert all(source.startswith("https://") or " " in source for source in row.source)
    assert row.confidence in CONFIDENCES


@pytest.mark.parametrize("name", names())
def test_every_way_of_sending_takes_a_small_baseline_jpeg(name: str) -> None:
    assert load(name).admits(replace(photo, bytes=200_000, width=480, height=640))


@pytest.mark.parametrize("name", names())
def test_a_built_in_row_lists_only_types_that_handsets_know(name: str) -> None:
    assert load(name).types <= set(TYPES)


def test_the_default_is_the_provider_that_asks_for_less_than_1_5_mb() -> None:
    assert load() == load("pantheon")
    assert load().admits(replace(photo, bytes=1_499_999))
    assert not load().admits(replace(photo, bytes=1_500_000))


@pytest.mark.parametrize(
    ("name", "message", "file"),
    [
        ("twilio", 5_000_000, 1_500_000),
        ("bandwidth.local", 3_500_000, 3_500_000),
        ("bandwidth.tollfree", 525_000, 525_000),
        ("telnyx", 1_000_000, 1_000_000),
        ("plivo", 5_000_000, 2_000_000),
        ("bird", 900_000, 600_000),
        ("signalwire.local", 1_200_000, 1_200_000),
        ("signalwire.tollfree", 750_000, 750_000),
        ("infobip.any", 300_000, 300_000),
        ("att.longcode", 1_000_000, 1_000_000),
        ("att.tollfree", 600_000, 600_000),
        ("att.shortcode", 600_000, 600_000),
        ("tmobile.longcode", 1_500_000, 1_500_000),
        ("tmobile.tollfree", 600_000, 600_000),
        ("tmobile.shortcode", 1_000_000, 1_000_000),
        ("verizon.longcode", 1_000_000, 1_000_000),
        ("verizon.tollfree", 600_000, 600_000),
        ("verizon.shortcode", 1_200_000, 1_200_000),
        ("canada.any", 1_000_000, 1_000_000),
        ("uscellular", 500_000, 500_000),
        ("device.default", 307_200, 307_200),
        *((f"device.{carrier}", 1_048_576, 1_048_576) for carrier in ("att", "tmobile", "uscellular")),
        *((f"device.{carrier}", 1_048_576, 1_048_576) for carrier in ("rogers", "telus", "fido")),
        ("device.verizon", 1_228_800, 1_228_800),
        ("device.cricket", 614_400, 614_400),
        ("device.bell", 614_400, 614_400),
        ("strict", 300_000, 300_000),
        ("safe", 500_000, 500_000),
        ("balanced", 600_000, 600_000),
        ("legacy", 300_000, 300_000),
    ],
)
def test_a_built_in_row_has_the_published_bytes(name: str, message: int, file: int) -> None:
    assert (load(name).total_bytes, load(name).limit("image/jpeg")) == (message, file)


def test_aws_takes_one_file_and_larger_pictures_than_anything_else() -> None:
    aws = load("aws")
    assert aws.max_files == 1
    assert aws.limit("image/gif") == 2_000_000
    assert {aws.limit(type_) for type_ in ("video/mp4", "audio/amr", "application/pdf", "text/x-vcard")} == {600_000}


@pytest.mark.parametrize("name", ["att.longcode", "canada.any", "signalwire.local", "safe", "legacy"])
def test_a_pdf_does_not_go_where_it_is_refused(name: str) -> None:
    assert load(name).objection(Facts(type="application/pdf", bytes=9)) == f"application/pdf is not accepted by {name}"


def test_the_oldest_handsets_get_baseline_video_narrow_band_speech_and_old_cards() -> None:
    legacy = load("legacy")
    assert (legacy.h264_profile, legacy.vcard) == ("baseline", "2.1")
    assert legacy.admits(Facts(type="video/3gpp", bytes=9, width=176, height=144, codecs=("h264", "amr_nb")))
    assert not legacy.admits(Facts(type="video/3gpp", bytes=9, width=176, height=144, codecs=("h264", "aac")))


def test_the_page_in_the_docs_shows_the_table_as_it_is() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "scripts" / "write_profiles.py"))["written"](page) == page, "run make pages"
