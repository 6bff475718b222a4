"""One source's round as its caller sees it: tried again where it was nobody's fault, and named after its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsprep import Pipeline, Unavailable
from mmsprep.items import output_names
from mmsprep.stage import Event


def killer(pipeline: Pipeline, times: int) -> tuple[list[Event], Callable[[Event], None]]:
    """Kill the helper at an item's first event, so many times; gives the events at which it was."""
    at: list[Event] = []

    def follow(event: Event) -> None:
        helper = pipeline._items._sandbox._helper
        if len(at) < times and helper is not None and helper.alive:
            at.append(event)
            helper._process.kill()
            helper._process.wait()

    return at, follow


def test_an_item_whose_helper_died_is_tried_once_more(fixtures: Path) -> None:
    with Pipeline("pantheon") as pipeline:
        killed, follow = killer(pipeline, times=1)
        prepared = pipeline.prepare(fixtures / "logo.png", progress=follow)
        assert len(killed) == 1
        assert prepared.media[0].facts.type == "image/png"


def test_an_item_whose_helper_dies_each_time_is_given_up_and_may_be_tried_later(fixtures: Path) -> None:
    with Pipeline("pantheon") as pipeline:
        killed, follow = killer(pipeline, times=10)
        with pytest.raises(Unavailable, match=r"logo\.png: "):
            pipeline.prepare(fixtures / "logo.png", progress=follow)
        assert len(killed) == 2


@pytest.mark.parametrize(
    ("name", "suffixes", "named"),
    [
        ("beach.heic", [".jpg"], ["beach.jpg"]),
        ("friends.vcf", [".vcf", ".vcf"], ["friends-1.vcf", "friends-2.vcf"]),
        ("Suva.geojson", [".png", ".loc.vcf"], ["Suva.png", "Suva.loc.vcf"]),
        ("report", [".jpg", ".pdf", ".jpg"], ["report-1.jpg", "report.pdf", "report-2.jpg"]),
        (".hidden", [".png"], [".hidden.png"]),
    ],
)
def test_outputs_are_named_after_their_source_and_counted_where_they_would_be_called_the_same(
    name: str, suffixes: list[str], named: list[str]
) -> None:
    assert list(output_names(name, suffixes)) == named
