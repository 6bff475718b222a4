"""Run the film stage as the pipeline does, hold what every film must hold, and look at what came out."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from tests.clips import ffmpeg

from mmsprep.detect import detect
from mmsprep.detect.isobmff import layout
from mmsprep.limits import Limits
from mmsprep.media import Facts, Media
from mmsprep.profile import Profile, load
from mmsprep.stage import Job
from mmsprep.stages.video import STAGE

LIMITS = Limits()
PANTHEON, LEGACY = load("pantheon"), load("legacy")
TIGHT = replace(PANTHEON, max_bytes=60_000)


def prepared(path: Path, tmp_path: Path, profile: Profile = TIGHT, **options: Any) -> tuple[Path, Facts, Job]:
    """Run the stage and hold what every film must hold."""
    workdir = tmp_path / f"work{len(list(tmp_path.iterdir()))}"
    workdir.mkdir()
    job = Job(profile=profile, workdir=workdir, options=options)
    media = Media(path, path.name, detect(path, LIMITS))
    assert STAGE.accepts(media, profile)
    (made,) = STAGE.run(media, job) or job.links
    assert list(workdir.iterdir()) == [made]
    facts = detect(made, LIMITS)
    assert job.links or profile.objection(facts) is None
    assert facts.metadata == ()
    assert layout(made).index_first
    assert layout(made).rotation == 0
    playable(made, profile)
    return made, facts, job


def playable(path: Path, profile: Profile) -> None:
    import av

    with av.open(str(path)) as container:
        picture = container.streams.video[0].codec_context
        assert picture.pix_fmt == "yuv420p"
        assert picture.width % 2 == picture.height % 2 == 0
        assert picture.profile in {"Constrained Baseline", "Main", "High"}
        if profile.h264_profile == "baseline":
            assert picture.profile == "Constrained Baseline"
        assert 0 < picture.level <= 41
        assert (container.streams.video[0].average_rate or 0) <= 30.5
        for sound in container.streams.audio:
            assert sound.codec_context.channels <= 2
            assert sound.codec_context.profile in ("LC", None)
    assert ffmpeg("-i", path, "-f", "null", "-") == b""


def frame(path: Path, at: float = 0.5) -> Image.Image:
    # "fps" holds a frame as long as it is shown; -ss alone would give the next one.
    chosen = ["-vf", f"fps=50,trim=start={at}", "-frames:v", "1"]
    png = ffmpeg("-i", path, *chosen, "-c:v", "png", "-f", "image2pipe", "-")
    return Image.open(io.BytesIO(png)).convert("RGB")


def likeness(made: Path, source: Path) -> float:
    """Give the mean SSIM of the luma, at the source's size."""
    size = frame(source).size
    graph = f"[0:v]scale={size[0]}:{size[1]}[a];[a][1:v]ssim=stats_file=-"
    told = ffmpeg("-i", made, "-i", source, "-lavfi", graph, "-f", "null", "-").decode()
    values = [float(each) for each in re.findall(r" Y:([\d.]+)", told)]
    return sum(values) / len(values)
