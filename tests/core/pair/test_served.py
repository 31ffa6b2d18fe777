"""Predictions that were logged with two sets of rows, and how long they took."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError
from airmedic_core.pair import check_pair
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec

COLOURS = np.array(["red", "green", "blue"])


def _spec(task: str, **prediction: str) -> Any:
    data = {"path": "rows.csv", "time_column": "at"}
    return parse_spec({"name": "m", "task": task, "target": "y", "data": data, "prediction": prediction})


def _rows(days: int, start: str, *, right: float = 0.8, by: str = "1", slow: float = 0.0) -> pd.DataFrame:
    """Outcomes of three classes of which a model named so many rightly, in so many milliseconds."""
    rng = np.random.default_rng(days)
    count = 200 * days
    truth = rng.integers(0, 3, count)
    said = np.where(rng.random(count) < right, truth, (truth + rng.integers(1, 3, count)) % 3)
    sure = 0.5 + 0.4 * rng.random(count)
    rows = {
        "at": pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 86_400 / 200, unit="s"),
        "a": truth + rng.normal(size=count),
        "y": COLOURS[truth],
        "said": COLOURS[said],
        "by": by,
        "ms": np.where(rng.random(count) < slow, 4000.0, 40.0),
    }
    chances = {f"p_{name}": np.where(said == at, sure, (1 - sure) / 2) for at, name in enumerate(COLOURS)}
    return pd.DataFrame(rows | chances)


@pytest.mark.parametrize("prediction", [{"label": "said"}, {"label": "said", "score": "p"}, {"score": "p"}])
def test_a_bad_version_of_a_multiclass_model_is_found(prediction: dict[str, str]) -> None:
    spec = _spec("multiclass", version="by", **prediction)
    before = _rows(20, "2026-01-01")
    assert check_pair(spec, before, _rows(1, "2026-01-21")).assessment.outcome == "healthy"
    worse = check_pair(spec, before, _rows(1, "2026-01-21", right=0.4, by="2"))
    assert worse.assessment.cause is Cause.BAD_DEPLOYMENT


def test_slow_answers_are_found_although_no_scores_are_logged() -> None:
    spec = _spec("multiclass", latency_ms="ms")
    before = _rows(20, "2026-01-01")
    slow = check_pair(spec, before, _rows(1, "2026-01-21", slow=0.05))
    assert slow.assessment.cause is Cause.LATENCY_REGRESSION
    [finding] = [finding for finding in slow.findings if finding.check == "latency"]
    assert finding.value == 4000.0
    unlogged = check_pair(spec, before, _rows(1, "2026-01-21").drop(columns="ms"))
    [failed] = [finding for finding in unlogged.findings if finding.check == "latency"]
    assert "no column 'ms'" in failed.message


def test_a_binary_model_is_watched_by_its_answers_alone() -> None:
    """A version that answers 1 for every row, where the one before was right in four of five."""
    spec = _spec("binary", label="said")
    rows = _rows(21, "2026-01-01")
    rows = rows.assign(y=(rows["y"] == "red").astype(int), said=(rows["said"] == "red").astype(int))
    before, now = rows[:4000], rows[4000:]
    assert check_pair(spec, before, now).assessment.outcome == "healthy"
    constant = check_pair(spec, before, now.assign(said=1))
    assert constant.assessment.outcome == "incident"
    assert any(finding.check == "scores" and finding.statistic == "constant" for finding in constant.findings)


@pytest.mark.parametrize(
    ("task", "prediction", "dropped", "side"),
    [
        ("regression", {"score": "a"}, ["a"], "current"),
        ("binary", {"label": "said"}, ["said"], "reference"),
        ("multiclass", {"score": "p"}, ["p_red", "p_green", "p_blue"], "current"),
    ],
)
def test_predictions_that_are_gone_are_an_error_and_never_another_models(
    task: str, prediction: dict[str, str], dropped: list[str], side: str
) -> None:
    spec, before, now = _spec(task, **prediction), _rows(20, "2026-01-01"), _rows(1, "2026-01-21")
    if task != "multiclass":
        before, now = (rows.assign(y=(rows["y"] == "red").astype(int)) for rows in (before, now))
    sides = {"reference": before, "current": now}
    sides[side] = sides[side].drop(columns=dropped)
    with pytest.raises(MissingColumnError, match=f"The {side} rows have no column"):
        check_pair(spec, sides["reference"], sides["current"])


@pytest.mark.parametrize("version", [{}, {"version": "by"}])
def test_scores_in_per_cent_are_a_bad_deployment_and_nothing_to_retrain_for(version: dict[str, str]) -> None:
    spec = _spec("binary", score="p_red", **version)
    rows = _rows(21, "2026-01-01")
    rows = rows.assign(y=(rows["y"] == "red").astype(int))
    before, now = rows[:4000], rows[4000:]
    assert check_pair(spec, before, now).assessment.outcome == "healthy"
    result = check_pair(spec, before, now.assign(p_red=now["p_red"] * 100, by="2"))
    assert result.assessment.cause is Cause.BAD_DEPLOYMENT
    assert result.recommended[0].action == "rollback"
    assert all(action.condition for action in result.recommended if action.action == "retrain")
    always = check_pair(spec, before.assign(p_red=before["p_red"] * 100), now.assign(p_red=now["p_red"] * 100))
    assert not [finding for finding in always.findings if finding.statistic == "impossible_fraction"]
