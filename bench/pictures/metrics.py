"""Score a picture against its source as it is seen on a screen: SSIMULACRA 2, and butteraugli as a second opinion."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from PIL import Image, ImageOps

SCREEN = 2048
C_SOURCE = Path(__file__).with_name("ssimulacra2.c")


def on_screen(picture: Image.Image) -> Image.Image:
    """Scale a source to what a screen shows of it."""
    factor = min(1.0, SCREEN / max(picture.size))
    width, height = (max(1, round(length * factor)) for length in picture.size)
    shown = picture.convert("RGB")
    return shown if factor == 1 else shown.resize((width, height), Image.Resampling.LANCZOS)


class Reference:
    """A source, measured once."""

    def __init__(self, source: Image.Image) -> None:
        self.shown = on_screen(source)
        self._measured = _library().picture_new(self.shown.tobytes(), *self.shown.size)

    def __del__(self) -> None:
        _library().picture_free(self._measured)

    def _fitted(self, data: bytes) -> Image.Image:
        picture = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
        same = picture.size == self.shown.size
        return picture if same else picture.resize(self.shown.size, Image.Resampling.LANCZOS)

    def ssimulacra2(self, data: bytes) -> float:
        """100 is the same, 90 cannot be told apart, 70 is good, 50 is fair, below 30 is bad."""
        picture = self._fitted(data)
        measured = _library().picture_new(picture.tobytes(), *picture.size)
        try:
            return float(_library().score(self._measured, measured))
        finally:
            _library().picture_free(measured)

    def butteraugli(self, data: bytes) -> float | None:
        """The 3-norm of libjxl's butteraugli_main, where it is installed: smaller is better, below 1 is fine."""
        if not shutil.which("butteraugli_main"):
            return None
        with TemporaryDirectory() as work:
            first, second = Path(work) / "a.png", Path(work) / "b.png"
            self.shown.save(first, compress_level=1)
            self._fitted(data).save(second, compress_level=1)
            run = subprocess.run(["butteraugli_main", first, second], check=True, capture_output=True, text=True)
        return float(run.stdout.split("3-norm:")[1].split()[0])


@cache
def _library() -> ctypes.CDLL:
    """Compile the metric, once per change."""
    built = Path(gettempdir()) / f"ssimulacra2-{C_SOURCE.stat().st_mtime_ns}.so"
    if not built.exists():
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, "-o", built, C_SOURCE, "-lm"], check=True)
    library = ctypes.CDLL(str(built))
    library.picture_new.restype = ctypes.c_void_p
    library.picture_new.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    library.picture_free.argtypes = [ctypes.c_void_p]
    library.score.restype = ctypes.c_double
    library.score.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    return library
