"""Compare ways of making a PDF fit: our stage and what people build from permissively licensed parts.

    python bench/pdf.py FOLDER [--limit 1500000] [--above 1500000] [--quick]

Each file and way runs in a process of its own; CPU is what that process used, so it counts parsing, work and
checking but not the start of Python. The ways are those of the usual recipes:

* pypdf: clone, compress the content streams, drop what is equal or unused.
* pypdf + Pillow: the same, and each picture through `image.replace` at falling JPEG qualities.
* pikepdf lossless: unreferenced resources out, Flate again at level 9, object streams.
* pikepdf + Pillow: lossless first; then each picture at the resolution at which it is really shown, down a
  ladder of dots per inch and quality until the file fits; then pages counted and text compared.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from math import ceil, hypot
from pathlib import Path
from statistics import median

LADDER = ((200, 80), (150, 72), (130, 62), (110, 52), (96, 45), (72, 38))


@dataclass(frozen=True)
class Outcome:
    """What one way made of one file."""

    bytes: int
    cpu_seconds: float
    peak_megabytes: float
    pages_kept: bool
    text_kept: float
    note: str = ""

    def fits(self, limit: int) -> bool:
        return 0 < self.bytes < limit and self.pages_kept and self.text_kept >= 0.97


def ours(source: Path, target: Path, limit: int) -> None:
    from dataclasses import replace

    from mmsprep.detect import detect
    from mmsprep.limits import Limits
    from mmsprep.media import Media
    from mmsprep.profile import load
    from mmsprep.stage import Job
    from mmsprep.stages.pdf import STAGE

    with tempfile.TemporaryDirectory() as workdir:
        profile = replace(load("pantheon"), max_bytes=limit)
        media = Media(source, source.name, detect(source, Limits()))
        (made,) = STAGE.run(media, Job(profile=profile, workdir=Path(workdir)))
        detect(made, Limits())
        target.write_bytes(made.read_bytes())


def with_pypdf(source: Path, target: Path, _limit: int) -> None:
    _pypdf(source).write(target)


def with_pypdf_and_pillow(source: Path, target: Path, limit: int) -> None:
    for quality in (80, 60, 40, 25):
        writer = _pypdf(source)
        for page in writer.pages:
            for image in page.images:
                with suppress(Exception):
                    image.replace(image.image, quality=quality)
        writer.write(target)
        if target.stat().st_size < limit:
            return


def _pypdf(source: Path):
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=source)
    for page in writer.pages:
        page.compress_content_streams(level=9)
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    return writer


def with_pikepdf(source: Path, target: Path, _limit: int) -> None:
    import pikepdf

    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(source) as pdf:
        pdf.remove_unreferenced_resources()
        _save(pdf, target)


def with_pikepdf_and_pillow(source: Path, target: Path, limit: int) -> None:
    """The best permissive way that is known, written as one would from its description."""
    import pikepdf
    import pypdfium2

    with_pikepdf(source, target, limit)
    if target.stat().st_size >= limit:
        with pikepdf.open(target) as pdf:
            images = [
                each for each in pdf.objects if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"
            ]
            total = target.stat().st_size
            if total - sum(len(each.read_raw_bytes()) for each in images) >= limit:
                return
            sizes = _shown(pdf)
        for dpi, quality in LADDER:
            with pikepdf.open(target) as pdf:
                for each in pdf.objects:
                    if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image":
                        with suppress(Exception):
                            _resample(each, sizes.get(each.objgen), dpi, quality)
                smaller = BytesIO()
                _save(pdf, smaller)
            if len(smaller.getvalue()) < limit:
                target.write_bytes(smaller.getvalue())
                break
    texts = []
    for path in (source, target):
        document = pypdfium2.PdfDocument(path)
        texts.append(sum(len(page.get_textpage().get_text_range()) for page in document))


def _save(pdf, target) -> None:
    import pikepdf

    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


def _shown(pdf) -> dict[tuple[int, int], float]:  # noqa: C901  one walk, as such recipes have it
    """Give each picture's largest shown side in points, forms followed."""
    import pikepdf

    sizes: dict[tuple[int, int], float] = {}

    def walk(holder, resources, matrix, depth):
        drawn = resources.get("/XObject", {}) if resources is not None else {}
        stack, current = [], matrix
        if depth > 8 or not len(drawn):
            return
        for operands, operator in pikepdf.parse_content_stream(holder, "q Q cm Do"):
            name = str(operator)
            if name == "q":
                stack.append(current)
            elif name == "Q":
                current = stack.pop() if stack else matrix
            elif name == "cm":
                current = pikepdf.Matrix(*(float(each) for each in operands)) @ current
            elif (target := drawn.get(str(operands[0]))) is not None:
                if target.get("/Subtype") == "/Image":
                    size = max(hypot(current.a, current.b), hypot(current.c, current.d))
                    sizes[target.objgen] = max(size, sizes.get(target.objgen, 0))
                elif target.get("/Subtype") == "/Form":
                    own = pikepdf.Matrix(*(float(each) for each in target.get("/Matrix", [1, 0, 0, 1, 0, 0])))
                    walk(target, target.get("/Resources"), own @ current, depth + 1)

    for page in pdf.pages:
        with suppress(Exception):
            walk(page, page.resources, pikepdf.Matrix(), 0)
    return sizes


