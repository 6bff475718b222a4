"""ffmpeg as a separate program: the command is written with ffmpeg-python, the process is ours."""

from __future__ import annotations

from mmsprep.tools.ffmpeg.binary import find, has_encoder
from mmsprep.tools.ffmpeg.command import own, source, written
from mmsprep.tools.ffmpeg.run import Failed, Runner

__all__ = ["Failed", "Runner", "find", "has_encoder", "own", "source", "written"]
