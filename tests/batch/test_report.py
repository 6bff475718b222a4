"""The report: complete, by itself, and nothing that came with a file is more than text in it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from tests.batch.conftest import Campaign

from mmsprep.batch.report import write
from mmsprep.profile import load
from mmsprep.receive import Preview

HOSTILE = [
    "<img src=x onerror=alert(1)>.jpg",
    '"><script>alert(1)</script>.jpg',
    "</script><script>alert(1)</script>.jpg",
    "{{ 7 * 7 }}.jpg",
    "a\u202egpj.exe",
    "line\nbreak.jpg",
    "\udcff.jpg",
    "javascript:alert(1).jpg",
]


class Tags(HTMLParser):
    """Collect what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: list[str] = []
        self.details: list[dict[str, object]] = []
        self.open: tuple[str, dict[str, str | None]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open = (tag, dict(attrs))
        self.tags.append(self.open)

    def handle_endtag(self, tag: str) -> None:
        self.open = None

    def handle_data(self, data: str) -> None:
        self.data.append(data)
        if self.open == ("script", {"type": "application/json"}):
            self.details.append(json.loads(data))


def test_no_name_word_or_message_becomes_markup(campaign: Campaign) -> None:
    for name in HOSTILE:
        campaign.ready(name, captions=[name], message_text=name, to=name, previews=[Preview(1, None, {name: name})])
        campaign.refused(name, fact=f"{name}; {name}")
        campaign.ready(name, warnings=[name], text=[name])
    page = Tags(campaign.report().read_text(encoding="utf-8"))
    names = [tag for tag, _ in page.tags]
    assert "img" not in names
    assert names.count("script") == 3 * len(HOSTILE) + 1
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    assert "49.jpg" not in "".join(page.data)
    assert all("\u202e" not in each and "\udcff" not in each for each in page.data)
    assert len(page.details) == 3 * len(HOSTILE)


def test_no_link_leads_anywhere_but_to_a_result(campaign: Campaign) -> None:
    for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example.com/x", "", None):
        campaign.ready("a.jpg")
        campaign.lines[-1] = campaign.lines[-1].replace(
            json.dumps((campaign.folder / "out/a.jpg").as_uri()), json.dumps(url)
        )
    campaign.ready("a:b c.jpg")
    page = Tags(campaign.report().read_text(encoding="utf-8"))
    links = [detail["media"][0]["link"] for detail in page.details]  # type: ignore[index]
    assert sorted(filter(None, links)) == ["./out/a%3Ab%20c.jpg"]


def test_nothing_is_loaded_from_anywhere(campaign: Campaign) -> None:
    campaign.ready("a.jpg")
    page = campaign.report().read_text(encoding="utf-8")
    tags = Tags(page).tags
    (policy,) = [attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data: file:; media-src file:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r'(?:src|href)="', page)


def test_the_policy_lets_a_player_fetch_from_where_results_are(campaign: Campaign) -> None:
    campaign.ready("a.mp4", "video/mp4")
    campaign.lines[-1] = campaign.lines[-1].replace(f"file://{campaign.folder}/out", "https://cdn.example.com/m")
    page = campaign.report().read_text(encoding="utf-8")
    assert "media-src file: https://cdn.example.com;" in page


def test_what_needs_a_look_comes_first_with_its_remedy(campaign: Campaign) -> None:
    campaign.ready("fine.jpg")
    campaign.ready("torn.jpg", warnings=["part of the picture is damaged"])
    campaign.refused("a.docx")
    campaign.refused("b.docx")
    text = campaign.report().read_text(encoding="utf-8")
    page = Tags(text)
    assert [detail["name"] for detail in page.details] == ["a.docx", "b.docx", "torn.jpg", "fine.jpg"]
    assert (page.details[0]["fact"], page.details[0]["remedy"]) == ("a Word document", "send it as PDF")
    assert "2 of 4 ready to send" in text
    assert text.index("What needs a look") < text.index("<table")


def test_an_interrupted_batch_has_a_report_too(campaign: Campaign) -> None:
    campaign.ready("a.jpg")
    campaign.report()
    manifest = campaign.folder / "results.jsonl"
    manifest.write_text(campaign.lines[0] + '\n{"source": "tor')
    write(campaign.folder / "report.html", manifest, campaign.ledger, load())
    assert len(Tags((campaign.folder / "report.html").read_text(encoding="utf-8")).details) == 1


def test_nothing_at_all_is_told_too(campaign: Campaign) -> None:
    assert "0 of 0 ready to send" in campaign.report().read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_leaves_the_old_one(campaign: Campaign) -> None:
    campaign.ready("a.jpg")
    old = campaign.report().read_bytes()
    campaign.lines.append('{"source": 7}')
    with pytest.raises((KeyError, AttributeError, TypeError)):
        campaign.report()
    assert (campaign.folder / "report.html").read_bytes() == old
    assert not list(campaign.folder.glob(".mmsprep-*"))
