"""A JPEG that fits is written anew as coarsely as it was: a finer one would be larger and show nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

FULL, HALF, QUARTER = 0, 1, 2
"""Pillow's names for 4:4:4, 4:2:2 and 4:2:0."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a JPEG was coded: its quantisation tables in natural order, and how its colour is sampled."""

    tables: tuple[tuple[int, ...], ...]
    sampling: int

    @classmethod
    def of(cls, picture: Image.Image) -> Self | None:
        """Read how an opened picture was coded; None for what is no JPEG, or one of another kind than phones make."""
        from PIL import JpegImagePlugin

        tables = getattr(picture, "quantization", None)
        if not tables or picture.mode not in {"RGB", "L"} or any(len(table) != 64 for table in tables.values()):
            return None
        sampling = JpegImagePlugin.get_sampling(picture) if picture.mode == "RGB" else FULL
        return cls(tuple(tuple(tables[key]) for key in sorted(tables))[:2], sampling if sampling >= 0 else FULL)

    def turned(self) -> Coding:
        """Give the coding of the same picture on its side: rows and columns of frequencies change places."""
        tables = tuple(tuple(table[8 * (at % 8) + at // 8] for at in range(64)) for table in self.tables)
        return Coding(tables, FULL if self.sampling == HALF else self.sampling)

    def finer(self) -> Coding:
        """Give tables of half the steps: for pixels that no longer lie on the source's grid of blocks or colours."""
        return Coding(tuple(tuple(step // 2 for step in table) for table in self.tables), self.sampling)

    def encode(self, pixels: Image.Image, *, progressive: bool) -> bytes:
        """Write *pixels* with these tables: where they come from such a JPEG, hardly a coefficient changes."""
        buffer = BytesIO()
        save: Callable[..., None] = pixels.save
        tables = [[min(max(step, 1), 255) for step in table] for table in self.tables]
        save(buffer, "JPEG", qtables=tables, subsampling=self.sampling, optimize=True, progressive=progressive)
        return buffer.getvalue()
