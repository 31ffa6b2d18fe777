"""The recipe for a check is code; it must work as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from airmedic_core.profile import build_profile, build_reference
from airmedic_core.spec import parse_spec

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def check() -> dict[str, Any]:
    source = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert source is not None
    names: dict[str, Any] = {"__name__": "negatives"}
    exec(compile(source[1], "CONTRIBUTING.md", "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_check_of_the_recipe_finds_what_it_says(check: dict[str, Any]) -> None:
    data = {"path": "rows.csv", "time_column": "at"}
    spec = parse_spec({"name": "example", "task": "regression", "target": "y", "data": data})
    at = pd.date_range("2026-01-01", periods=400, freq="h", tz="UTC")
    frame = pd.DataFrame({"at": at, "x": [float(value % 50) for value in range(400)], "y": 1.0})
    reference = build_reference(spec, frame)
    broken = frame.assign(x=[-1.0 if row < 20 else value for row, value in enumerate(frame["x"])])

    def run(rows: pd.DataFrame) -> list[Any]:
        context = SimpleNamespace(profile=build_profile(reference.edges, rows), reference=reference)
        found: list[Any] = check["run"](context, check["Options"]())
        return found

    assert [(finding.subject, finding.verdict, finding.value) for finding in run(broken)] == [("x", "alert", 20 / 400)]
    assert [finding.verdict for finding in run(frame)] == ["ok"]
