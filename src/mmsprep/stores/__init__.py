"""Where finished media is kept, so that a provider can fetch it."""

from __future__ import annotations

from typing import Protocol

from mmsprep.media import Media


class Store(Protocol):
    """A place for finished media. One store serves many threads."""

    def put(self, media: Media, key: str) -> str:
        """Keep *media* under *key*, whole or not at all, and return its URL; the same again changes nothing.

        Raises Unavailable ``store`` when it cannot be kept now.
        """
        ...
