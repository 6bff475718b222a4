"""Paint pictures to be prepared, and tell how far two are apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from mmsprep.profile import Profile
from mmsprep.stage import Job

BOTH = Profile(name="both", types=frozenset({"image/jpeg", "image/png"}), max_bytes=60_000)
JPEG_ONLY = replace(BOTH, name="jpeg", types=frozenset({"image/jpeg"}))

Prepare = Callable[..., tuple[Path, Job]]


def photo(width: int = 640, height: int = 480, *, noise: int = 24) -> Image.Image:
    """Paint something like a photograph: soft shapes, edges, and sensor noise."""
    chance = random.Random(1)
    small = Image.frombytes("RGB", (12, 9), chance.randbytes(12 * 9 * 3))
    scene = small.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(scene)
    for _ in range(40):
        x, y, r = chance.randrange(width), chance.randrange(height), chance.randrange(4, 60)
        draw.ellipse((x, y, x + r, y + r), fill=tuple(chance.randbytes(3)))
    grain = Image.frombytes("L", (width, height), chance.randbytes(width * height)).filter(ImageFilter.BLUR)
    grain = grain.point(lambda value: 128 + (value - 128) * noise / 24)
    return Image.blend(scene, Image.merge("RGB", [grain] * 3), 0.25)


def screenshot(width: int = 640, height: int = 480) -> Image.Image:
    """Draw flat panels and sharp text."""
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, 40), fill=(40, 90, 160))
    for line in range(60, height - 20, 14):
        draw.text((20, line), f"{line:04d} the quick brown fox jumps over the lazy dog", fill="black")
    return page


def quarters(width: int = 240, height: int = 160) -> Image.Image:
    """Paint red, green, blue and yellow quarters, clockwise from the top left: shows every turn and flip."""
    page = Image.new("RGB", (width, height), (220, 30, 30))
    page.paste((30, 180, 30), (width // 2, 0, width, height // 2))
    page.paste((30, 30, 220), (width // 2, height // 2, width, height))
    page.paste((230, 220, 40), (0, height // 2, width // 2, height))
    return page


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def off_by(first: Image.Image, second: Image.Image) -> float:
    """Give the mean difference of two pictures, in levels of 255."""
    difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB").resize(first.size))
    return sum(ImageStat.Stat(difference).mean) / 3
