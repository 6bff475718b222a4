"""What people use to get a photo below a size, each as its users would: from a file to a JPEG below a limit.

Every peer gets the side that suits it best at each limit where it takes one (`sides`), and looks for its highest
quality by bisection where it has no search of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
MIB_KB = 1024


@dataclass(frozen=True)
class Peer:
    name: str
    run: Callable[[Path, int, int], bytes]
    """From source, limit and long side to the JPEG."""
    sides: tuple[int, ...] = (2048,)
    needs: Callable[[], object] = lambda: True
    warm: Callable[[], object] = lambda: None
    """Import what it runs in, which a service does once: none of it is counted."""


def bisect(encode: Callable[[int], bytes], limit: int) -> bytes:
    """Find the highest integer quality below the limit, as everybody does; the lowest when none is."""
    low, high, best = 1, 100, None
    while low <= high:
        middle = (low + high) // 2
        data = encode(middle)
        if len(data) < limit:
            best, low = data, middle + 1
        else:
            high = middle - 1
    return best or encode(1)


def ours(source: Path, limit: int, _side: int) -> bytes:
    from mmsprep.detect import detect
    from mmsprep.limits import Limits
    from mmsprep.media import Media
    from mmsprep.profile import Profile
    from mmsprep.stage import Job
    from mmsprep.stages.image import STAGE

    profile = Profile(name="bench", types=frozenset({"image/jpeg"}), max_bytes=limit)
    with TemporaryDirectory() as work:
        media = Media(source, source.name, detect(source, Limits()))
        (path,) = STAGE.run(media, Job(profile=profile, workdir=Path(work)))
        return path.read_bytes()


def pillow(source: Path, limit: int, side: int) -> bytes:
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(Image.open(source)).convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)

    def encode(quality: int) -> bytes:
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        return buffer.getvalue()

    return bisect(encode, limit)


def vips(source: Path, limit: int, side: int) -> bytes:
    import pyvips

    picture = pyvips.Image.thumbnail(str(source), side, height=side, size="down").copy_memory()
    return bisect(lambda quality: picture.jpegsave_buffer(Q=quality, optimize_coding=True, keep="none"), limit)


def thumbor(source: Path, limit: int, side: int) -> bytes:
    """Do what its reload_to_fit_in_kb does: from quality 80 by three quarters, and give up below 10."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(Image.open(source)).convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)

    def encode(quality: int) -> bytes:
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        return buffer.getvalue()

    quality, data = 80, encode(80)
    first = data
    while len(data) > limit:
        quality = quality * 3 // 4
        if quality < 10:
            return first
        data = encode(quality)
    return data


def imgproxy(source: Path, limit: int, side: int) -> bytes:
    """Do what its saveImageToFitBytes does: from quality 80 by a factor that follows the excess, until 10."""
    import pyvips

    picture = pyvips.Image.thumbnail(str(source), side, height=side, size="down").copy_memory()
    quality = 80
    while True:
        data: bytes = picture.jpegsave_buffer(Q=quality, keep="none")
        if len(data) <= limit or quality <= 10:
            return data
        excess = len(data) / limit
        quality = int(quality * (0.25 if excess > 3 else 0.5 if excess > 1.5 else 0.75))


def magick(source: Path, limit: int, side: int) -> bytes:
    box = f"{side}x{side}>"
    program = next(name for name in ("magick", "/usr/bin/convert", "convert") if shutil.which(name))
    define = f"jpeg:extent={limit}b"
    return _run([program, source, "-auto-orient", "-resize", box, "-strip", "-define", define, "jpg:-"])


def jpegoptim(source: Path, limit: int, _side: int) -> bytes:
    with TemporaryDirectory() as work:
        copy = Path(work) / "photo.jpg"
        shutil.copyfile(source, copy)
        # Without its EXIF a picture that has to be turned would lie on its side.
        _run(["jpegoptim", "--quiet", "--strip-all", "--keep-exif", f"--size={limit // MIB_KB}", copy])
        return copy.read_bytes()


def sharp(*, mozjpeg: bool) -> Callable[[Path, int, int], bytes]:
    def run(source: Path, limit: int, side: int) -> bytes:
        return _run(["node", HERE / "sharp.mjs", source, limit, side, json.dumps(mozjpeg)])

    return run


def _run(command: list[object]) -> bytes:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout


def _warm_ours() -> None:
    import mmsprep.stages.image  # noqa: F401
    from mmsprep.detect import warm

    warm()


def _has_vips() -> bool:
    try:
        import pyvips  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def _has_sharp() -> bool:
    return bool(shutil.which("node")) and (HERE / "node_modules" / "sharp").is_dir()


SIDES = (2048, 1024)
PEERS = (
    Peer("mmsprep", ours, warm=_warm_ours),
    Peer("sharp mozjpeg, bisect", sharp(mozjpeg=True), SIDES, _has_sharp),
    Peer("sharp, bisect", sharp(mozjpeg=False), SIDES, _has_sharp),
    Peer("pyvips thumbnail, bisect", vips, SIDES, _has_vips),
    Peer("Pillow, bisect", pillow, SIDES),
    Peer("ImageMagick jpeg:extent", magick, SIDES, lambda: shutil.which("magick") or Path("/usr/bin/convert").exists()),
    Peer("jpegoptim --size", jpegoptim, needs=lambda: shutil.which("jpegoptim")),
    Peer("thumbor's loop", thumbor),
    Peer("imgproxy's loop", imgproxy, needs=_has_vips),
)
