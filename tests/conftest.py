"""What all tests share: where the files are, and which tests run when.

``pytest`` alone leaves out what is slow or needs a server; ``--services`` (``make test``) adds the servers
that this machine has, ``--all`` (``.ci/run``) everything. With ``MMSPREP_NO_SKIPS=1`` (``.ci/run``) a skipped
test is a failed one, so that nothing goes unnoticed because a tool was missing. Only the corpus may be
absent: it belongs to others. Generated inputs are the same in every run, so that a change is judged by what
it changes; ``--hypothesis-profile=search`` (``make fuzz``) tries others. ``--services --refresh
tests/test_documentation.py`` writes into the pages the sizes and keys that their commands print today.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

# On a machine that others use too, no input is too slow.
settings.register_profile("search", deadline=None)
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
NO_SKIPS = os.environ.get("MMSPREP_NO_SKIPS", "") not in {"", "0"}
SKIPPING_IS_FAILING = "skipped, which MMSPREP_NO_SKIPS forbids"

AnyReport = TypeVar("AnyReport", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Where the committed pictures are."""
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Where other people's real files are, on a machine that has them."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not here: ../shared/corpus")
    return CORPUS


def pytest_configure() -> None:
    # A shell starts what it puts into the background deaf to Ctrl-C, and so would all that the tests start be.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--services", action="store_true", help="also run the tests marked services")
    parser.addoption("--all", action="store_true", help="also run the tests marked slow or services")
    parser.addoption("--refresh", action="store_true", help="give the documentation the figures that are printed today")


def pytest_report_header(config: pytest.Config) -> list[str]:
    lines = [f"left out: tests marked {name}; --all or -m runs them" for name in _left_out(config)]
    if not CORPUS.is_dir():
        lines.append("left out: tests that need the corpus, which is not here (../shared/corpus)")
    return lines


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and what needs a corpus where nothing may be skipped."""
    left_out = [item for item in items if _is_left_out(item, config)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_left_out(item: pytest.Item, config: pytest.Config) -> bool:
    if any(item.get_closest_marker(name) for name in _left_out(config)):
        return True
    needs_corpus = item.get_closest_marker("corpus") or "corpus" in getattr(item, "fixturenames", ())
    return bool(needs_corpus) and NO_SKIPS and not CORPUS.is_dir()


def _left_out(config: pytest.Config) -> list[str]:
    """Name the markers that the command line asks for neither by itself, nor by a test's name."""
    if config.getoption("--all") or config.option.markexpr or any("::" in name for name in config.args):
        return []
    return ["slow"] if config.getoption("--services") else ["slow", "services"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _forbid_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _forbid_skip((yield))


def _forbid_skip(report: AnyReport) -> AnyReport:
    """Turn a skip into a failure where it is made: a test, its setup, or a whole module.

    In the process that runs the test, because xdist does not send skipped modules to its controller.
    """
    if NO_SKIPS and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"{report.nodeid}: {SKIPPING_IS_FAILING}: {reason}"
    return report
