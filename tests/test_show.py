"""What a person sees of a result is short, true and safe for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep import show
from mmsprep.errors import Rejected, Unavailable
from mmsprep.media import Facts
from mmsprep.prepared import Deliverable, Prepared

PHOTO = Facts(type="image/jpeg", bytes=412_300, width=3072, height=2304)


def prepared(*warnings: str) -> Prepared:
    sent = Deliverable(path=None, url="https://example.com/a.jpg", name="a.jpg", sha256="0" * 64, facts=PHOTO)
    original = Facts(type="image/heic", bytes=2_400_000, width=4032, height=3024)
    return Prepared(source="a.heic", media=(sent,), original=original, steps=("image",), warnings=warnings)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 KB"), (412_300, "412 KB"), (999_499, "999 KB"), (1_500_000, "1.50 MB")],
)
def test_a_size_is_shown_in_decimal_units(count: int, shown: str) -> None:
    assert show.size(count) == shown


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (PHOTO, "JPEG 3072 × 2304, 412 KB"),
        (Facts(type="application/pdf", bytes=9_000, pages=1), "PDF 1 page, 9 KB"),
        (Facts(type="application/pdf", bytes=9_000, pages=3), "PDF 3 pages, 9 KB"),
        (Facts(type="video/mp4", bytes=600_000, width=640, height=360, seconds=12.34), "MP4 640 × 360 12.3 s, 600 KB"),
        (Facts(type="image/gif", bytes=500, width=4, height=3, frames=2), "GIF 4 × 3 2 frames, 500 B"),
        (Facts(type="text/x-vcard", bytes=300), "VCARD, 300 B"),
    ],
)
def test_what_a_file_is_takes_a_few_words(facts: Facts, shown: str) -> None:
    assert show.facts_line(facts) == shown


@given(st.text())
def test_no_text_steers_a_terminal_or_ends_a_line(untrusted: str) -> None:
    assert show.escaped(untrusted).isprintable()


def test_a_line_tells_what_became_of_a_source() -> None:
    ready = show.line("a\n.heic", prepared("part of it is damaged"))
    assert ready == (
        r"ready  a\n.heic -> https://example.com/a.jpg (JPEG 3072 × 2304, 412 KB)  warning: part of it is damaged"
    )
    refused = show.line("a", Rejected("damaged", "a: cut short; send it again"))
    assert refused == "rejected  MMS_002 damaged  a: cut short; send it again"


def test_a_summary_counts_outcomes_and_the_bytes_of_what_is_ready() -> None:
    results = [prepared(), prepared(), Rejected("damaged", "x"), Unavailable("store", "y")]
    assert show.summary(results) == "2 ready, 1 rejected, 1 unavailable; 4.80 MB became 825 KB"
    assert show.summary([Rejected("damaged", "x")]) == "0 ready, 1 rejected"
