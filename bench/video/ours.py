"""Make one film with the video stage: `python -m bench.video.ours SOURCE TARGET BYTES [fast]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job
from mmsprep.stages.video import STAGE

if __name__ == "__main__":
    source, target, budget = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as directory:
        profile = replace(load("pantheon"), max_bytes=budget)
        options = {"fast": True} if "fast" in sys.argv[4:] else {}
        job = Job(profile=profile, workdir=Path(directory), options=options, threads=2)
        media = Media(source.absolute(), source.name, detect(source.absolute(), Limits()))
        (made,) = STAGE.run(media, job)
        shutil.copyfile(made, target)
