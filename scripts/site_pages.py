"""Pages of the site that are made from what the project has anyway, so that they cannot drift from it.

mkdocs calls these hooks (``mkdocs.yml``). Links between files of the repository stay as they are, so that they
also work where the files are read; here they are turned into links between pages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]

# Files outside docs/ that are pages of the site, and the folders whose files may be linked to.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting.md",
    "fixtures/README.md": "fixtures.md",
    "examples/README.md": "examples.md",
}
LANGUAGES = {".py": "python", ".toml": "toml"}
LINK = re.compile(r"(?<!!)(\[[^\]\[]*(?:`[^`]*`)?[^\]\[]*\]\()([^)#\s]*)((?:#[^)\s]*)?\))")
IMAGE = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)(\))")
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file in docs/ holds."""
    from mkdocs.structure.files import File

    made = {page: (ROOT / source).read_text() for source, page in PAGES.items()}
    made["reference/commands.md"] = "\n".join(_commands())
    made["adr/index.md"] = "\n".join(_decisions())
    made["examples.md"] += "".join(_examples())
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    files.append(File.generated(config, "prepared.schema.json", content=_schema()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    here = page.file.src_uri
    sources = {made: source for source, made in PAGES.items()}
    folder = PurePosixPath(sources.get(here, f"docs/{here}")).parent
    for marker, made in MADE.items():
        if marker in markdown:
            markdown = markdown.replace(marker, "\n".join(made()))

    def turned(match: re.Match[str]) -> str:
        return match[1] + _target(match[2], folder, here) + match[3]

    parts = FENCE.split(markdown)
    parts[::2] = [IMAGE.sub(turned, LINK.sub(turned, part)) for part in parts[::2]]
    return "".join(parts)


def _target(link: str, folder: PurePosixPath, here: str) -> str:
    """Say what *link*, written in a file of *folder*, is on the page *here*."""
    if not link or ":" in link:
        return link
    meant = os.path.normpath(folder / link)
    if meant in PAGES:
        goal = PAGES[meant]
    elif meant == "docs/adr":
        goal = "adr/index.md"
    elif meant.startswith("docs/"):
        goal = meant.removeprefix("docs/")
    elif meant.startswith("examples/"):
        return _relative("examples.md", here) + "#" + _anchor(meant)
    elif meant == "src/mmsprep/prepared.schema.json":
        goal = "prepared.schema.json"
    else:
        return link  # mkdocs, which is strict, says what is wrong with it
    return _relative(goal, here)


def _relative(goal: str, here: str) -> str:
    return os.path.relpath(goal, PurePosixPath(here).parent)


def _anchor(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.removeprefix("examples/").lower()).strip("-")


def _commands() -> Iterator[str]:
    """Write what every command says with --help."""
    yield "# Commands\n\nWhat each command says with `--help`. The exit status is 0 when all are ready, 1 when"
    yield "something was rejected, 2 for wrong usage, 3 when something of ours was unavailable, 130 when interrupted.\n"
    yield "`mmsprep --install-completion` teaches your shell the commands and their options."
    for names, said in helps():
        yield f"\n## mmsprep {' '.join(names)}".rstrip() + f"\n\n```text\n{said}\n```"


def helps() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each command's words and its help, at the width of a page."""
    import typer.main
    from typer.testing import CliRunner

    from mmsprep.cli import app

    runner = CliRunner(env={"COLUMNS": "88", "TERMINAL_WIDTH": "88", "NO_COLOR": "1"})

    def walk(command: object, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        said = runner.invoke(app, [*names, "--help"], prog_name="mmsprep").output
        yield names, said.strip()
        for name, below in getattr(command, "commands", {}).items():
            if not below.hidden:
                yield from walk(below, (*names, name))

    yield from walk(typer.main.get_command(app), ())


def _decisions() -> Iterator[str]:
    yield "# Decisions\n\nA page for each decision that a newcomer would question: what was decided, and why.\n"
    for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")):
        title = path.read_text().partition("\n")[0].removeprefix("# ")
        yield f"- [{title}]({path.name})"


def _examples() -> Iterator[str]:
    """Write the sources of examples/, under an anchor for each that links to it can name."""
    for example in sorted((ROOT / "examples").iterdir()):
        files = sorted(example.iterdir()) if example.is_dir() else [example]
        sources = [path for path in files if path.suffix in LANGUAGES]
        if sources:
            yield f"\n## {example.name} {{ #{_anchor(example.name)} }}\n"
        for path in sources:
            title = f' title="{path.name}"' if example.is_dir() else ""
            yield f"\n```{LANGUAGES[path.suffix]}{title}\n{path.read_text().rstrip()}\n```\n"


@cache
def _schema() -> str:
    return (ROOT / "src" / "mmsprep" / "prepared.schema.json").read_text()


def _fields() -> Iterator[str]:
    """Write the fields of the schema as tables."""
    import json

    titles = {"ready": "A source that is ready", "media": "Each of its `media`", "failed": "A source that is not"}
    for name, definition in json.loads(_schema())["$defs"].items():
        yield f"### {titles[name]}\n\n| field | is | |\n|---|---|---|"
        for field, value in definition["properties"].items():
            always = "" if field in definition["required"] else "where it has one. "
            yield f"| `{field}` | {_kind(value)} | {always}{value.get('description', '')} |"
        yield ""


def _kind(value: dict[str, object]) -> str:
    """Say in words what a field may be."""
    if "const" in value:
        return f"`{value['const']}`"
    if isinstance(words := value.get("enum"), list):
        return ", ".join(f"`{word}`" for word in words)
    kind = value.get("type", "object")
    named = " or ".join(str(each) for each in kind) if isinstance(kind, list) else str(kind)
    items = value.get("items")
    if isinstance(items, dict):
        return f"array of {items.get('type', 'objects')}" + ("s" if "type" in items else "")
    return named


def _settings() -> Iterator[str]:
    """Write what can be set as a table; what has a table of its own is named only."""
    from pydantic_core import PydanticUndefined

    from mmsprep.settings import Settings

    yield "| setting | default | |\n|---|---|---|"
    for name, field in Settings.model_fields.items():
        known = field.default is not PydanticUndefined and field.default not in (None, "", ())
        yield f"| `{name}` | {f'`{field.default}`' if known else '–'} | {field.description} |"


MADE = {
    "<!-- the fields, from prepared.schema.json -->": _fields,
    "<!-- the settings, from settings.py -->": _settings,
}
"""What stands for a table that is made here: a comment where the page's own file is read."""
