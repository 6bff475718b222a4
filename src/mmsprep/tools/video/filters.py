"""What happens to each frame: deinterlaced, thinned out, scaled, its colours made plain, faded at a cut."""

from __future__ import annotations

from typing import Any

from mmsprep.tools.video.clip import BT709_HEIGHT, HLG, PQ, Clip
from mmsprep.tools.window import FADE_SECONDS

Size = tuple[int, int]

REFERENCE_WHITE = 203
"""Nits of white in HDR (ITU-R BT.2408): what becomes white in an ordinary picture."""

MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m"}
"""ITU-T H.273, table 4, as ffmpeg names them."""
TRANSFERS = {PQ: "smpte2084", HLG: "arib-std-b67", 1: "bt709", 14: "bt2020-10", 15: "bt2020-12"}


def shown(
    stream: Any,
    clip: Clip,
    size: Size,
    *,
    rate: float | None,
    seconds: float | None = None,
    fade_start: float | None = None,
) -> Any:
    """Turn the film's frames into what is coded: 8-bit 4:2:0 of *size*, upright, in square pixels.

    *rate* is given where frames are to be left out. The first frame is shown from the start on, so that
    picture and sound, which waits in silence, begin together.
    """
    if seconds is not None:
        # One frame from behind a gap of hours is enough to make "fps" fill the hours.
        stream = stream.filter("trim", end=round(seconds, 3))
    if clip.interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="all" if clip.woven else "interlaced")
    if rate is not None:
        stream = stream.filter("fps", fps=f"{rate:.5f}", start_time=0)
    else:
        stream = stream.filter("setpts", "if(eq(N,0),0,PTS)")
    stream = _wide(stream, clip, size) if clip.wide else _plain(stream, clip, size)
    stream = stream.filter("setsar", 1)
    if fade_start is not None:
        stream = stream.filter("fade", t="out", st=fade_start, d=FADE_SECONDS)
    return stream


def _plain(stream: Any, clip: Clip, size: Size) -> Any:
    """Scale in the source's own colours, and say which they are: players guess, each in its way."""
    rgb = clip.matrix == 0 or clip.pixel_format.startswith(("rgb", "bgr", "gbr", "pal", "argb", "abgr"))
    guessed = "bt709" if max(clip.height, clip.width * 9 // 16) >= BT709_HEIGHT else "smpte170m"
    matrix = guessed if rgb else MATRICES.get(clip.matrix, guessed)
    options = {"in_color_matrix": matrix} if not rgb else {}
    stream = stream.filter(
        "scale", *size, flags="lanczos+accurate_rnd", out_color_matrix=matrix, out_range="limited", **options
    )
    stream = stream.filter("format", "yuv420p")
    named = "smpte170m" if matrix in ("fcc", "bt470bg", "smpte170m") else matrix
    return stream.filter(
        "setparams", range="limited", colorspace=matrix, color_primaries=named, color_trc="bt709" if rgb else named
    )


def _wide(stream: Any, clip: Clip, size: Size) -> Any:
    """Bring HDR and BT.2020 into BT.709, after scaling: at full size it would cost twice the encoding."""
    # Said anew, for a file may leave out a part, and zscale then finds no way.
    stream = stream.filter(
        "setparams",
        color_trc=TRANSFERS.get(clip.transfer, "bt2020-10"),
        color_primaries="bt2020",
        colorspace="bt2020nc",
        range="full" if clip.full_range else "limited",
    )
    stream = stream.filter("zscale", *size, f="lanczos").filter("zscale", t="linear", npl=REFERENCE_WHITE)
    stream = stream.filter("format", "gbrpf32le").filter("zscale", p="bt709")
    if clip.hdr:
        # Of ffmpeg's curves the one that keeps skies from colouring and white near white (looked at).
        stream = stream.filter("tonemap", tonemap="reinhard", desat=2)
    stream = stream.filter("zscale", t="bt709", m="bt709", r="limited")
    return stream.filter("format", "yuv420p")
