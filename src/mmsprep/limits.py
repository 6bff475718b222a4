"""What may come in: bounds on a source and on what one item may cost."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bound what a source may be, from its headers, and what preparing it may cost.

    Sizes are bytes, areas pixels, times seconds. The defaults accept everything a phone makes today
    (200-megapixel photos, 4-hour recordings) and nothing that only an attacker sends.
    """

    picture_bytes: int = 100 * MB
    document_bytes: int = 100 * MB
    media_bytes: int = 2_000 * MB
    card_bytes: int = 256_000
    reducible_pixels: int = 210 * MB
    """JPEG, which decodes at a fraction of its size, and HEIC, which phones make as large."""
    pixels: int = 100 * MB
    frames: int = 2_000
    animation_pixels: int = 500 * MB
    """Frames times area: what is decoded in all."""
    scans: int = 100
    """Scans of a progressive JPEG: each costs a pass over the picture."""
    media_seconds: float = 4 * 3600.0
    streams: int = 32
    channels: int = 16
    pages: int = 2_000
    decoded_document_bytes: int = 400 * MB
    cards: int = 10
    nesting: int = 2

    memory_bytes: int = 1_200 * MB
    """Memory of one item over the helper's own: the ceiling, which the item lowers once its type is known."""
    cpu_seconds: float = 120.0
    wall_seconds: float = 180.0
    file_bytes: int = 2_000 * MB
    """The largest file an item may write."""
    descriptors: int = 64
