"""What the documentation shows is what happens: every block of every page runs."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests import documents
from tests.documents import ROOT
from tests.servers import messages_api, s3
from tests.servers.loopback import serving
from tests.shell import Shell

from mmsprep import Pipeline

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
)
ON_A_TERMINAL = {"README.md", "docs/tutorial.md"}
# Each has a test of its own, docs/worker.md in tests/worker.
NEEDS_SERVERS = {"docs/sending.md", "docs/storage.md", "docs/worker.md"}
WITHOUT = {"README.md": ("mmsprep enqueue",)}
"""What needs a broker; docs/worker.md shows the same, and has one."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's folder with files in it, and no settings from elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MMSPREP_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    """Whether pages are to be given the figures that are printed today."""
    return bool(request.config.getoption("--refresh"))


def run(page: str, shell: Shell, **names: object) -> int:
    """Run all blocks of a page in order and say how many there were."""
    documents.files(shell.folder, (ROOT / page).read_text())
    document = documents.parsed(ROOT / page)
    document.namespace.update(names, shell=shell)
    ran = 0
    for example in document.examples():
        example.evaluate()
        ran += 1
    return ran


@pytest.mark.parametrize("page", [page for page in PAGES if page not in NEEDS_SERVERS])
def test_every_block_of_a_page_runs(page: str, folder: Path, refresh: bool) -> None:
    expected = sum(language not in documents.DRAWINGS for language, _ in documents.blocks(ROOT / page))
    shell = Shell(folder, terminal=page in ON_A_TERMINAL, without=WITHOUT.get(page, ()), refresh=refresh)
    assert run(page, shell) == expected


@pytest.mark.services
def test_every_block_about_storage_runs_against_servers(
    folder: Path, refresh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with ExitStack() as stack:
        servers = {
            start.__name__: stack.enter_context(s3.shared(start, folder.with_name(start.__name__)))
            for start in (s3.moto, s3.rclone)
        }
        shell = Shell(folder, {"MMSPREP_S3__ENDPOINT": servers["moto"].endpoint}, refresh=refresh)
        with Pipeline() as pipeline:
            (media,) = pipeline.prepare(ROOT / "fixtures" / "photo.heic").media
        # The key that the page shows for the prepared photo: another encoder's photo has another.
        page = (ROOT / "docs/storage.md").read_text()
        (key,) = re.findall(r"^ready  fixtures/photo\.heic -> \S+/([0-9a-f]{40})\.jpg", page, flags=re.MULTILINE)
        shell.hosts = {"http://127.0.0.1:37131": servers["moto"].endpoint, key: media.sha256[:40]}

        def use(name: str) -> None:
            shell.variables = {**shell.variables, "MMSPREP_S3__ENDPOINT": servers[name].endpoint}

        assert run("docs/storage.md", shell, use=use) >= 8


@pytest.mark.services
def test_every_block_about_sending_runs_against_servers(
    folder: Path, refresh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = messages_api.Api()
    api.credential = "Bearer sk-0123456789"
    with serving(api), ThreadingHTTPServer(("127.0.0.1", 0), _quiet(folder / "published")) as host:
        threading.Thread(target=host.serve_forever, args=(0.02,), daemon=True).start()
        with Pipeline(max_bytes=1_000_000) as pipeline:
            (media,) = pipeline.prepare(ROOT / "fixtures" / "photo.heic").media
            assert media.path is not None
            (folder / "published").mkdir()
            shutil.copy(media.path, folder / "published" / "photo.jpg")
        monkeypatch.setenv("MMSPREP_API_URL", api.url)
        monkeypatch.setenv("MMSPREP_API_KEY", "sk-0123456789")
        monkeypatch.setenv("MMSPREP_BASE_URL", "https://media.example.com")
        hosts = {"127.0.0.1:8000": f"127.0.0.1:{host.server_port}"}
        shell = Shell(folder, {"MMSPREP_API_URL": api.url}, hosts, refresh=refresh)
        assert run("docs/sending.md", shell) >= 6
        host.shutdown()
    assert len(api.bodies) == 2


def _quiet(folder: Path) -> Callable[..., SimpleHTTPRequestHandler]:
    """Publish a folder, and say nothing about who asks."""

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return partial(Quiet, directory=str(folder))


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    known = {*documents.EVALUATED, *documents.DRAWINGS, "python", "pycon"}
    found = documents.blocks(ROOT / page)
    assert [f"{page}:{line}" for language, line in found if language not in known] == []


def test_what_is_not_run_is_somewhere_shown() -> None:
    shown = "".join((ROOT / page).read_text() for page in PAGES)
    assert [start for start in documents.NOT_RUN if f"{start}" not in shown] == []


def test_the_page_of_errors_knows_every_reason() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    assert runpy.run_path(str(ROOT / "scripts" / "write_errors.py"))["written"](page) == page, "run make pages"


def test_a_page_that_shows_what_does_not_happen_fails(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text("```console\n$ mmsprep --version\nmmsprep 99\n```\n")
    (example,) = documents.parsed(page).examples()
    example.document.namespace["shell"] = Shell(folder)
    with pytest.raises(AssertionError, match="did not print\nmmsprep 99"):
        example.evaluate()


def test_a_page_is_given_todays_figures_and_nothing_else_of_todays() -> None:
    old, new = "a" * 40, "b" * 40
    page = f"made.jpg  20 × 10, 728 KB, in 1.5 s at file:///home/you/out/made.jpg\nkey {old}\n$ mmsprep purge {old}\n"
    said = f"key {new}\nmade.jpg  22 × 11, 727 KB, in 9.5 s at file:///tmp/x/made.jpg\n"
    fresh = f"made.jpg  22 × 11, 727 KB, in 1.5 s at file:///home/you/out/made.jpg\nkey {new}\n$ mmsprep purge {new}\n"
    assert documents.refreshed(page, page.splitlines(), said) == fresh
    assert documents.refreshed(page, page.splitlines(), "other.jpg  22 × 11, 727 KB, in 9.5 s\n") == page
