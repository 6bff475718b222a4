"""What a person reads before anything else: --help of every command, and what a shell completes."""

from __future__ import annotations

import os
import re
import resource
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from mmsprep.cli import app
from mmsprep.providers import SHAPES

ROOT = Path(__file__).resolve().parents[2]
MMSPREP = str(Path(sys.executable).with_name("mmsprep"))


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command."""

    def walk(command: object, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield names
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, (*names, name))

    return walk(typer.main.get_command(app), ())


@pytest.mark.parametrize("names", list(commands()), ids=" ".join)
def test_every_command_explains_itself_and_all_its_options_in_80_columns(names: tuple[str, ...]) -> None:
    said = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(app, [*names, "--help"], prog_name="mmsprep")
    assert said.exit_code == 0
    assert max(map(len, said.output.splitlines())) <= 80
    assert re.match(r"Usage: mmsprep.*\n\n  [A-Z].*\.\n", said.output)
    table = said.output.partition("Options:\n")[2].partition("\n\n")[0]
    silent = [
        line for line in table.splitlines() if re.fullmatch(r"  -.*(?<!\s)", line) and not re.search(r"\S  +\S", line)
    ]
    assert not silent


@pytest.mark.parametrize("names", list(commands()), ids=" ".join)
def test_help_names_arguments_as_they_are_given_without_pythons_types(names: tuple[str, ...]) -> None:
    said = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*names, "--help"], prog_name="mmsprep").output
    assert "<" not in said
    assert "list[" not in said


def test_the_list_of_commands_says_what_each_does_in_whole_sentences() -> None:
    said = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["--help"], prog_name="mmsprep").output
    summaries = said.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert len(summaries) >= 13
    assert [line for line in summaries if not re.search(r"[^.]\.$", line)] == []


@pytest.mark.parametrize("name", ["compose", "batch"])
def test_every_provider_that_a_request_can_be_written_for_is_named(name: str) -> None:
    said = CliRunner(env={"COLUMNS": "80"}).invoke(app, [name, "--help"]).output
    assert [each for each in SHAPES if each not in said] == []


def test_the_manual_page_tells_of_every_command_and_option_and_is_up_to_date() -> None:
    page = (ROOT / "docs" / "mmsprep.1").read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "scripts" / "write_man.py"))["written"]() == page, "run make pages"
    plain = page.replace("\\-", "-")
    for names in commands():
        said = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*names, "--help"], prog_name="mmsprep").output
        if "Commands:" not in said:
            section = plain.partition(f".SS {' '.join(['mmsprep', *names])} [OPTIONS]")[2].partition("\n.S")[0]
            options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", said, flags=re.MULTILINE)) - {"--help"}
            assert [option for option in options if f"{option}" not in section] == []


@pytest.mark.parametrize("name", ["prepare", "compose", "inspect", "send"])
def test_a_source_is_explained_as_all_that_it_may_be(name: str) -> None:
    said = CliRunner(env={"COLUMNS": "80"}).invoke(app, [name, "--help"]).output
    explained = " ".join(said.split())
    assert all(word in explained for word in (".vcf", "geo:", "a map's link", "s3://", "standard input"))


@pytest.mark.parametrize(("typed", "completed"), [("pre", "prepare"), ("sto", "store"), ("store pu", "purge")])
def test_a_shell_completes_commands(typed: str, completed: str) -> None:
    words = f"mmsprep {typed}"
    environment = os.environ | {
        "_MMSPREP_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    ended = subprocess.run([MMSPREP], env=environment, capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == [completed]


@pytest.mark.parametrize(
    ("command", "seconds"),
    [([MMSPREP, "--help"], 0.25), ([sys.executable, "-c", "import mmsprep"], 0.1)],
    ids=["help", "import"],
)
def test_what_everybody_pays_is_little(command: list[str], seconds: float) -> None:
    used = [_cpu_seconds(command) for _ in range(5)]
    # The least of several: a processor that others use too counts slower seconds.
    assert min(used) < seconds


def _cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_shell_can_be_taught(tmp_path: Path) -> None:
    said = subprocess.run(
        ["bash", "-c", f"{MMSPREP} --install-completion"],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0
    assert "mmsprep" in (tmp_path / ".bashrc").read_text()
