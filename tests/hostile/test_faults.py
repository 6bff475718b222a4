"""Faults while real media is prepared: the right error, the next item goes on, nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import pytest
from tests import clips

from mmsprep import Pipeline
from mmsprep.errors import PrepError, Rejected, Unavailable
from mmsprep.settings import Settings

CAMPAIGN = Path(__file__).parent / "campaign.py"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return clips.film(tmp_path / "film.mp4", seconds=6, size="640x360")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of our own: what is left in it is ours, and its name marks our processes."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def below(pid: int) -> list[int]:
    """Name all processes that descend from *pid*, the youngest last."""
    try:
        children = [
            int(child)
            for thread in Path(f"/proc/{pid}/task").iterdir()
            for child in (thread / "children").read_text().split()
        ]
    except OSError:
        return []
    return [*children, *(each for child in children for each in below(child))]


def left_in(scratch: Path) -> list[Path]:
    """Name what items left; the lock of this process's directory stays until its end."""
    return [path for path in scratch.glob("mmsprep-*/*") if path.name != "lock"]


def program(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def wait_for(found: Callable[[], object], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while not found():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive(), "it hangs"


def encoders() -> list[int]:
    return [pid for pid in below(os.getpid()) if program(pid).startswith("ffmpeg")]


@pytest.mark.parametrize("times", [1, 2])
def test_an_item_that_is_killed_is_tried_once_more(film: Path, fixtures: Path, scratch: Path, times: int) -> None:
    outcome: list[object] = []

    def prepare() -> None:
        try:
            outcome.append(pipeline.prepare(film))
        except PrepError as error:
            outcome.append(error)

    with Pipeline(max_bytes=300_000) as pipeline:
        with meanwhile(prepare):
            seen: set[int] = set()
            for _ in range(times):
                assert wait_for(lambda seen=frozenset(seen): set(encoders()) - seen)
                started = set(encoders()) - seen
                seen |= started
                os.kill(parent_of(started.pop()), signal.SIGKILL)  # which is the item itself
        if times == 1:
            assert getattr(outcome[0], "status", "ready") == "ready", outcome
        else:
            assert isinstance(outcome[0], Unavailable)
            assert outcome[0].reason == "tool"
        assert wait_for(lambda: not encoders(), 10)
        assert pipeline.prepare(fixtures / "logo.png").media
    assert not left_in(scratch)


def parent_of(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def test_a_helper_that_dies_costs_an_item_a_second_try_and_no_more(film: Path, scratch: Path) -> None:
    results: list[object] = []
    with Pipeline(max_bytes=300_000) as pipeline:
        with meanwhile(lambda: results.append(pipeline.prepare(film))):
            assert wait_for(encoders)
            os.kill(below(os.getpid())[0], signal.SIGKILL)
        assert len(results) == 1
    assert not left_in(scratch)


@pytest.fixture
def stubborn(tmp_path: Path) -> Path:
    """An ffmpeg that does nothing, and cannot be asked to stop."""
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 0.05; done\n")
    script.chmod(0o755)
    return script


def test_an_ffmpeg_that_will_not_stop_is_ended_with_its_item(
    film: Path, fixtures: Path, stubborn: Path, scratch: Path
) -> None:
    base = Settings.load(ffmpeg=str(stubborn))
    settings = base.model_copy(update={"limits": replace(base.limits, wall_seconds=3)})
    others = set(below(os.getpid()))  # of tests before
    with Pipeline(settings=settings) as pipeline:
        with pytest.raises((Rejected, Unavailable)) as caught:
            pipeline.prepare(film)
        assert caught.value.reason in {"too-costly", "tool"}
        left = {"sh", "sleep", "ffmpeg"}
        assert wait_for(lambda: not [pid for pid in {*below(os.getpid())} - others if program(pid) in left], 10)
        assert pipeline.prepare(fixtures / "logo.png").media
    assert not left_in(scratch)


def test_a_system_ffmpeg_that_is_named_is_the_one_that_runs(tmp_path: Path, scratch: Path) -> None:
    script = tmp_path / "bin" / "ffmpeg"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    clip = clips.film(tmp_path / "clip.mp4", seconds=1)
    with (
        Pipeline(settings=Settings.load(ffmpeg=str(script)), max_bytes=30_000) as pipeline,
        pytest.raises(PrepError),
    ):
        pipeline.prepare(clip)
    copied = tmp_path / "bin" / "own"
    shutil.copy(imageio_ffmpeg.get_ffmpeg_exe(), copied)
    with Pipeline(settings=Settings.load(ffmpeg=str(copied)), max_bytes=30_000) as pipeline:
        assert pipeline.prepare(clip).media[0].facts.type == "video/mp4"


class Campaign:
    """One run of campaign.py."""

    def __init__(self, store: Path, files: list[Path]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, CAMPAIGN, store, *files],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"begun\n"

    def kill(self) -> list[int]:
        """Kill it and name the processes that it had."""
        had = below(self.process.pid)
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return had


@pytest.fixture(scope="module")
def undisturbed(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the campaign's files become when nobody is killed, by name."""
    store = tmp_path_factory.mktemp("undisturbed")
    with Pipeline(store=store) as pipeline:
        for name in FILES:
            pipeline.prepare(fixtures / name)
    return {path.name: path.read_bytes() for path in store.iterdir()}


FILES = ("rotated_gps.jpg", "logo.png", "swapped_profile.jpg", "screenshot.png")


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_campaign_leaves_whole_files_and_nothing_else(
    fixtures: Path, scratch: Path, tmp_path: Path, undisturbed: dict[str, bytes], seed: int
) -> None:
    store = tmp_path / "out"
    campaign = Campaign(store, [fixtures / name for name in FILES])
    # A moment somewhere in the work: there is no event to wait for.
    time.sleep(random.Random(seed).uniform(0.2, 2.0))
    had = campaign.kill()
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in had), 10), "something lives on"
    kept = {path.name: path.read_bytes() for path in store.iterdir()} if store.exists() else {}
    assert kept.items() <= undisturbed.items()
    with Pipeline(store=store) as pipeline:
        for name in FILES:
            pipeline.prepare(fixtures / name)
        assert {path.name: path.read_bytes() for path in store.iterdir()} == undisturbed
        assert len(list(scratch.glob("mmsprep-*"))) <= 1, "the dead campaign's directory is still there"


def on_a_small_disk(folder: Path, size: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run *command* where *folder* is a disk of *size* of its own."""
    script = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", size, folder, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("full", ["scratch", "store"])
def test_a_full_disk_stops_what_does_not_fit_and_nothing_else(
    film: Path, fixtures: Path, scratch: Path, tmp_path: Path, full: str
) -> None:
    store = tmp_path / "out"
    store.mkdir()
    if on_a_small_disk(store, "1m", "true").returncode:
        pytest.skip("no user namespace in which a small disk could be mounted")
    folder, size = (scratch, "500k") if full == "scratch" else (store, "150k")
    command = [Path(sys.executable).with_name("mmsprep"), "prepare", film, fixtures / "logo.png", "--json", "-j", "1"]
    ran = on_a_small_disk(folder, size, *command, "--store", store)
    results = {Path(line["source"]).name: line for line in map(json.loads, ran.stdout.splitlines())}
    assert results["film.mp4"]["status"] == "unavailable"
    assert re.search("[Nn]o space left|free space", results["film.mp4"]["message"])
    assert results["logo.png"]["status"] == "ready"
    assert ran.returncode == 3
    assert not ran.stderr.count("Traceback")
