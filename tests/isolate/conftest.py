"""One sandbox for the tests that need no other, and what is needed to look from outside."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmsprep.isolate import Item, Sandbox, item_directory

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    # The tasks are imported by name in the helper, which is sent sys.path.
    sys.path.append(HERE)

from outside import QUICK  # noqa: E402


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=["isolated_tasks", "attacks"]) as sandbox:
        yield sandbox


@pytest.fixture
def workdir() -> Iterator[Path]:
    with item_directory() as directory:
        yield directory


@pytest.fixture
def run(sandbox: Sandbox, workdir: Path) -> Callable[..., Any]:
    """Run one task to its end."""

    def run(task: str, *, limits: Any = QUICK, inside: Sandbox = sandbox, **arguments: Any) -> Any:
        with inside.start(f"isolated_tasks:{task}", arguments, limits=limits, workdir=workdir) as item:
            return item.result()

    return run


@pytest.fixture
def start(sandbox: Sandbox, workdir: Path) -> Callable[..., Item]:
    """Start one task and give the item."""

    def start(task: str, *, limits: Any = QUICK, emit: Any = None, **arguments: Any) -> Item:
        events: list[Any] = []
        return sandbox.start(
            f"isolated_tasks:{task}", arguments, limits=limits, workdir=workdir, emit=emit or events.append
        )

    return start
