"""ffmpeg opens nothing but its file, ends when it must, and says whose fault it was."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

import imageio_ffmpeg
import pytest
from tests.clips import film

from mmsprep.errors import Misconfigured, Rejected, Unavailable
from mmsprep.tools.ffmpeg import Failed, Runner, find, has_encoder, source
from mmsprep.tools.ffmpeg.run import run


def test_the_bundled_ffmpeg_is_found_and_a_wrong_setting_is_told() -> None:
    assert find() == imageio_ffmpeg.get_ffmpeg_exe()
    assert has_encoder(find(), "libx264")
    assert has_encoder(find(), "libopencore_amrnb")
    assert not has_encoder(find(), "no-such-encoder")
    with pytest.raises(Misconfigured, match="no ffmpeg at /nowhere"):
        find("/nowhere")


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXTINF:1,\nfile:{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"]
)
def test_a_script_cannot_read_a_neighbour(tmp_path: Path, text: str) -> None:
    neighbour = film(tmp_path / "neighbour.mp4")
    script = tmp_path / "clip.mp4"
    script.write_text(text.format(neighbour))
    with pytest.raises(Failed):
        Runner(find(), tmp_path).run(source(script).output(str(tmp_path / "out.mkv")))
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.parametrize("name", ["-i.mp4", "concat:a|b.mp4", "img%03d.mp4", "a b'c;d.mp4", "http:x.mp4"])
def test_a_name_is_never_more_than_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    path = film(tmp_path / "a.mp4").rename(tmp_path / "inner" / name)
    Runner(find(), tmp_path).run(source(path)["v:0"].output(str(tmp_path / "out.mkv"), c="copy"))
    assert (tmp_path / "out.mkv").stat().st_size > 10_000


def test_progress_comes_while_it_runs(tmp_path: Path) -> None:
    seconds: list[float] = []
    path = film(tmp_path / "a.mp4", seconds=5)
    Runner(find(), tmp_path).run(source(path).output("-", f="null"), progress=seconds.append)
    assert seconds[-1] == pytest.approx(5, abs=0.1)


def test_whatever_interrupts_ends_all_that_was_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    # It starts a child of its own, ignores SIGTERM, and tells progress, at which the caller gives up.
    stubborn = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen(['sleep', '60'])\nopen({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "print('out_time_us=1000000', flush=True)\ntime.sleep(60)\n"
    )

    def give_up(_: float) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", stubborn], cwd=tmp_path, progress=give_up)
    assert time.monotonic() - started < 20
    time.sleep(0.2)
    state = Path(f"/proc/{pid_file.read_text()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (f"sys.exit({256 - errno.ENOSPC})", OSError),
        (f"sys.exit({256 - errno.EFBIG})", OSError),
        (f"sys.exit({256 - errno.ENOMEM})", MemoryError),
        (f"os.kill(os.getpid(), {int(signal.SIGXCPU)})", Rejected),
        ("sys.exit(1)", Failed),
    ],
)
def test_an_end_is_told_by_who_must_act(tmp_path: Path, ending: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as problem:
        run([sys.executable, "-c", f"import os, sys; {ending}"], cwd=tmp_path)
    if isinstance(problem.value, OSError):
        assert problem.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert os.listdir(tmp_path) == []


def test_a_program_that_may_not_be_started_is_no_files_fault(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    for program in ("program", "missing"):
        with pytest.raises(Unavailable, match=f"{program} cannot be started: .*; see mmsprep doctor") as caught:
            run([str(tmp_path / program)], cwd=tmp_path)
        assert caught.value.reason == "tool"


def test_no_more_than_the_end_of_a_long_complaint_is_kept(tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        run([sys.executable, "-c", "import sys; sys.stderr.write('x' * 9_000_000); sys.exit(1)"], cwd=tmp_path)
    assert len(str(failed.value)) <= 500
