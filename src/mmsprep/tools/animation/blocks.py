"""A GIF as the blocks it is made of: what shows the pictures is kept, everything else is left behind.

Numbers of sections are those of the GIF89a specification (CompuServe, 1990).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

HASTY_CS, USUAL_CS = 1, 10
"""Hundredths of a second: browsers show a frame that asks for no more than the one for the other."""

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


class Broken(Exception):
    """The file ends, or holds what is no block, before its first picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: how long it is shown, and its blocks from the image descriptor (20) on."""

    delay_cs: int
    disposal: int
    transparent: int | None
    picture: bytes

    def coded(self) -> bytes:
        """Write its graphic control extension (23) and its picture."""
        flags = self.disposal << 2 | (self.transparent is not None)
        control = bytes((EXTENSION, CONTROL, 4, flags, *self.delay_cs.to_bytes(2, "little"), self.transparent or 0, 0))
        return control + self.picture


@dataclass(frozen=True, slots=True)
class Gif:
    """The screen (18, with its colour table), the frames, and how often they are repeated: 0 is for ever."""

    screen: bytes
    frames: tuple[Frame, ...]
    repeats: int | None = None
    whole: bool = True
    """Whether the file went on to its trailer."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the blocks; raises `Broken` when there is no picture. What comes after a broken block is lost."""
        if data[:4] != b"GIF8" or len(data) < 13:
            raise Broken
        start = 13 + _table_bytes(data[10])
        frames: list[Frame] = []
        repeats, at, control, whole = None, start, b"\0\0\0\0", False
        while at < len(data):
            if data[at] == TRAILER:
                whole = True
                break
            if data[at] == EXTENSION and at + 2 < len(data):
                kind, (parts, at) = data[at + 1], _sub_blocks(data, at + 2)
                if kind == CONTROL and parts and len(parts[0]) == 4:
                    control = parts[0]
                if kind == APPLICATION and parts[:1] and parts[0] in LOOPING and len(parts) > 1 and len(parts[1]) == 3:
                    repeats = int.from_bytes(parts[1][1:], "little")
                continue
            if data[at] != IMAGE or at + 10 >= len(data):
                break
            body = at + 10 + _table_bytes(data[at + 9]) + 1
            parts, end = _sub_blocks(data, body)
            if not parts:
                break
            frames.append(_frame(control, data[at:body], parts))
            at, control = end, b"\0\0\0\0"
        if not frames:
            raise Broken
        return cls(data[:start], tuple(frames), repeats, whole)

    @property
    def delays_cs(self) -> tuple[int, ...]:
        return tuple(frame.delay_cs for frame in self.frames)

    def timed(self) -> Gif:
        """Write out the time that browsers give to frames which ask for next to none."""
        timed = (frame if frame.delay_cs > HASTY_CS else replace(frame, delay_cs=USUAL_CS) for frame in self.frames)
        return replace(self, frames=tuple(timed))

    def coded(self) -> bytes:
        """Write the file again: the screen, how often it repeats, the pictures, and nothing else."""
        parts = [b"GIF89a", self.screen[6:]]
        if self.repeats is not None:
            parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + self.repeats.to_bytes(2, "little") + b"\0")
        parts += [frame.coded() for frame in self.frames]
        return b"".join((*parts, bytes((TRAILER,))))


def joined(parts: Iterable[Gif], repeats: int | None) -> Gif:
    """Lay GIFs of one size one after another: colours that were a file's own become their frames' own."""
    first: Gif | None = None
    frames: list[Frame] = []
    for part in parts:
        first = first or part
        same = part.screen[13:] == first.screen[13:]
        frames += part.frames if same else [_with_table(frame, part.screen) for frame in part.frames]
    assert first is not None
    return Gif(first.screen, tuple(frames), repeats)


def _with_table(frame: Frame, screen: bytes) -> Frame:
    """Give a frame its screen's colour table, unless it has one."""
    flags = frame.picture[9]
    if flags & 0x80 or not screen[10] & 0x80:
        return frame
    local = bytes((flags & 0x40 | 0x80 | screen[10] & 0x07,))
    return replace(frame, picture=frame.picture[:9] + local + screen[13:] + frame.picture[10:])


def _frame(control: bytes, head: bytes, parts: list[bytes]) -> Frame:
    flags = control[0]
    picture = head + b"".join(bytes((len(part),)) + part for part in parts) + b"\0"
    disposal = flags >> 2 & 0x07
    return Frame(
        int.from_bytes(control[1:3], "little"),
        disposal if disposal < 4 else 0,
        control[3] if flags & 1 else None,
        picture,
    )


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 0x07) + 1 if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> tuple[list[bytes], int]:
    """Read data sub-blocks (15) up to their terminator or the end of the file."""
    parts = []
    while at < len(data) and data[at]:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return parts, at + 1
