"""One source's whole round as the caller sees it: opened here, prepared in a child, checked here."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmsprep.errors import PrepError, Unavailable
from mmsprep.isolate import Item, Sandbox, Usage, item_directory
from mmsprep.prepared import Inspected
from mmsprep.profile import Profile
from mmsprep.receive import Foreseen, Output, Received, receive, receive_foreseen, receive_inspected
from mmsprep.settings import Settings
from mmsprep.source import Opened, Source, is_built, opened, place_of, rereadable, shown_name
from mmsprep.stage import Event, ignore
from mmsprep.stores.s3.download import Downloads
from mmsprep.tools import ffmpeg, tiles

log = logging.getLogger(__name__)

# An item that a busy machine kept from its work, or whose helper died, gets this many tries in all.
TRIES = 2


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one source: how it was given, the name to show for it, its outputs and their names, its time."""

    source: str
    name: str
    received: Received
    names: tuple[str, ...]
    link_names: tuple[str, ...]
    seconds: float

    @property
    def total_bytes(self) -> int:
        """The bytes of all outputs, which are what a message counts."""
        return sum(output.facts.bytes for output in self.received.outputs)


class Cancel:
    """Carry a cancellation from one thread to the item that another thread waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: Item | None = None
        self._called = False

    def __call__(self) -> None:
        with self._lock:
            self._called = True
            if self._item is not None:
                self._item.cancel()

    @contextmanager
    def watching(self, item: Item) -> Iterator[None]:
        """Cancel *item* when called meanwhile, or at once when it was called before."""
        with self._lock:
            self._item = item
            if self._called:
                item.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._item = None


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Items:
    """Run the rounds of sources, each in a child of its own. Safe to share among threads."""

    def __init__(self, settings: Settings, stages: Sequence[str]) -> None:
        self._settings = settings
        self._stages = tuple(stages)
        self._fetch = Downloads(settings.s3, settings.source_buckets)
        self._ffmpeg = ffmpeg.find(settings.ffmpeg) if settings.ffmpeg else None
        self._most = max(settings.limits.media_bytes, settings.limits.picture_bytes)
        modules = [name.partition(":")[0] for name in stages]
        self._sandbox = self._helped_by("mmsprep.warm", *modules)
        # A place or a contact needs none of the codecs: where it is all there is, they are not loaded for it.
        plugged = [each for each in modules if not each.startswith("mmsprep.")]
        self._light = self._helped_by("mmsprep.route", *plugged)
        self._begun = False
        self._lock = threading.Lock()

    def _helped_by(self, *preload: str) -> Sandbox:
        return Sandbox(
            preload=preload,
            require=self._settings.require_sandbox,
            python=self._settings.python,
            readable=(self._ffmpeg,) if self._ffmpeg else (),
        )

    def close(self) -> None:
        """End what is still running."""
        self._sandbox.close()
        self._light.close()

    @contextmanager
    def _sandbox_for(self, *, built: bool) -> Iterator[Sandbox]:
        """Choose the sandbox: a helper of its own, which starts sooner, for a first item that was built here."""
        with self._lock:
            light = built and not self._begun
            self._begun = True
        if not light:
            yield self._sandbox
            return
        with self._light:
            yield self._light

    def make(
        self,
        source: Source,
        profile: Profile,
        shelf: Path,
        *,
        name: str | None = None,
        progress: Callable[[Event], None] = ignore,
        options: Mapping[str, Any] | None = None,
        threads: int = 1,
        cancel: Cancel | None = None,
        previews: bool = False,
        spent: Callable[[Usage], None] = lambda _: None,
    ) -> Made:
        """Prepare *source* for *profile* and put what came of it on the *shelf*; raises Rejected or Unavailable.

        With *previews* thumbnails are drawn too, of the source and of what came of it. Whatever became of it,
        *spent* is told what each try took.
        """
        started = time.perf_counter()
        arguments = {
            "profile": profile.as_dict(),
            "limits": asdict(self._settings.limits),
            "options": dict(options or {}),
            "threads": threads,
            "ffmpeg": self._ffmpeg,
            "stages": self._stages,
            "previews": previews,
        }
        with self._opened(source, name) as (file, directory):
            task, cancel = "mmsprep.route:prepare_item", cancel or Cancel()
            with self._sandbox_for(built=is_built(source)) as sandbox:
                untrusted = self._run(task, arguments, file, directory, progress, cancel, spent, sandbox)
            received = receive(untrusted, directory, profile)
            return Made(
                source=file.label,
                name=shown_name(source, name),
                received=replace(
                    received,
                    outputs=tuple(_shelved(output, shelf) for output in received.outputs),
                    links=tuple(_shelved(output, shelf) for output in received.links),
                ),
                names=output_names(file.name, [output.suffix for output in received.outputs]),
                link_names=output_names(file.name, [output.suffix for output in received.links]),
                seconds=time.perf_counter() - started,
            )

    def rereadable(self, source: Source, folder: Path) -> Source:
        """Make a source that `make` can read more than once, in *folder* if it must be copied; raises as `make`."""
        try:
            return rereadable(source, folder, max_bytes=self._most, fetch=self._fetch)
        except PrepError as error:
            raise error.about(shown_name(source)) from error

    def inspect(self, source: Source) -> Inspected:
        """Measure what *source* is and read what it tells, in a child; raises as `make` does."""
        with self._opened(source, None) as (file, directory):
            arguments = {"limits": asdict(self._settings.limits)}
            untrusted = self._run("mmsprep.route:inspect_item", arguments, file, directory, ignore, Cancel())
            return receive_inspected(untrusted)

    def foresee(self, source: Source, profiles: Sequence[Profile]) -> Foreseen:
        """Tell per profile what would begin with *source*, in a child, and prepare nothing; raises as `make` does."""
        with self._opened(source, None) as (file, directory):
            arguments = {
                "limits": asdict(self._settings.limits),
                "profiles": [profile.as_dict() for profile in profiles],
                "stages": self._stages,
            }
            untrusted = self._run("mmsprep.route:foresee_item", arguments, file, directory, ignore, Cancel())
            return receive_foreseen(untrusted, profiles)

    @contextmanager
    def _opened(self, source: Source, name: str | None) -> Iterator[tuple[Opened, Path]]:
        """Open the source beside a private directory for its work; name it in every error."""
        try:
            with (
                item_directory() as directory,
                opened(source, directory, name=name, max_bytes=self._most, fetch=self._fetch) as file,
            ):
                if self._settings.tiles is not None and (place := place_of(source)):
                    # Fetched here, for inside there is no network; decoded there, for tiles are strangers' files.
                    tiles.fetch(place, self._settings.tiles, directory / tiles.FOLDER)
                yield file, directory
        except PrepError as error:
            raise error.about(shown_name(source, name)) from error

    def _run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        source: Opened,
        directory: Path,
        progress: Callable[[Event], None],
        cancel: Cancel,
        spent: Callable[[Usage], None] = lambda _: None,
        sandbox: Sandbox | None = None,
    ) -> Any:
        def emit(untrusted_event: dict[str, Any]) -> None:
            progress(_event(untrusted_event))

        for left in reversed(range(TRIES)):
            item = (sandbox or self._sandbox).start(
                task, arguments, limits=self._settings.limits, workdir=directory, source=source.descriptor, emit=emit
            )
            try:
                return _result(item, source.label, cancel, spent)
            except Unavailable:
                if not left:
                    raise
        raise AssertionError("unreachable")


def _result(item: Item, label: str, cancel: Cancel, spent: Callable[[Usage], None]) -> Any:
    """Wait for an item's result, and tell what it took, however it ended."""
    ended = "cancelled"
    with item, cancel.watching(item):
        try:
            result = item.result()
            ended = "ready"
            return result
        except PrepError as error:
            ended = error.reason
            raise
        finally:
            spent(item.usage)
            _log_end(label, ended, item.usage)


