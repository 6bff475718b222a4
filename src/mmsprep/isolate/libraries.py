"""Name what Python imports from, so that items can read that and nothing else of the caller's folders."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path


def python_paths(preload: Iterable[str] = ()) -> Iterator[str]:
    """Yield Python's own folders, those that packages are installed in, and the packages that are loaded.

    Not every entry of ``sys.path``: the first is where the caller's script lies, or stands, with whatever else
    lies there. Of such a folder only the packages that are in use can be read; *preload* names some that will be.
    """
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values())
    yield from (entry for entry in sys.path if _is_installed(Path(entry)))
    loaded = (getattr(module, "__spec__", None) for name, module in list(sys.modules.items()) if "." not in name)
    for spec in (*loaded, *map(_spec, preload)):
        yield from _files(spec)


def _is_installed(entry: Path) -> bool:
    """Tell an installer's folder (a layer, ``pip install --target``, an archive) from somebody's project."""
    # Every installer since PEP 376 leaves a record beside what it installs; a project's own is egg-info.
    return entry.is_file() or next(entry.glob("*.dist-info"), None) is not None


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return None


def _files(spec: ModuleSpec | None) -> Iterator[str]:
    if spec is None or spec.name == "__main__":
        return
    if spec.submodule_search_locations is not None:
        yield from spec.submodule_search_locations
    elif spec.has_location and spec.origin:
        yield spec.origin
