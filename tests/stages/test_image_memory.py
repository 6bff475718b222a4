"""What a large photograph costs in memory, in a process like the helper's child: peak over what is loaded before."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.heics import heic

MEASURE = """
import json, sys
from pathlib import Path
import mmsprep.warm
import mmsprep.stages.image as image
from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job

def kilobytes(key):
    # Not getrusage, whose peak is inherited from whoever started this process.
    return int(next(line for line in open("/proc/self/status") if line.startswith(key)).split()[1])

source, work = map(Path, sys.argv[1:])
loaded = kilobytes("VmRSS")
media = Media(source, "source", detect(source, Limits()))
(made,) = image.STAGE.run(media, Job(profile=load("pantheon"), workdir=work))
with image.open_picture(made, "image/jpeg") as picture:
    print(json.dumps([(kilobytes("VmHWM") - loaded) / 1000, picture.width, made.stat().st_size]))
"""


def scene(width: int, height: int) -> Image.Image:
    """Paint soft shapes with grain, cheaply at any size."""
    chance = random.Random(2)
    shapes = Image.frombytes("RGB", (64, 48), chance.randbytes(64 * 48 * 3)).resize(
        (1024, 768), Image.Resampling.BICUBIC
    )
    grain = Image.frombytes("RGB", (1024, 768), chance.randbytes(1024 * 768 * 3))
    patch = Image.blend(shapes, grain, 0.1)
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, 768):
        for left in range(0, width, 1024):
            whole.paste(patch, (left, top))
    return whole


def grown(folder: Path, source: Path) -> tuple[float, int, int]:
    """Prepare *source* in a process of its own; give megabytes, the result's width and its bytes."""
    work = folder / "work"
    work.mkdir()
    done = subprocess.run([sys.executable, "-c", MEASURE, source, work], check=True, capture_output=True, timeout=300)
    megabytes, width, size = json.loads(done.stdout)
    return megabytes, width, size


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "most"),
    [((4928, 3264), 130), ((11547, 8661), 300), ((12000, 9000), 300), ((16320, 12240), 300)],
    ids=["16 MP", "100 MP, odd sides", "108 MP", "200 MP"],
)
def test_a_jpeg_of_many_megapixels_takes_few_megabytes(tmp_path: Path, size: tuple[int, int], most: int):
    source = tmp_path / "large.jpg"
    scene(*size).save(source, "JPEG", quality=85)
    megabytes, width, written = grown(tmp_path, source)
    assert megabytes < most
    assert width >= 1500
    assert 200_000 < written < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize(("sampling", "most"), [("4:2:0", 130), ("4:4:4", 170)])
def test_a_progressive_jpeg_takes_its_coefficients_and_its_pixels_but_no_more(tmp_path: Path, sampling: str, most: int):
    source = tmp_path / "progressive.jpg"
    scene(4928, 3264).save(source, "JPEG", quality=85, progressive=True, subsampling=sampling)
    megabytes, width, _ = grown(tmp_path, source)
    assert megabytes < most
    assert width >= 1500


@pytest.mark.slow
def test_a_heic_of_200_megapixels_stays_within_what_an_item_may_have(tmp_path: Path):
    source = heic(tmp_path, 32, 24)
    megabytes, width, written = grown(tmp_path, source)
    assert megabytes < 900
    assert width >= 1500
    assert written < 1_500_000
