"""Run what a page of the documentation shows: Python in one namespace, commands in one shell, a folder of files."""

from __future__ import annotations

import doctest
import json
import re
import shutil
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from PIL import Image
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser
from tests.clips import film, recording
from tests.shell import Shell

ROOT = Path(__file__).resolve().parents[1]

NOT_RUN = {
    "make ": "the jobs of CI are these very commands",
    "pip install": "mmsprep is not published while its tests run",
    "pip download": "asks a package index",
    "docker ": "no daemon, and an image takes minutes to build",
    "python bench/": "minutes of CPU, and other people's files",
    "python -m bench": "the same",
    "python -m http.server": "does not end by itself",
    "mmsprep demo": "seconds of CPU; tests/test_cli.py runs it",
    "mmsprep worker": "does not end by itself; tests/worker starts it",
    "mmsprep dead-letters": "needs a job that kills; tests/worker has one",
    "aws ": "needs an account",
    "mmsprep --install-completion": "writes into the user's shell",
}
"""How commands begin that a page may show without their being run here, and why."""

DRAWINGS = {"text", "dockerfile", "yaml"}
"""What is there to be read: drawings, the layout of files, what another program reads."""

VARYING = (
    (re.compile(r"\b[0-9a-f]{40,64}\b"), "KEY"),
    (re.compile(r"[0-9a-f]{12}-[0-9a-f]{20}"), "JOB"),
    (re.compile(r'"seconds": [0-9.]+'), '"seconds": TIME'),
    (re.compile(r"-[0-9a-f]{8}\."), "-PART."),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"file:///\S*/"), "file:///FOLDER/"),
    (re.compile(r"\d+(\.\d+)?( |\xa0)(B|KB|MB)\b"), "SIZE"),
    (re.compile(r"\b\d+ bytes"), "SIZE"),
    (re.compile(r"\b\d+ × \d+\b"), "PIXELS"),
    (re.compile(r"\d+\.\d+( ?s\b)"), "TIME"),
    (re.compile(r"─+"), "─"),
    (re.compile(r"\s+"), " "),
)
"""What another release of an encoder, another port or another folder changes, and what stands for it."""

PRINTED = re.compile(r"^\s*print\(.*\)\n((?:\s*# .*\n)+)", re.MULTILINE)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Take a console block apart into commands, their continuation lines joined, and what each printed."""
    found: list[tuple[str, list[str]]] = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = f"{command[:-1]} {next(lines).strip()}"
            found.append((command, []))
        else:
            assert found, f"a console block begins with a command: {line}"
            found[-1][1].append(line)
    return found


def alike(line: str) -> str:
    """Give *line* without what may differ from run to run."""
    for pattern, word in VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def missing(expected: list[str], said: str) -> list[str]:
    """Name the expected lines that were not printed; a line that ends in … is a beginning, one of … alone is any."""
    printed = {alike(line) for line in said.splitlines()}
    lacking = []
    for line in expected:
        wanted = alike(line)
        if wanted.endswith("…"):
            found = any(each.startswith(wanted[:-1]) for each in printed)
        else:
            found = not wanted or wanted in printed
        if not found:
            lacking.append(line)
    return lacking


def missing_words(expected: list[str], said: str) -> list[str]:
    """Name the expected words that were not printed: how a table is folded depends on what varies."""
    printed = set(alike(said).split())
    return [word for line in expected for word in alike(line).rstrip("…").split() if word not in printed]


FIGURES = re.compile(
    r"\b[0-9a-f]{40,64}\b|(?<=-)[0-9a-f]{8}(?=\.)|\d+(?:\.\d+)?[ \xa0](?:B|KB|MB)\b|\b\d+ bytes|\b\d+ × \d+\b"
)
"""What an encoder decides: keys, sizes, pixels. Times and folders are of one machine, and stay as they are shown."""


def refreshed(text: str, shown: list[str], said: str) -> str:
    """Give *text* with the figures of the lines *shown* as they were printed, where nothing else differs.

    A key is made new wherever it stands: the next command may name it.
    """
    printed, lines = said.splitlines(), text.splitlines(keepends=True)
    for line in shown:
        now = next((each for each in printed if alike(each) == alike(line)), "")
        old, new = FIGURES.findall(line), FIGURES.findall(now)
        if now and len(old) == len(new) and f"{line}\n" in lines:
            printed.remove(now)
            figures = iter(new)
            lines[lines.index(f"{line}\n")] = FIGURES.sub(lambda _: next(figures), line) + "\n"  # noqa: B023  used up at once
            keys = [(before, after) for before, after in zip(old, new, strict=True) if len(before) >= 40]
            for before, after in keys:
                lines = [each.replace(before, after) for each in lines]
    return "".join(lines)


def is_not_run(command: str, also: tuple[str, ...] = ()) -> bool:
    """Tell whether a command is not to be run here, whatever variables it sets."""
    return re.sub(r"^([A-Z_]+=\S* )+", "", command + " ").startswith((*NOT_RUN, *also))


def console(example: Example) -> None:
    """Run each command of the block and compare what it printed."""
    shell: Shell = example.namespace["shell"]
    for command, expected in commands(example.parsed):
        words, hash_sign, _ = command.partition("  # ")
        if is_not_run(words.strip(), shell.without):
            continue
        status, said = shell.run(words if hash_sign else command)
        where = f"{example.path}:{example.line}: $ {command}"
        assert status != 127, f"{where}\n{said}"
        assert "Traceback" not in said, f"{where}\n{said}"
        if not expected:
            assert status == 0, f"{where} ended with {status}\n{said}"
        lacking = (missing_words if shell.terminal else missing)(expected, said)
        assert not lacking, f"{where} did not print\n" + "\n".join(lacking) + f"\nbut\n{said}"
        if shell.refresh:
            page = Path(example.path)
            page.write_text(refreshed(page.read_text(), expected, said))


def python(example: Example) -> None:
    """Run the block in the page's namespace; what a comment below a print says must have been printed."""
    printed = StringIO()
    with redirect_stdout(printed):
        PythonEvaluator(future_imports=["annotations"])(example)
    for comment in PRINTED.findall(f"{example.parsed}\n"):
        expected = [line.strip().removeprefix("# ") for line in comment.splitlines()]
        lacking = missing(expected, printed.getvalue())
        assert not lacking, f"{example.path}:{example.line} did not print {lacking} but {printed.getvalue()}"


