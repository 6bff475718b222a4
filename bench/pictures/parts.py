"""What the search costs: the stage's CPU over one decode, one resize and one encode at the settings that it found."""

from __future__ import annotations

import argparse
import sys
import time
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from statistics import median

from PIL import Image, JpegImagePlugin

from bench.pictures.__main__ import LIMITS, measured
from bench.pictures.peers import _warm_ours, ours
from mmsprep.detect.picture import open_picture
from mmsprep.stages.image import _part
from mmsprep.tools.raster.jpeg import at_side
from mmsprep.tools.raster.side import first_side

ROUNDS = 5
HEAD = """# Pictures: what choosing costs

Written by `python -m bench.pictures.parts FOLDER`; do not edit. The CPU of the whole stage, and of one decode (reduced
as the stage does), one resize and one encode with the side and the tables that it found: medians of five, milliseconds.

| photo | limit | decode | resize | encode | stage | ratio |
|---|---|---|---|---|---|---|
"""


def once(photo: Path, limit: int, made: bytes) -> tuple[float, float, float]:
    """Do each part once; give the CPU seconds of each."""
    with Image.open(BytesIO(made)) as found:
        side, tables = max(found.size), found.quantization  # type: ignore[attr-defined]
        sampling = JpegImagePlugin.get_sampling(found)
    moments = [time.process_time()]
    picture = open_picture(photo, "image/jpeg")
    part = _part(picture.size, first_side(picture.size, limit))
    if part > 1:
        picture.draft(None, (picture.width // part, picture.height // part))
    picture.load()
    moments.append(time.process_time())
    small = at_side(picture, side)
    moments.append(time.process_time())
    small.save(BytesIO(), "JPEG", qtables=tables, subsampling=sampling, optimize=True)
    moments.append(time.process_time())
    decode, resize, encode = (after - before for before, after in pairwise(moments))
    return decode, resize, encode


def row(photo: Path, limit: int) -> str:
    runs = [measured(lambda: ours(photo, limit, 0)) for _ in range(ROUNDS)]
    stage = median(cpu for _, cpu, _ in runs)
    parts = [median(each) for each in zip(*(once(photo, limit, runs[0][0]) for _ in range(ROUNDS)), strict=True)]
    told = " | ".join(f"{1000 * each:.0f}" for each in (*parts, stage))
    return f"| {photo.name} | {limit:,} | {told} | {stage / sum(parts):.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/pictures-cpu.md"))
    options = parser.parse_args()
    _warm_ours()
    lines = []
    for photo in sorted(options.folder.glob("*.jp*g")):
        for limit in LIMITS:
            lines.append(row(photo, limit))
            print(lines[-1], file=sys.stderr)
    options.out.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
