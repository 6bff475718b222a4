"""Score messages whose bytes are shared against equal shares: ``python -m bench.shares FOLDER [--clip FILE]``.

The sets are ten photographs of FOLDER; a clip (if one is given), a screenshot, the busiest and the smoothest
photograph; and sets drawn at random, always the same. Each is prepared as one message, once with what
`Pipeline.compose` gives each, once with the same bytes for each. Prints how much of the message is used, the lowest
SSIMULACRA 2 score of a picture in it both ways, and what sharing gains.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageOps

from bench.pictures.metrics import Reference
from mmsprep import Pipeline
from mmsprep.prepared import Deliverable
from mmsprep.profile import Profile
from mmsprep.settings import Settings
from mmsprep.tools.raster.colour import flatten, srgb

MESSAGE = 10
"""Pictures in a message: what most providers take."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--profile", default="telnyx")
    parser.add_argument("--sets", type=int, default=4, help="how many sets to draw at random")
    options = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None  # only headers are read of what is too large
    profile = Settings().named_profile(options.profile)
    total = profile.total_bytes or profile.max_bytes
    print(f"{'set':10} {'files':>5} {'used':>6} {'equal':>6} {'shared':>7} {'gain':>6}")
    for name, sources in sets_of(options.folder, options.clip, options.sets):
        shared, used = shared_out(sources, profile)
        equal = equally(sources, profile, total)
        scores = f"{equal:6.1f} {shared:7.1f} {shared - equal:+6.1f}"
        print(
            f"{name:10} {len(sources):5} {used / total:6.1%} {scores}  {', '.join(each.stem for each in sources)}",
            flush=True,
        )


def sets_of(folder: Path, clip: Path | None, count: int) -> Iterator[tuple[str, list[Path]]]:
    """Choose the sets by what the files are, so that any folder does."""
    photos = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in {".jpg", ".jpeg"} and is_large(path)]
    screenshots = [path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".png" and is_large(path)]
    yield "photos", photos[:MESSAGE]
    by_need = sorted(photos, key=lambda path: path.stat().st_size)
    yield "mixed", [*([clip] if clip else []), *screenshots[:1], by_need[-1], by_need[0]]
    drawn = random.Random(1)
    for number in range(count):
        yield f"drawn {number + 1}", drawn.sample(photos + screenshots, drawn.randint(3, MESSAGE))


def is_large(path: Path) -> bool:
    """Tell whether a picture is one that a message has to be shared for."""
    with Image.open(path) as picture:
        return picture.mode in {"RGB", "RGBA", "P"} and 500_000 <= picture.width * picture.height <= 60_000_000


def shared_out(sources: Sequence[Path], profile: Profile) -> tuple[float, int]:
    """Give the lowest score and the bytes of the message as it is composed."""
    with Pipeline(profile) as pipeline:
        media = pipeline.compose(sources).media
        return lowest(sources, media), sum(each.facts.bytes for each in media)


def equally(sources: Sequence[Path], profile: Profile, total: int) -> float:
    """Give the lowest score of the same sources when each has the same part of the message."""
    with Pipeline(replace(profile, max_bytes=total // len(sources))) as pipeline:
        return lowest(sources, [pipeline.prepare(each).media[0] for each in sources])


def lowest(sources: Sequence[Path], made: Sequence[Deliverable]) -> float:
    """Score every picture against its source, and give the score of the one that lost most."""
    return min(
        score(source, each) for source, each in zip(sources, made, strict=True) if each.facts.type.startswith("image/")
    )


def score(source: Path, made: Deliverable) -> float:
    """Score one picture as it is seen on a screen."""
    if not made.path:
        raise ValueError(f"{made.name} is in a store; score what has a path")
    seen = io.BytesIO()
    _on_white(made.path).save(seen, "PNG", compress_level=1)
    return Reference(_on_white(source)).ssimulacra2(seen.getvalue())


def _on_white(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return flatten(srgb(ImageOps.exif_transpose(opened), opened.info.get("icc_profile")))


if __name__ == "__main__":
    main()