def session(example: Example) -> None:
    """Run a session at Python's prompt, which must answer as shown."""
    test = doctest.DocTestParser().get_doctest(
        example.parsed, example.namespace, example.path, example.path, example.line
    )
    said = StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write, clear_globs=False)
    assert not said.getvalue(), said.getvalue()


def toml(example: Example) -> None:
    """Read the block, and keep it where mmsprep looks for settings when it is some."""
    read = tomllib.loads(example.parsed)
    from mmsprep.defaults import open_store
    from mmsprep.settings import Settings

    if read.keys() <= Settings.model_fields.keys():
        path = Path("mmsprep.toml")
        path.write_text(example.parsed)
        try:
            settings = Settings.load()
            assert read.keys() <= settings.model_fields_set
            assert settings.resolve_profile()
            if settings.store:
                # Settings may each be right and exclude one another.
                assert open_store(settings.store, settings)
        finally:
            path.unlink()
    elif any("extends" in table or "types" in table for table in read.values() if isinstance(table, dict)):
        from mmsprep import profile

        Path("own.toml").write_text(example.parsed)
        assert {profile.load(name, Path("own.toml")).name for name in read} == set(read)


def as_json(example: Example) -> None:
    """Read the block, and hold what became of a source against the schema."""
    from jsonschema import validate

    read = json.loads(example.parsed)
    if "schema" in read:
        validate(read, json.loads((ROOT / "src/mmsprep/prepared.schema.json").read_text()))


def shell_script(example: Example) -> None:
    """Run each line of a script that is given without its output."""
    shell: Shell = example.namespace["shell"]
    for line in example.parsed.splitlines():
        if line.strip() and not line.startswith("#") and not is_not_run(line):
            status, said = shell.run(line)
            assert status == 0, f"{example.path}:{example.line}: {line}\n{said}"


EVALUATED: dict[str, Callable[[Example], None]] = {
    "console": console,
    "toml": toml,
    "json": as_json,
    "sh": shell_script,
}


def parsed(page: Path) -> Document:
    """Find the blocks of a page."""
    parsers = [CodeBlockParser(language, evaluate) for language, evaluate in EVALUATED.items()]
    return Sybil(parsers=[*parsers, CodeBlockParser("python", python), CodeBlockParser("pycon", session)]).parse(page)


def blocks(page: Path) -> list[tuple[str, int]]:
    """Name the language and line of each block; a block without a language has the empty one."""
    found: list[tuple[str, int]] = []
    fence = ""
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if match := re.match(r"\s*(```+)(.*)", line):
            if fence:
                fence = "" if match[1] == fence and not match[2] else fence
            else:
                fence = match[1]
                found.append((match[2].strip(), number))
    return found


def files(folder: Path, text: str) -> None:
    """Put there what *text* calls files of its reader: photos, a film, a recording, a card, a document."""
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    for name in ("photo.heic", "beach.jpg", "half.jpg", "logo.png", "report.docx", "animated.gif"):
        shutil.copy(ROOT / "fixtures" / name, folder / name)
    for name, make in MADE.items():
        if name in text:
            make(folder / name)


def menu(path: Path) -> None:
    pages = [Image.new("RGB", (600, 800), colour) for colour in ("white", "ivory", "linen")]
    pages[0].save(path, save_all=True, append_images=pages[1:])


CUSTOMERS = """\
to,first,town,source,caption,text,contact
+14155550101,Ada,Paris,beach.jpg,"For you, {first}","Dear {first}, see you in {town}",shop.vcf
+14155550102,Bob,Rome,beach.jpg,"For you, {first}","Dear {first}, see you in {town}",shop.vcf
"""

MADE: dict[str, Callable[[Path], object]] = {
    "customers.csv": lambda path: path.write_text(CUSTOMERS),
    "shop.vcf": lambda path: path.write_text(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Your shop in {town}\nN:;Your shop in {town};;;\nTEL:+14155550123\nEND:VCARD\n"
    ),
    "menu.pdf": menu,
    "clip.mov": lambda path: film(path, "-pix_fmt", "yuv420p", seconds=2),
    "long.mov": lambda path: film(path, "-pix_fmt", "yuv420p", "-preset", "ultrafast", seconds=30),
    "voice.m4a": recording,
    "jane.vcf": lambda path: path.write_text(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\nTEL;TYPE=CELL:+12125550100\r\nEND:VCARD\r\n"
    ),
}
