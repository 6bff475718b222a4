"""Write docs/mmsprep.1, the manual page, from the commands and the settings; run it after one of them has changed.

The wheel installs it as share/man/man1/mmsprep.1. It has no date, so that the same source gives the same page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer.main

from mmsprep.cli import app
from mmsprep.settings import Settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mmsprep.1"

DESCRIPTION = """\
Photos, films, documents, contacts and places go in; what a carrier delivers and a handset shows comes out, below the
byte limit, without metadata. Results go to standard output, everything else to standard error.
"""
EXIT_STATUS = (
    ("0", "all is ready"),
    ("1", "something was rejected: trying again gives the same answer"),
    ("2", "wrong usage or settings"),
    ("3", "something of ours was unavailable: try again later"),
    ("130", "interrupted"),
)
FILES = (
    ("./mmsprep.toml", "settings, where neither an option nor the environment says otherwise"),
    ("./out", "where results are kept unless --store says otherwise"),
    ("~/.cache/mmsprep", "map tiles, and what batches into buckets have done"),
)
EXAMPLES = (
    ("mmsprep demo", "Prepare the example files."),
    ("mmsprep prepare photo.heic clip.mov geo:-18.14,178.44", "Prepare a photo, a film and a place into ./out."),
    ("mmsprep prepare photo.heic --profile telnyx+att.tollfree", "Meet a provider's and a carrier's limits."),
    ("mmsprep batch photos --report report.html", "Prepare a folder, and look at all results in a browser."),
)


def written() -> str:
    """Give the page."""
    parts = [
        f'.\\" Written by scripts/write_man.py\n.TH MMSPREP 1 "" "mmsprep {version("mmsprep")}" "User Commands"',
        ".SH NAME\nmmsprep \\- prepare anything that people text so that carriers deliver it",
        ".SH SYNOPSIS\n.B mmsprep\n.I COMMAND\n[OPTIONS] [ARGUMENTS]",
        f".SH DESCRIPTION\n{plain(DESCRIPTION)}",
        ".SH COMMANDS",
        *_commands(typer.main.get_command(app), "mmsprep"),
        ".SH EXIT STATUS",
        *_listed(EXIT_STATUS),
        ".SH ENVIRONMENT\nEach setting is also a key of mmsprep.toml: profile for MMSPREP_PROFILE.",
        *_listed(_settings()),
        ".SH FILES",
        *_listed(FILES),
        ".SH EXAMPLES",
        *_listed(EXAMPLES),
    ]
    return "\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Spell *text* so that nothing in it is an order to roff (groff_man_style(7), Portability)."""
    spelt = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", spelt)


def _commands(command: Any, words: str) -> Iterator[str]:
    """Write a section for a command: how it is called, what it does, its arguments and options."""
    below = getattr(command, "commands", {})
    if not below:
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        yield f".SS {plain(' '.join([words, '[OPTIONS]', *map(_usage, arguments)]))}"
        yield "\n.PP\n".join(plain(each) for each in (command.help or "").split("\n\n"))
        yield from _listed((each.metavar, each.help or "") for each in arguments)
        yield from _listed((_spelling(each), each.help or "") for each in options)
    for name, each in below.items():
        yield from _commands(each, f"{words} {name}")


def _usage(argument: Any) -> str:
    shown = argument.metavar + ("..." if argument.nargs != 1 else "")
    return shown if argument.required else f"[{shown}]"


def _spelling(option: Any) -> str:
    """Write an option as it is given, the short form first: ``-p, --profile NAME``."""
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {option.metavar}"


def _listed(rows: Any) -> Iterator[str]:
    for term, told in rows:
        yield f".TP\n.B {plain(term)}\n{plain(told)}"


def _settings() -> Iterator[tuple[str, str]]:
    """Name the variable of each setting; a table's own settings follow two underscores."""
    for name, field in Settings.model_fields.items():
        table = name in ("s3", "tiles", "worker", "limits")
        yield f"MMSPREP_{name.upper()}{'__NAME' if table else ''}", field.description or ""


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
