from __future__ import annotations

from pathlib import Path

import pytest
from tests.stages.pictures import BOTH, Prepare

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job
from mmsprep.stages.image import STAGE


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Run the stage on some bytes and hold its output against what the pipeline demands of any output."""

    def run(data: bytes, profile: Profile = BOTH) -> tuple[Path, Job]:
        source = tmp_path / "source"
        source.write_bytes(data)
        media = Media(source, "source", detect(source, Limits()))
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        job = Job(profile=profile, workdir=work)
        assert STAGE.accepts(media, profile)
        (path,) = STAGE.run(media, job)
        facts = detect(path, Limits())
        assert profile.objection(facts) is None
        assert facts.metadata == ()
        return path, job

    return run