def _resample(image, points: float | None, dpi: int, quality: int) -> None:
    import pikepdf
    from PIL import Image

    raw = image.read_raw_bytes()
    skip = ("/ImageMask", "/Decode", "/Mask")
    if len(raw) < 4096 or any(key in image for key in skip) or image.get("/BitsPerComponent", 8) == 1:
        return
    pixels = pikepdf.PdfImage(image).as_pil_image()
    if pixels.mode not in ("L", "RGB"):
        pixels = pixels.convert("RGB")
    if points:
        scale = points / 72 * dpi / max(pixels.size)
        if scale < 0.9:
            pixels = pixels.resize([max(1, ceil(side * scale)) for side in pixels.size], Image.Resampling.LANCZOS)
    buffer = BytesIO()
    pixels.save(buffer, "JPEG", quality=quality, optimize=True)
    if len(buffer.getvalue()) < len(raw):
        image.write(buffer.getvalue(), filter=pikepdf.Name.DCTDecode)
        image.Width, image.Height, image.BitsPerComponent = *pixels.size, 8
        image.ColorSpace = pikepdf.Name.DeviceGray if pixels.mode == "L" else pikepdf.Name.DeviceRGB


BEST = "pikepdf + Pillow at the shown dpi"

WAYS: dict[str, Callable[[Path, Path, int], None]] = {
    "mmsprep": ours,
    BEST: with_pikepdf_and_pillow,
    "pikepdf lossless": with_pikepdf,
    "pypdf + Pillow": with_pypdf_and_pillow,
    "pypdf": with_pypdf,
}


def measure(way: Callable[[Path, Path, int], None], source: Path, target: Path, limit: int) -> Outcome:
    """Run one way in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    note, child = "", os.fork()
    if child == 0:
        code = 0
        try:
            way(source, target, limit)
        except BaseException as error:
            target.with_suffix(".note").write_text(f"{type(error).__name__}: {error}"[:200])
            code = 1
        os._exit(code)
    _, status, used = os.wait4(child, 0)
    cpu = used.ru_utime + used.ru_stime
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime >= before.ru_utime
    if status or not target.exists():
        left = target.with_suffix(".note")
        note = left.read_text() if left.exists() else f"status {status}"
        return Outcome(0, cpu, used.ru_maxrss / 1024, pages_kept=False, text_kept=0.0, note=note)
    pages, text = _compared(source, target)
    return Outcome(target.stat().st_size, cpu, used.ru_maxrss / 1024, pages_kept=pages, text_kept=text, note=note)


def _compared(source: Path, target: Path) -> tuple[bool, float]:
    from collections import Counter

    import pypdfium2

    one, other = (pypdfium2.PdfDocument(each) for each in (source, target))
    if len(one) != len(other):
        return False, 0.0
    had, kept = 0, 0
    for index in range(len(one)):
        letters = [Counter("".join(each[index].get_textpage().get_text_range().split())) for each in (one, other)]
        had += letters[0].total()
        kept += (letters[0] & letters[1]).total()
    return True, kept / had if had else 1.0


def report(files: list[Path], limit: int, ways: Collection[str]) -> Iterator[str]:
    """Measure all and give the report's lines."""
    import pikepdf  # noqa: F401  imported once here, so that no way pays for it
    import PIL.Image  # noqa: F401
    import pypdf  # noqa: F401
    import pypdfium2  # noqa: F401

    from mmsprep.detect import warm

    warm()
    results: dict[str, list[Outcome]] = {name: [] for name in WAYS if name in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(files):
            for name, made in results.items():
                outcome = measure(WAYS[name], source, Path(folder) / f"{number}-{len(name)}.pdf", limit)
                made.append(outcome)
                print(f"{source.name[:48]:48} {name[:20]:20} {outcome}", file=sys.stderr, flush=True)
    best = sum(each.cpu_seconds for each in results[BEST])
    yield f"| way | fit of {len(files)} | CPU, ratio | bytes, median share | least text kept | peak MB |"
    yield "|---|---|---|---|---|---|"
    for name, outcomes in results.items():
        made = [(each, source) for each, source in zip(outcomes, files, strict=True) if each.bytes]
        share = median(each.bytes / source.stat().st_size for each, source in made) if made else 0
        yield (
            f"| {name} | {sum(each.fits(limit) for each in outcomes)} | "
            f"{sum(each.cpu_seconds for each in outcomes) / best:.2f} | {share:.2f} | "
            f"{min((each.text_kept for each, _ in made), default=0):.3f} | "
            f"{max(each.peak_megabytes for each in outcomes):.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=1_500_000)
    parser.add_argument("--above", type=int, default=None, help="only files of at least so many bytes; the limit")
    parser.add_argument("--quick", action="store_true", help="only ours and the best of the others")
    given = parser.parse_args()
    least = given.limit if given.above is None else given.above
    files = sorted(each for each in given.folder.rglob("*.pdf") if each.stat().st_size >= least)
    for line in report(files, given.limit, ("mmsprep", BEST) if given.quick else WAYS):
        print(line)


if __name__ == "__main__":
    main()
