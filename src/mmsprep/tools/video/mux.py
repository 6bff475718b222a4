"""Put picture and sound into a clean file: the index first, and nothing told, not even about the encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmsprep.tools.ffmpeg import Runner, own
from mmsprep.tools.ffmpeg.command import BIT_EXACT

FORMATS = {".mp4": "mp4", ".3gp": "3gp"}

# A NAL unit of type 6 is supplemental information: x264's settings, captions, a camera's own data (H.264, 7.4.1).
BARE = {"h264": {"bsf:v": "filter_units=remove_types=6"}}


def mux(
    runner: Runner, picture: Any, sound: Path | None, suffix: str, *, codec: str = "h264", most: int | None = None
) -> Path:
    """Copy *picture*, a stream of ffmpeg-python's, and *sound* into one file, no more than *most* bytes of them."""
    path = runner.path(suffix)
    streams = [picture] if sound is None else [picture, own(sound)["a:0"]]
    copied = {key: value for key, value in BIT_EXACT.items() if not key.startswith("flags:")} | BARE.get(codec, {})
    if most is not None:
        copied["fs"] = most
    import ffmpeg

    output = ffmpeg.output(*streams, str(path), f=FORMATS[suffix], c="copy", movflags="+faststart", **copied)
    runner.run(output)
    return path
