"""Variables are named for what they hold."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAY_NOTHING = {"each", "found", "one"}


def test_no_variable_has_a_name_that_says_nothing() -> None:
    for folder in ("include", "plugins", "dags", "examples", "scripts", "benchmarks", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            stored = {
                node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            named = stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
            assert named & SAY_NOTHING == set(), path.relative_to(ROOT)
