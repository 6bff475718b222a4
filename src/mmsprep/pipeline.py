"""Pipeline: any source in, deliverable media out."""

from __future__ import annotations

import copy
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mmsprep import defaults
from mmsprep.compose import captions_of, check_count, check_sources, fit_together
from mmsprep.errors import Misconfigured, PrepError
from mmsprep.isolate import item_directory
from mmsprep.items import Cancel, Items, Made, cores
from mmsprep.media import Media
from mmsprep.prepared import Deliverable, Inspected, Prepared
from mmsprep.profile import Profile
from mmsprep.receive import Output
from mmsprep.source import Source
from mmsprep.stage import Event, ignore
from mmsprep.stores import key_of

if TYPE_CHECKING:
    from mmsprep.message import Message
    from mmsprep.settings import Settings
    from mmsprep.stores import Store


class Pipeline:
    """Prepare sources for one profile and keep the results in one store. Safe to share among threads.

    *store* is a folder's path, a store's URL or a `Store`; without one the caller owns the files at
    `Deliverable.path`, which ``with Pipeline() as pipeline:`` removes at its end. What is not given comes
    from the settings (environment, ``mmsprep.toml``, defaults). Raises Misconfigured for wrong settings.
    """

    def __init__(
        self,
        profile: Profile | str | None = None,
        *,
        store: Store | str | Path | None = None,
        max_bytes: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        from mmsprep.settings import Settings

        named = profile if isinstance(profile, str) else None
        chosen = settings or Settings.load()
        self.settings = chosen.model_copy(update=_given(profile=named, max_bytes=max_bytes))
        self.profile = profile if isinstance(profile, Profile) else self.settings.resolve_profile()
        if isinstance(profile, Profile) and max_bytes is not None:
            self.profile = replace(profile, max_bytes=max_bytes)
        where = store if store is not None else self.settings.store
        self._salt = salt.get_secret_value() if (salt := self.settings.key_salt) else None
        self.store = defaults.open_store(str(where), self.settings) if isinstance(where, str | Path) else where
        self._stages = defaults.stage_names()
        self._items = Items(self.settings, self._stages)
        # An item alone has all cores; whoever runs several at once gives each its part.
        self._cores = cores()
        self._threads = self.settings.threads or self._cores
        self._kept: Path | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is still running and remove the files that no store has taken."""
        self._items.close()
        if self._kept is not None:
            shutil.rmtree(self._kept, ignore_errors=True)

    def alike(self, profile: str | None = None, *, store: str | None = None) -> Self:
        """Give a pipeline for another profile or store that shares what this one keeps warm, and ends with it."""
        other = copy.copy(self)
        if profile is not None:
            other.settings = self.settings.model_copy(update={"profile": profile})
            other.profile = other.settings.resolve_profile()
        if store is not None:
            other.store = defaults.open_store(store, other.settings)
        return other

    def prepare(
        self,
        source: Source,
        *,
        name: str | None = None,
        progress: Callable[[Event], None] = ignore,
        **options: Any,
    ) -> Prepared:
        """Turn *source* into media that the profile admits, and put it into the store.

        *name* is the file name to show where the source has none; *options* are what the stages read.
        Raises Rejected (never try again) or Unavailable (try again), naming the source.
        """
        return self._prepare(source, Cancel(), name, progress, options)

    async def aprepare(
        self,
        source: Source,
        *,
        name: str | None = None,
        progress: Callable[[Event], None] = ignore,
        **options: Any,
    ) -> Prepared:
        """Do as `prepare` in a thread; cancelling this kills the work at once."""
        import asyncio

        cancel = Cancel()
        try:
            return await asyncio.to_thread(self._prepare, source, cancel, name, progress, options)
        except asyncio.CancelledError:
            cancel()
            raise

    def inspect(self, source: Source) -> Inspected:
        """Measure what *source* is and read what it tells, and prepare nothing; raises as `prepare` does."""
        return self._items.inspect(source)

    def compose(
        self,
        sources: Sequence[Source],
        *,
        captions: Sequence[str] = (),
        progress: Callable[[int, Event], None] = lambda *_: None,
        **options: Any,
    ) -> Message:
        """Prepare *sources*, all at once, so that together they fit one message, and put them into the store.

        *captions* are none, or one per source; a source that makes several files has its caption on the first.
        *progress* is told the number of a source, from 0, and how far it has come, by several threads.
        Raises as `prepare` does, for the first source that cannot be sent, and Rejected ``too-many-files``.
        """
        from mmsprep.message import Message

        if captions and len(captions) != len(sources):
            raise Misconfigured(f"captions: {len(captions)}, sources: {len(sources)}; give one each, or none")
        check_sources(len(sources), self.profile, options)
        with self._shelf() as shelf:
            together = self._together(list(sources), self.profile, shelf, options, progress, copies=shelf)
            made = [_or_raise(each) for each in together]
            check_count(made, self.profile)
            prepared = [self._finished(each) for each in made]
        return Message(
            media=tuple(media for each in prepared for media in each.media),
            profile=self.profile,
            captions=captions_of(prepared, captions),
            texts=tuple(dict.fromkeys(text for each in prepared for text in each.text)),
            warnings=tuple(f"{each.name}: {warning}" for each in made for warning in each.received.warnings),
            prepared=tuple(prepared),
        )

    def plan(
        self,
        sources: Sequence[Source],
        profiles: Sequence[Profile | str],
        *,
        progress: Callable[[int, Event], None] = lambda *_: None,
        **options: Any,
    ) -> dict[str, list[Prepared | PrepError]]:
        """Tell, per profile, what each source would become in one message; nothing is stored.

        Whether they are too many, or too large together, for one message is for `mmsprep.message.check_fits` to say.
        """
        planned = {}
        with self._shelf() as copies:
            readable = list(sources)
            for named in profiles:
                profile = named if isinstance(named, Profile) else self.settings.named_profile(named)
                with self._shelf() as shelf:
                    made = self._together(readable, profile, shelf, options, progress, copies=copies)
                planned[profile.name] = [
                    each if isinstance(each, PrepError) else _prepared(each, _unkept(each)) for each in made
                ]
        return planned

    def _prepare(
        self,
        source: Source,
        cancel: Cancel,
        name: str | None,
        progress: Callable[[Event], None],
        options: dict[str, Any],
    ) -> Prepared:
        self._check(options)
        with self._shelf() as shelf:
            made = self._items.make(
                source,
                self.profile,
                shelf,
                name=name,
                progress=progress,
                options=options,
                threads=self._threads,
                cancel=cancel,
            )
            return self._finished(made)

    def _together(
        self,
        sources: list[Source],
        profile: Profile,
        shelf: Path,
        options: dict[str, Any],
        progress: Callable[[int, Event], None],
        *,
        copies: Path,
    ) -> list[Made | PrepError]:
        """Prepare *sources* so that they fit one message; each that can be read but once is replaced by its copy."""
        self._check(options)
        jobs = max(1, min(self._cores, len(sources)))
        cancels = [Cancel() for _ in sources]

        def make(index: int, narrowed: Profile) -> Made:
            sources[index] = self._items.rereadable(sources[index], copies)
            return self._items.make(
                sources[index],
                narrowed,
                shelf,
                progress=partial(progress, index),
                options=options,
                threads=max(1, self._threads // jobs),
                cancel=cancels[index],
            )

        return fit_together(make, len(sources), profile, jobs=jobs, stops=cancels)

    def _check(self, options: dict[str, Any]) -> None:
        defaults.check_options(options, self._stages)

    def _shelf(self) -> AbstractContextManager[Path]:
        """Make a folder for what has come out of the isolation and is in no store yet.

        It goes with the items' own when this process is killed.
        """
        return item_directory()

    def _finished(self, made: Made) -> Prepared:
        received = made.received
        try:
            media = tuple(self._keep(each, name) for each, name in zip(received.outputs, made.names, strict=True))
            linked = [self._keep(each, name) for each, name in zip(received.links, made.link_names, strict=True)]
        except PrepError as error:
            # A store does not know whose file it could not keep.
            raise error.about(made.name) from error
        return _prepared(made, media, tuple(each.url or str(each.path) for each in linked))

    def _keep(self, output: Output, name: str) -> Deliverable:
        """Put one output into the store, or where the caller can have it."""
        if self.store is not None:
            media = Media(output.path, name, output.facts)
            url = self.store.put(media, key_of(output.sha256, output.suffix, self._salt))
            return Deliverable(path=None, url=url, name=name, sha256=output.sha256, facts=output.facts)
        with self._lock:
            self._kept = self._kept or Path(tempfile.mkdtemp(prefix="prepared-"))
        folder = self._kept / output.sha256[:16]
        folder.mkdir(exist_ok=True)
        path = Path(shutil.move(output.path, folder / name))
        return Deliverable(path=path, url=None, name=name, sha256=output.sha256, facts=output.facts)


def _prepared(made: Made, media: tuple[Deliverable, ...], links: tuple[str, ...] = ()) -> Prepared:
    received = made.received
    return Prepared(
        source=made.source,
        media=media,
        original=received.original,
        steps=received.steps,
        warnings=received.warnings,
        text=(*received.texts, *links),
        seconds=made.seconds,
    )


def _unkept(made: Made) -> tuple[Deliverable, ...]:
    return tuple(
        Deliverable(path=None, url=None, name=name, sha256=each.sha256, facts=each.facts)
        for each, name in zip(made.received.outputs, made.names, strict=True)
    )


def _or_raise(made: Made | PrepError) -> Made:
    if isinstance(made, PrepError):
        raise made
    return made


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
