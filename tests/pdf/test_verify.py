"""A document that came out wrong is noticed before it is sent."""

from __future__ import annotations

import pytest

from mmsprep.errors import Rejected
from mmsprep.stages import pdf as stage
from mmsprep.tools.pdf import clean, verify


def test_lost_pages_and_lost_words_are_counted(make, tmp_path):
    whole = make.saved(make.document(4), tmp_path / "whole.pdf")
    torn = make.document(4)
    torn.pages[3].obj.Contents = torn.make_stream(b"")
    less = make.saved(torn, tmp_path / "less.pdf")
    short = make.saved(make.document(3), tmp_path / "short.pdf")

    assert verify.compare(whole, whole, range(4)) == verify.compare(whole, whole, [0])
    assert verify.compare(whole, less, [0]).text == 0.75
    assert verify.compare(whole, short, [0]).pages == (4, 3)


def test_a_document_that_would_lose_its_words_is_refused(make, send, monkeypatch):
    def too_much(document):
        document.pages[1].obj.Contents = document.make_stream(b"")
        return original(document)

    original = clean.clean
    monkeypatch.setattr(clean, "clean", too_much)
    with pytest.raises(Rejected) as raised:
        send(make.document(3), stage.STAGE)
    assert raised.value.reason == "damaged"
    assert "loses text" in raised.value.message
