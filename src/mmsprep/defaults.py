"""The composition root: which stages and stores there are, built in and plugged in alike.

A stage is named by ``module:attribute``, so that the name can be sent into the isolation and loaded there.
Packages add theirs as entry points of the groups ``mmsprep.stages`` and ``mmsprep.stores``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from mmsprep.errors import Misconfigured
from mmsprep.stage import Stage

if TYPE_CHECKING:
    from mmsprep.settings import Settings
    from mmsprep.stores import Store

# In the order in which they are tried.
BUILT_IN_STAGES = (
    "mmsprep.stages.animation:STAGE",
    "mmsprep.stages.video:STAGE",
    "mmsprep.stages.image:STAGE",
    "mmsprep.stages.audio:STAGE",
    "mmsprep.stages.pdf:STAGE",
    "mmsprep.stages.pdf_page:STAGE",
    "mmsprep.stages.calendar:STAGE",
    "mmsprep.stages.vcard:STAGE",
    "mmsprep.stages.map:STAGE",
)

# By the URL scheme that chooses the store; a plain path is a folder.
BUILT_IN_STORES = {"file": "mmsprep.stores.folder:from_url", "s3": "mmsprep.stores.s3:from_url"}


def stage_names() -> tuple[str, ...]:
    """Name every stage as ``module:attribute``, plug-ins first; raises Misconfigured for a broken plug-in."""
    plugged = entry_points(group="mmsprep.stages")
    for entry in plugged:
        _check(entry.name, load_stage(entry.value))
    return (*(entry.value for entry in plugged), *BUILT_IN_STAGES)


def load_stage(name: str) -> Stage:
    """Import the stage that ``module:attribute`` names; raises Misconfigured when it is none."""
    stage = _load(name, "mmsprep.stages")
    if not isinstance(stage, Stage):
        raise Misconfigured(f"the plug-in {name} is a {type(stage).__name__}, not a mmsprep.stage.Stage")
    return stage


def check_options(options: Collection[str], stages: Iterable[str]) -> None:
    """Raise Misconfigured when none of the named *stages* reads one of the *options*."""
    if not options:
        return  # the stages need not be imported here, only in the isolation
    known = frozenset[str]().union(*(load_stage(name).options for name in stages))
    if unknown := set(options) - known:
        raise Misconfigured(
            f"no stage has the option {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        )


def open_store(url: str, settings: Settings) -> Store:
    """Open the store that *url* names: a folder's path, or the scheme of a built-in or plugged-in store."""
    scheme = url.partition("://")[0] if "://" in url else "file"
    plugged = {entry.name: entry.value for entry in entry_points(group="mmsprep.stores")}
    name = plugged.get(scheme) or BUILT_IN_STORES.get(scheme)
    known = sorted({*plugged, *BUILT_IN_STORES})
    if name is None:
        raise Misconfigured(f"no store for {scheme}:// URLs; there are {', '.join(known)}")
    begun = url.partition(":")[0]
    if "://" not in url and begun != url and begun in known:
        # pathlib makes it of two.
        raise Misconfigured(f"the URL of a store begins with {begun}:// and not {begun}:/; write ./{url} for a folder")
    store: Store = _load(name, "mmsprep.stores")(url, settings)
    return store


def _load(name: str, group: str) -> Any:
    try:
        return EntryPoint(name=name, value=name, group=group).load()
    except Exception as error:  # it may fail in any way while it is imported
        raise Misconfigured(f"the plug-in {name} of {group} cannot be loaded: {error}") from error


def _check(name: str, stage: Stage) -> None:
    if not name or not stage.name:
        raise Misconfigured(f"a plug-in of mmsprep.stages has no name: {stage}")
