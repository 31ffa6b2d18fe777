from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import AirmedicError, SourceError
from airmedic_core.reports.evidently_page import sample_rows, write_comparison
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

pytestmark = pytest.mark.skipif(
    find_spec("evidently") is None, reason="Evidently does not import on pandas 3, and is not installed beside it."
)
APRIL = Window(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
HOSTILE = "</script><script>alert(1)</script>"


def frame(shift: float, rows: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "calls": random.normal(shift, 1, rows),
            HOSTILE: random.choice(["a", HOSTILE], rows),
            "nothing": np.nan,
            "endless": np.where(random.random(rows) < 0.1, np.inf, 1.0),
        }
    )


def test_the_page_shows_the_columns_and_runs_no_code_of_theirs(tmp_path: Path) -> None:
    page = tmp_path / "evidently.html"
    write_comparison(frame(0), frame(3), numeric=["calls", "nothing", "endless"], path=page)
    text = page.read_text(encoding="utf-8")
    assert "calls" in text
    # Evidently writes what is not ASCII as JSON does.
    assert json.dumps("‹/script›‹script›alert(1)‹/script›")[1:-1] in text
    assert HOSTILE not in text
    assert not re.search(r"<script[^>]+src=[\"']http", text)


def test_nothing_in_common_is_an_error_and_leaves_no_page(tmp_path: Path) -> None:
    page = tmp_path / "evidently.html"
    with pytest.raises(AirmedicError, match="No column holds values"):
        write_comparison(frame(0)[["calls"]], frame(0)[["nothing"]], numeric=["calls"], path=page)
    assert not page.exists()


def test_the_sample_is_bounded_uniform_and_repeatable(ws: Workspace) -> None:
    rows = 70_000
    at = pd.date_range(APRIL.start, periods=rows, freq="37s")
    pd.DataFrame({"at": at, "row": np.arange(rows), "plan": "flex"}).to_csv(ws.spec.data.path, index=False)
    first = sample_rows(ws, APRIL, ["row"], seed="x", most=1_000)
    assert list(first.columns) == ["row"]
    assert len(first) == 1_000
    assert first["row"].is_unique
    # The mean of 1,000 of 70,000 rows has a standard error of 20,207 / sqrt(1000) = 639; four of them are allowed.
    assert abs(first["row"].mean() - rows / 2) < 4 * 639
    pd.testing.assert_frame_equal(first, sample_rows(ws, APRIL, ["row"], seed="x", most=1_000))


def test_a_window_without_rows_is_an_error(ws: Workspace) -> None:
    pd.DataFrame({"at": ["2026-06-01"], "row": [1]}).to_csv(ws.spec.data.path, index=False)
    with pytest.raises(SourceError):
        sample_rows(ws, APRIL, ["row"], seed="x")
