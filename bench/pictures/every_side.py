"""The limit of what choosing a side can give: every long side in full, each bisected to the budget."""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path

from PIL import Image, ImageOps

from bench.pictures.metrics import Reference
from mmsprep.fit import fit
from mmsprep.tools.raster.colour import srgb
from mmsprep.tools.raster.jpeg import COARSEST, LOSSLESS, at_side, encode

SIDES = (640, 800, 1024, 1280, 1600, 2048, 2560, 3072)


def every_side(photo: Path, limit: int, _side: int) -> bytes:
    """Give the JPEG that scores best among all sides, with colours halved and whole."""
    with Image.open(photo) as opened:
        whole = srgb(ImageOps.exif_transpose(opened), opened.info.get("icc_profile"))
    reference = Reference(whole)
    tried: list[tuple[float, bytes]] = []
    sides = sorted({min(side, max(whole.size)) for side in SIDES})
    for side, full_colour in product(sides, (False, True)):
        small = at_side(whole, side)
        found = fit(
            partial(encode, small, full_colour=full_colour),
            limit,
            size=len,
            low=COARSEST,
            high=LOSSLESS,
            guess=4.0,
            enough=0.985,
            encodes=12,
        )
        if found:
            tried.append((reference.ssimulacra2(found.value), found.value))
    return max(tried)[1]
