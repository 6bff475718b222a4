"""A film is entered where its decoder can begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.clips import film

from mmsprep.tools.video.clip import ENTRY_SECONDS, describe, entries_near


def keyed(path: Path, every: int) -> Path:
    """Write six seconds with a keyframe each *every* frames, and none elsewhere."""
    return film(path, "-g", str(every), "-sc_threshold", "0", seconds=6, rate="30")


def test_a_sample_begins_at_the_keyframe_next_to_where_it_is_wanted(tmp_path: Path) -> None:
    clip = describe(keyed(tmp_path / "a.mp4", every=30))
    found = entries_near(clip, [1.4, 2.7, 4.0], before=1, after=1)
    assert found == pytest.approx([1 + ENTRY_SECONDS, 3 + ENTRY_SECONDS, 4 + ENTRY_SECONDS], abs=0.1)


@pytest.mark.parametrize(("name", "every"), [("far.mp4", 300), ("without-index.ts", 30)])
def test_a_sample_stays_where_it_is_wanted_when_no_keyframe_is_known_nearby(
    tmp_path: Path, name: str, every: int
) -> None:
    clip = describe(keyed(tmp_path / name, every=every))
    assert entries_near(clip, [2.4, 4.4], before=1, after=1) == [2.4, 4.4]
