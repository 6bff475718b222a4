"""TIFFs in CIELAB of 16 bits, as scanners and Photoshop write them, come out in their colours."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmsprep.detect import detect
from mmsprep.limits import Limits
from mmsprep.media import Media
from mmsprep.profile import load
from mmsprep.stage import Job
from mmsprep.stages.image import STAGE


def lab_tiff(order: str, lightness: float, a: float, b: float, side: int = 64) -> bytes:
    """Write one colour: L* of 0 to 100 over the whole of 16 bits, a* and b* signed in 256ths (TIFF 6, section 23)."""
    pixel = struct.pack(f"{order}Hhh", round(lightness * 655.35), round(a * 256), round(b * 256))
    entries = [(256, 3, side), (257, 3, side), (259, 3, 1), (262, 3, 8), (273, 4, 0), (277, 3, 3), (278, 3, side)]
    entries += [(258, 0, 0), (279, 4, side * side * 6)]
    start = 8 + 2 + 12 * len(entries) + 4
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, value in sorted(entries):
        if tag == 258:
            directory += struct.pack(f"{order}HHII", tag, 3, 3, start)
        elif kind == 3:
            directory += struct.pack(f"{order}HHIHH", tag, kind, 1, value, 0)
        else:
            directory += struct.pack(f"{order}HHII", tag, kind, 1, start + 6 if tag == 273 else value)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    bits = struct.pack(f"{order}HHH", 16, 16, 16)
    return magic + struct.pack(f"{order}I", 8) + directory + bytes(4) + bits + pixel * side * side


# The primaries of sRGB and its middle grey, in CIELAB under D50 (IEC 61966-2-1, Bradford-adapted).
COLOURS = [
    ((54.29, 80.81, 69.89), (255, 0, 0)),
    ((87.82, -79.27, 80.99), (0, 255, 0)),
    ((29.57, 68.30, -112.03), (0, 0, 255)),
    ((53.59, 0, 0), (128, 128, 128)),
]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("lab", "rgb"), COLOURS)
def test_a_colour_stays_what_it_was(
    order: str, lab: tuple[float, float, float], rgb: tuple[int, int, int], tmp_path: Path
) -> None:
    source = tmp_path / "scan.tif"
    source.write_bytes(lab_tiff(order, *lab))
    (made,) = STAGE.run(Media(source, "scan.tif", detect(source, Limits())), Job(profile=load(), workdir=tmp_path))
    with Image.open(made) as result:
        shown = np.asarray(result.convert("RGB"), float).mean(axis=(0, 1))
    # At the very edge of sRGB one step of eight bits in a* or b* is several in the darkest band.
    assert np.abs(shown - rgb).max() < 25, shown
