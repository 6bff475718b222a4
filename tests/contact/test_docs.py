"""The examples in the documentation of contacts are true."""

from __future__ import annotations

import re
from pathlib import Path

DOC = Path(__file__).resolve().parents[2] / "docs" / "contacts.md"


def test_the_examples_run() -> None:
    examples = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    exec("\n".join(examples), {})
