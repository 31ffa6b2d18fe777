"""The reference of the spec is written from the code; it must be written again when the code changes."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    text: str = runpy.run_path(str(ROOT / "scripts" / "write_model_spec.py"))["page"]()
    return text


def test_the_page_is_current(page: str) -> None:
    written = (ROOT / "docs" / "model-spec.md").read_text(encoding="utf-8")
    assert written == page, "Run: python scripts/write_model_spec.py"


def test_every_key_has_a_meaning(page: str) -> None:
    keys, _, _ = page.partition("## Checks")
    rows = [line for line in keys.splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert [line for line in rows if line.endswith("|  |")] == []
