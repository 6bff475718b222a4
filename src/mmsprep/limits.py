"""What may come in: bounds on a source and on what one item may cost."""

from __future__ import annotations

from dataclasses import dataclass

from mmsprep.media import Facts

MB = 1_000_000
MP = 1_000_000
"""A megapixel."""

PREVIEW_BYTES = 40_000
"""The largest thumbnail that an item may show itself by."""


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
    reducible_pixels: int = 210 * MP
    """JPEG, which decodes at a fraction of its size, and HEIC, which phones make as large."""
    pixels: int = 100 * MP
    frames: int = 2_000
    animation_pixels: int = 500 * MP
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
    """A card inside a card (vCard 2.1, AGENT), and no deeper."""

    memory_bytes: int = 1_200 * MB
    """Memory of one item over the helper's own: the ceiling, which the item lowers once its type is known."""
    cpu_seconds: float = 12 * 3600.0
    """The ceiling too: what the longest film may take. Everything else gets far less (`allowance`)."""
    wall_seconds: float = 24 * 3600.0
    slowness: float = 1.0
    """Multiplies all times that `allowance` gives, for a machine much slower than a server's usual core."""
    detection_cpu_seconds: float = 20.0
    """Until the type is known, and with it what the item may take."""
    detection_wall_seconds: float = 60.0
    file_bytes: int = 2_000 * MB
    """The largest file an item may write."""
    descriptors: int = 64


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one item may take: memory over the helper's own, CPU of all its processes, time by the clock."""

    memory_bytes: int
    cpu_seconds: float
    wall_seconds: float


def allowance(facts: Facts, limits: Limits) -> Allowance:
    """Give what a file of these *facts* may take, never above the ceilings of *limits*.

    Per kind: a fixed part, and what its size makes an honest file cost (measured: docs/security.md).
    """
    memory, cpu = _costs(facts)
    cpu *= limits.slowness
    return Allowance(
        memory_bytes=min(limits.memory_bytes, memory),
        cpu_seconds=min(limits.cpu_seconds, cpu),
        # Others want the processor too, so waiting is no fault; but what does nothing at all ends.
        wall_seconds=min(limits.wall_seconds, 30.0 + 4.0 * cpu),
    )


CARDS = frozenset({"text/x-vcard", "application/vcard+json", "text/calendar"})
DECODED_WHOLE = frozenset({"image/heic", "image/avif"})
PHOTOGRAPHS = DECODED_WHOLE | {"image/jpeg"}


def _costs(facts: Facts) -> tuple[int, float]:
    """Estimate memory in bytes and CPU in seconds, generously, for each kind of file."""
    megapixels, frames, seconds = facts.pixels / MP, facts.frames or 1, facts.seconds or 0.0
    memory, cpu = 400 * MB, 30.0  # a place, whose map is drawn, and what only a plug-in knows
    if facts.type in CARDS:
        memory, cpu = 128 * MB, 2.0
    elif facts.type == "application/pdf":
        # Up to four pages are drawn and compared, and one of them may be a map.
        pages = facts.pages or 1
        cpu = 5.0 + 5.0 * min(pages, 4) + 0.5 * pages + facts.bytes / MB
    elif facts.kind == "image" and facts.animated:
        memory, cpu = 768 * MB, 30.0 + 2.0 * megapixels * frames
    elif facts.kind == "image":
        # Graphics are searched for the smallest PNG, which takes a second per megapixel.
        searched = facts.type not in PHOTOGRAPHS
        memory = 256 * MB + _decoded_bytes(facts)
        cpu = 10.0 + 2.0 * megapixels if searched else 8.0 + 0.5 * megapixels
    elif facts.kind == "video":
        memory, cpu = 768 * MB, 60.0 + seconds * (5.0 + 2.0 * megapixels)
    elif facts.kind == "audio":
        memory, cpu = 768 * MB, 30.0 + seconds
    return memory, cpu


def _decoded_bytes(facts: Facts) -> int:
    """Give what a bare decode holds: libjpeg reduces, others are whole, HEIC and AVIF are held three times."""
    if facts.type == "image/jpeg":
        return min(4 * facts.pixels, 160 * MB)
    return (12 if facts.type in DECODED_WHOLE else 4) * facts.pixels
