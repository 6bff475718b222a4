"""The site's own pages: links work where files are read and where pages are, and nothing is missing."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOOKS = runpy.run_path(str(ROOT / "scripts" / "site_pages.py"))


def shown(markdown: str, page: str) -> str:
    return str(HOOKS["on_page_markdown"](markdown, SimpleNamespace(file=SimpleNamespace(src_uri=page))))


@pytest.mark.parametrize(
    ("page", "written", "meant"),
    [
        ("index.md", "[a](docs/storage.md#settings)", "[a](storage.md#settings)"),
        ("index.md", "[a](docs/adr)", "[a](adr/index.md)"),
        ("index.md", "![a](docs/assets/before-after.jpg)", "![a](assets/before-after.jpg)"),
        ("security.md", "[a](../SECURITY.md)", "[a](reporting.md)"),
        ("adding-a-stage.md", "[`a`](../examples/tga-stage)", "[`a`](examples.md#tga-stage)"),
        ("howto/aws.md", "[a](../../examples/lambda_handler.py)", "[a](../examples.md#lambda-handler-py)"),
        ("batch.md", "[a](../src/mmsprep/prepared.schema.json)", "[a](prepared.schema.json)"),
        ("adr/0001-facts.md", "[a](../architecture.md)", "[a](../architecture.md)"),
        ("index.md", "[a](https://example.com/docs/x.md)", "[a](https://example.com/docs/x.md)"),
        ("index.md", "[a](#below)", "[a](#below)"),
        ("index.md", "```text\n[a](docs/storage.md)\n```", "```text\n[a](docs/storage.md)\n```"),
    ],
)
def test_links_between_files_become_links_between_pages(page: str, written: str, meant: str) -> None:
    assert shown(written, page) == meant


def test_every_page_has_its_place_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    placed = set(re.findall(r"[\w/.-]+\.md", nav))
    docs = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in docs if not page.startswith("adr/")} - placed == set()


def test_the_commands_page_has_every_command_with_its_help() -> None:
    helps = dict(HOOKS["helps"]())
    assert {("prepare",), ("batch",), ("worker",), ("store", "init")} <= helps.keys()
    assert all(said.startswith("Usage: mmsprep") for said in helps.values())


def test_the_fields_of_the_json_are_those_of_the_schema() -> None:
    page = shown((ROOT / "docs" / "reference" / "json.md").read_text(), "reference/json.md")
    assert "| `sha256` | string |" in page
    assert "| `reason` | `cannot-fit`, " in page
    assert "prepared.schema.json -->" not in page


def test_every_setting_is_told_with_its_default() -> None:
    from mmsprep.settings import Settings

    page = shown((ROOT / "docs" / "reference" / "settings.md").read_text(), "reference/settings.md")
    assert [name for name in Settings.model_fields if f"\n| `{name}` |" not in page] == []
    assert "| `profile` | `pantheon` |" in page