def _log_end(label: str, ended: str, usage: Usage) -> None:
    """Log what an item took, as one line of JSON in ASCII.

    The source is a hash: names are about people, and none can end the line or begin another.
    """
    if log.isEnabledFor(logging.INFO):
        source = hashlib.sha256(os.fsencode(label)).hexdigest()[:16]
        log.info("%s", json.dumps({"event": "item", "source": source, "ended": ended, **asdict(usage)}))


def _shelved(output: Output, shelf: Path) -> Output:
    path = shelf / f"{output.sha256[:32]}{output.suffix}"
    return replace(output, path=Path(shutil.move(output.path, path)))


def _event(untrusted_event: Mapping[str, Any]) -> Event:
    step, fraction, eta = (untrusted_event.get(key) for key in ("step", "fraction", "eta"))
    return Event(
        step=step[:32] if isinstance(step, str) and step.isprintable() else "",
        fraction=min(1.0, max(0.0, float(fraction))) if isinstance(fraction, int | float) else None,
        eta_seconds=max(0.0, float(eta)) if isinstance(eta, int | float) else None,
    )


def output_names(source_name: str, suffixes: Sequence[str]) -> tuple[str, ...]:
    """Name outputs with these *suffixes* after their source; those that would be called the same are counted."""
    stem = source_name.rpartition(".")[0] or source_name
    numbered = [
        f"-{suffixes[: index + 1].count(suffix)}" if suffixes.count(suffix) > 1 else ""
        for index, suffix in enumerate(suffixes)
    ]
    return tuple(f"{stem}{number}{suffix}" for number, suffix in zip(numbered, suffixes, strict=True))
