"""Commands run in this process, and servers on loopback for those that talk to one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.servers import media_host
from tests.servers.loopback import serving
from tests.servers.messages_api import KEY, Api

from mmsprep.cli import main

ENDS = ["--to", "+1 202 555 0143", "--from", "+12025550100"]


@dataclass
class Said:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Said]


def settings(api: Api | None, **more: str) -> dict[str, str]:
    address = {"MMSPREP_API_URL": api.url, "MMSPREP_API_KEY": KEY} if api else {}
    return address | more


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which is many times faster than in one of its own."""

    def run(*arguments: object, api: Api | None = None, **more: str) -> Said:
        with monkeypatch.context() as changed:
            changed.chdir(tmp_path)
            for name in [name for name in os.environ if name.startswith("MMSPREP_")]:
                changed.delenv(name)
            for name, value in settings(api, **more).items():
                changed.setenv(name, value)
            changed.setattr(sys, "argv", ["mmsprep", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return Said(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def host() -> Iterator[media_host.Host]:
    with serving(media_host.Host(media_host.photo())) as server:
        yield server


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api()) as server:
        yield server
