"""Animations as people have them: below the limit, still moving, as long as before, and like their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.animation import STAGE
from mmsprep.tools.animation import frames
from mmsprep.tools.animation.fit import unlikeness

GIF = "image/gif"


def lasts(path: Path) -> float:
    return sum(ms for _, ms in frames.shown(path, GIF)) / 1000


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize(("limit", "most"), [(1_500_000, 0.7), (600_000, 1.2)])
def test_a_large_gif_stays_a_gif(corpus: Path, tmp_path: Path, limit: int, most: float):
    large = [path for path in sorted((corpus / "images").glob("*.gif")) if path.stat().st_size > 1_500_000]
    assert large
    for source in large:
        work = tmp_path / source.stem
        work.mkdir()
        job = Job(profile=Profile(name="gif", types=frozenset({GIF}), max_bytes=limit), workdir=work)
        (made,) = STAGE.run(Media(source, source.name, detect(source, Limits())), job)
        facts = detect(made, Limits())
        assert facts.animated
        assert 0.85 * limit < facts.bytes < limit
        assert lasts(made) == pytest.approx(lasts(source), abs=0.05)
        assert unlikeness(source, GIF, made) < most
