"""Pipeline: any source in, deliverable media out."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mmsprep import defaults
from mmsprep.errors import Misconfigured, PrepError, Rejected, Unavailable
from mmsprep.isolate import Item, Sandbox, item_directory
from mmsprep.media import Facts, Media
from mmsprep.prepared import Deliverable, Prepared
from mmsprep.profile import Profile
from mmsprep.receive import Output, facts_from, receive
from mmsprep.source import Opened, Source, label_of, opened, plain_name
from mmsprep.stage import Event, ignore
from mmsprep.stores import key_of

if TYPE_CHECKING:
    from mmsprep.settings import Settings
    from mmsprep.stores import Store

# An item that a busy machine kept from its work, or whose helper died, gets this many tries in all.
TRIES = 2


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
        self.stages = defaults.stage_names()
        self.options = frozenset[str]().union(*(defaults.load_stage(name).options for name in self.stages))
        self.sandbox = Sandbox(
            preload=("mmsprep.warm", *(name.partition(":")[0] for name in self.stages)),
            require=self.settings.require_sandbox,
            python=self.settings.python,
        )
        self._kept: Path | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is still running and remove the files that no store has taken."""
        self.sandbox.close()
        if self._kept is not None:
            shutil.rmtree(self._kept, ignore_errors=True)

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
        return self._prepare(source, name, progress, options, Cancel())

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
            return await asyncio.to_thread(self._prepare, source, name, progress, options, cancel)
        except asyncio.CancelledError:
            cancel()
            raise

    def inspect(self, source: Source) -> Facts:
        """Measure what *source* is and prepare nothing; raises as `prepare` does."""
        with self._item(source, None) as (opened_source, directory):
            arguments = {"limits": asdict(self.settings.limits)}
            untrusted = self._run("mmsprep.route:inspect_item", arguments, opened_source, directory, ignore, Cancel())
            return facts_from(untrusted["original"])

    def _prepare(
        self,
        source: Source,
        name: str | None,
        progress: Callable[[Event], None],
        options: Mapping[str, Any],
        cancel: Cancel,
    ) -> Prepared:
        started = time.perf_counter()
        if unknown := set(options) - self.options:
            raise Misconfigured(f"no stage has the option {', '.join(sorted(unknown))}")
        arguments = {
            "profile": self.profile.as_dict(),
            "limits": asdict(self.settings.limits),
            "options": dict(options),
            "threads": 1,
            "stages": self.stages,
        }
        with self._item(source, name) as (opened_source, directory):
            untrusted = self._run("mmsprep.route:prepare_item", arguments, opened_source, directory, progress, cancel)
            received = receive(untrusted, directory, self.profile)
            return Prepared(
                source=opened_source.label,
                media=tuple(
                    self._keep(output, each)
                    for output, each in zip(received.outputs, _names(opened_source.name, received.outputs), strict=True)
                ),
                original=received.original,
                steps=received.steps,
                warnings=received.warnings,
                seconds=time.perf_counter() - started,
            )

    @contextmanager
    def _item(self, source: Source, name: str | None) -> Iterator[tuple[Opened, Path]]:
        """Open the source beside a private directory for its work; name it in every error."""
        most = max(self.settings.limits.media_bytes, self.settings.limits.picture_bytes)
        try:
            with item_directory() as directory, opened(source, directory, name=name, max_bytes=most) as each:
                yield each, directory
        except PrepError as error:
            raise error.about(name or plain_name(Path(label_of(source)).name)) from error

    def _run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        source: Opened,
        directory: Path,
        progress: Callable[[Event], None],
        cancel: Cancel,
    ) -> Any:
        def emit(untrusted_event: dict[str, Any]) -> None:
            progress(_event(untrusted_event))

        for left in reversed(range(TRIES)):
            item = self.sandbox.start(
                task, arguments, limits=self.settings.limits, workdir=directory, source=source.descriptor, emit=emit
            )
            with item, cancel.watching(item):
                try:
                    return item.result()
                except Unavailable:
                    if not left:
                        raise
        raise AssertionError("unreachable")

    def _keep(self, output: Output, name: str) -> Deliverable:
        """Put one output into the store, or where the caller can have it."""
        media = Media(output.path, name, output.facts)
        if self.store is not None:
            url = self.store.put(media, key_of(output.sha256, output.suffix, self._salt))
            return Deliverable(path=None, url=url, name=name, sha256=output.sha256, facts=output.facts)
        with self._lock:
            self._kept = self._kept or Path(tempfile.mkdtemp(prefix="prepared-"))
        folder = self._kept / output.sha256[:16]
        folder.mkdir(exist_ok=True)
        path = Path(shutil.move(output.path, folder / name))
        return Deliverable(path=path, url=None, name=name, sha256=output.sha256, facts=output.facts)


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


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _event(untrusted_event: Mapping[str, Any]) -> Event:
    step, fraction, eta = (untrusted_event.get(key) for key in ("step", "fraction", "eta"))
    return Event(
        step=step[:32] if isinstance(step, str) and step.isprintable() else "",
        fraction=min(1.0, max(0.0, float(fraction))) if isinstance(fraction, int | float) else None,
        eta_seconds=max(0.0, float(eta)) if isinstance(eta, int | float) else None,
    )


def _names(source_name: str, outputs: tuple[Output, ...]) -> list[str]:
    """Name the outputs after their source; those that would be called the same are counted."""
    stem = source_name.rpartition(".")[0] or source_name
    counts = {suffix: sum(1 for each in outputs if each.suffix == suffix) for suffix in {o.suffix for o in outputs}}
    numbers = dict.fromkeys(counts, 0)
    names = []
    for output in outputs:
        numbers[output.suffix] += 1
        number = f"-{numbers[output.suffix]}" if counts[output.suffix] > 1 else ""
        names.append(f"{stem}{number}{output.suffix}")
    return names


__all__ = ["Pipeline", "Rejected", "Unavailable"]
