"""The model that is fitted where no predictions are logged."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from airmedic_core.inputs import Inputs
from airmedic_core.pair import default_model
from airmedic_core.pair.default_model import served
from airmedic_core.spec import parse_spec
from airmedic_core.training.pipelines import default_pipeline
from airmedic_core.windows import Window

SPEC = parse_spec(
    {
        "name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"numeric": ["a"], "categorical": ["kind"]},
    }
)  # fmt: skip

WINDOW = Window(datetime(2026, 2, 12, tzinfo=UTC), datetime(2026, 3, 27, tzinfo=UTC))


def _rows(seed: int, start: str) -> pd.DataFrame:
    """Outcomes that depend on a number and a category of 250 names, of which some are missing and some come once."""
    rng = np.random.default_rng(seed)
    kind = rng.zipf(1.3, 1000) % 250
    rows = pd.DataFrame({"at": pd.date_range(start, periods=1000, freq="h", tz="UTC"), "a": rng.normal(size=1000)})
    rows["kind"] = pd.Series([f"kind {number}" for number in kind]).where(kind != 7)
    rows["y"] = (rows["a"] + kind % 3 + rng.normal(size=1000) > 1).astype(int)
    return rows


@pytest.fixture
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    now = _rows(2, "2026-02-12")
    now.loc[:5, "kind"] = "new"
    return _rows(1, "2026-01-01"), now


def test_scores_are_those_of_the_plain_pipeline(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """The expected scores come from scikit-learn's own encoder of texts, which the check leaves out for its speed."""
    reference, current = frames
    answers = served(SPEC, reference, current, WINDOW, WINDOW.end, together=False)
    assert answers is not None
    inputs, fitted_on = Inputs.of(["a"], ["kind"]), reference[~answers.held_out]
    pipeline = default_pipeline(SPEC, inputs).fit(inputs.prepare(fitted_on), fitted_on["y"])
    expected = pipeline.predict_proba(inputs.prepare(current))[:, 1]
    assert answers.current.scores == pytest.approx(expected, abs=1e-12)
    expected = pipeline.predict_proba(inputs.prepare(reference[answers.held_out]))[:, 1]
    assert answers.reference.scores[answers.held_out] == pytest.approx(expected, abs=1e-12)


def test_of_many_rows_plainer_trees_rank_later_ones_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure to reach is that of scikit-learn's boosting on the same rows."""
    reference, current = _rows(1, "2026-01-01"), _rows(2, "2026-02-12")
    theirs = served(SPEC, reference, current, WINDOW, WINDOW.end, together=False)
    monkeypatch.setattr(default_model, "_MANY_ROWS", 500)
    ours = served(SPEC, reference, current, WINDOW, WINDOW.end, together=False)
    assert theirs is not None
    assert ours is not None
    expected = roc_auc_score(current["y"], theirs.current.scores)
    assert expected > 0.8
    assert roc_auc_score(current["y"], ours.current.scores) > expected - 0.01
    assert (ours.held_out == theirs.held_out).all()
    assert not np.array_equal(ours.current.scores, theirs.current.scores)


def test_rows_that_the_model_was_fitted_on_are_not_scored(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    answers = served(SPEC, *frames, WINDOW, WINDOW.end, together=False)
    assert answers is not None
    assert answers.held_out.sum() == 300
    assert (np.isfinite(answers.reference.scores) == answers.held_out).all()
    assert answers.reference.known.sum() == 300
