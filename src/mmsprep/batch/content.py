"""Know a result by what it depends on: the content, the profile, the settings, the version."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mmsprep.batch.entry import Part
from mmsprep.errors import PrepError
from mmsprep.profile import Profile
from mmsprep.settings import Settings
from mmsprep.source import opened, place_of
from mmsprep.stores.s3.listing import version_of

UNTOLD = ("source", "note", "confidence")
"""What a profile says about itself, and no result depends on."""


class Contents:
    """Name contents, without looking into any. Safe to share among threads."""

    def __init__(self, settings: Settings, stages: Sequence[str], options: Mapping[str, Any]) -> None:
        self._most_bytes = max(settings.limits.media_bytes, settings.limits.picture_bytes)
        self._shared = {
            "version": version("mmsprep"),
            "limits": asdict(settings.limits),
            "options": dict(options),
            "stages": list(stages),
            "tiles": repr(settings.tiles),
            "ffmpeg": settings.ffmpeg,
        }
        self._remote_version = lru_cache(maxsize=1_000)(partial(version_of, settings.s3, settings.source_buckets))
        self._recipe = lru_cache(maxsize=100)(self._recipe_of)

    def key(self, part: Part, profile: Profile) -> str:
        """Name the result of this content for this profile and these settings.

        Raises Rejected ``unreadable`` for what cannot be opened.
        """
        try:
            content = self._content(part)
        except PrepError as error:
            raise error.about(part.name) from error
        return hashlib.sha256(json.dumps([*content, self._recipe(profile)]).encode()).hexdigest()

    def _recipe_of(self, profile: Profile) -> str:
        """Name everything but the content that a result depends on."""
        wanted = {name: value for name, value in profile.as_dict().items() if name not in UNTOLD}
        told = json.dumps([wanted, self._shared], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def _content(self, part: Part) -> list[str]:
        """Say what a part holds: a digest, or what its server calls this version of it."""
        source = part.source
        if isinstance(source, str) and source.startswith("s3://"):
            return ["version", source, part.version or self._remote_version(source)]
        if (found := place_of(source)) is not None:
            return ["place", hashlib.sha256(found.to_geojson()).hexdigest()]
        if isinstance(source, bytes):
            return ["bytes", hashlib.sha256(source).hexdigest()]
        assert isinstance(source, Path)
        # By the same door as the items', so that nothing but a regular file is ever read.
        with (
            opened(source, Path(), max_bytes=self._most_bytes) as file,
            os.fdopen(os.dup(file.descriptor), "rb") as data,
        ):
            return ["bytes", hashlib.file_digest(data, "sha256").hexdigest()]


def signature(part: Part) -> tuple[int, ...]:
    """Give what changes when somebody writes to a file meanwhile; nothing else can change."""
    if not isinstance(part.source, Path):
        return ()
    try:
        found = part.source.lstat()
    except OSError:
        return (0,)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
