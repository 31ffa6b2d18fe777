from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from airmedic_core.errors import SpecError, TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.spec import parse_spec
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.training.methods import fit
from airmedic_core.training.weights import half_life_of, recency_weights, takes_weights, weights_for
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace

INPUTS = Inputs.of(["usage", "tenure"], [])


def test_recent_rows_count_more_in_the_fit_as_scikit_learn_weighs_them(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, task="regression", target="spend")
    rows = renewals(days=20, changed_on=15)
    half_life = timedelta(days=3)
    fitted = fit(make_pipeline(StandardScaler(), LinearRegression()), INPUTS, spec, rows, half_life=half_life)
    # Weighted least squares by hand: rows times the root of their weights (Strutz, Data Fitting and Uncertainty, 3.2).
    root = np.sqrt(recency_weights(rows["at"], half_life))
    design = np.column_stack([np.ones(len(rows)), rows["usage"], rows["tenure"]])
    solved, *_ = np.linalg.lstsq(design * root[:, None], rows["spend"] * root, rcond=None)
    assert fitted.predict(rows[["usage", "tenure"]]) == pytest.approx(design @ solved)


def test_weights_reach_the_last_step_through_pipelines() -> None:
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    times = renewals(days=1)["at"]
    assert set(weights_for(inner, times, timedelta(days=1))) == {"logisticregression__sample_weight"}
    assert set(weights_for(make_pipeline(StandardScaler(), inner), times, timedelta(days=1))) == {
        "pipeline__logisticregression__sample_weight"
    }
    assert weights_for(KNeighborsClassifier(), times, None) == {}


def test_an_estimator_that_takes_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    neighbours = make_pipeline(StandardScaler(), KNeighborsClassifier())
    assert not takes_weights(neighbours)
    with pytest.raises(TrainingError, match="KNeighborsClassifier takes no weights of rows") as raised:
        fit(neighbours, INPUTS, spec_of(tmp_path), renewals(days=5), half_life=timedelta(days=1))
    assert "Leave out retrain.half_life" in str(raised.value)


def test_a_half_life_is_a_step_of_the_calendar_or_auto(tmp_path: Path) -> None:
    # February 2026 has 28 days.
    assert half_life_of("month", day(59)) == timedelta(days=28)
    for given in ("", "auto", "2 weeks"):
        assert spec_of(tmp_path, retrain={"half_life": given}).retrain.half_life == given
    for given in ("soon", "0 days"):
        with pytest.raises(SpecError, match="is not a step in time"):
            spec_of(tmp_path, retrain={"half_life": given})


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Renewals whose relation flips on day 25; nobody has told when."""
    ws = workspace(tmp_path_factory.mktemp("weights"), renewals(days=56, changed_on=25))
    adopt(ws, by="anna")
    return ws


def with_retrain(ws: Workspace, **retrain: Any) -> Workspace:
    raw = ws.spec.model_dump(mode="json", exclude_none=True)
    raw["retrain"] = {**raw["retrain"], **retrain}
    return replace(ws, spec=parse_spec(raw))


def test_the_half_life_is_chosen_on_withheld_rows_and_what_was_tried_is_kept(changed: Workspace) -> None:
    ws = with_retrain(changed, half_life="auto")
    window, as_of = Window(day(0), day(56)), day(58)
    plain = train(changed, window, as_of, {"proposal_hash": "plain"})
    weighted = train(ws, window, as_of, {"proposal_hash": "weighted"})
    params = ws.registry.client.get_run(weighted.run_id).data.params
    # Of 45 days, those before the 25th teach the old relation: a half-life of a few days forgets them.
    assert params["half_life"].endswith("days")
    assert weighted.metrics["roc_auc"] > plain.metrics["roc_auc"] + 0.05
    below = ws.registry.client.search_runs(
        [ws.registry.experiment("renewals")], f"tags.`mlflow.parentRunId` = '{weighted.run_id}'"
    )
    assert {run.data.tags["airmedic.kind"] for run in below} == {"choice"}
    assert len(below) == 3
    assert {run.data.params["taken"] for run in below} >= {"True"}


def test_a_half_life_of_the_spec_is_used_as_it_is(changed: Workspace) -> None:
    ws = with_retrain(changed, half_life="3 days")
    challenger = train(ws, Window(day(0), day(56)), day(58), {"proposal_hash": "fixed"})
    assert ws.registry.client.get_run(challenger.run_id).data.params["half_life"] == "3 days"
    assert challenger.metrics["roc_auc"] > 0.8


def test_rows_of_one_moment_count_the_same() -> None:
    assert recency_weights(pd.Series([pd.Timestamp(day(1))] * 3), timedelta(hours=1)).tolist() == [1, 1, 1]


def test_an_improvement_leaves_out_the_rows_before_a_change_where_that_clearly_gains(changed: Workspace) -> None:
    asked = {"proposal_hash": "improved", "trials": 1, "changed_at": day(25).isoformat()}
    challenger = train(changed, Window(day(0), day(56)), day(58), asked)
    params = changed.registry.client.get_run(challenger.run_id).data.params
    assert params["rows_chosen"] == "since_change"
    assert challenger.train_window.start == day(25)
    assert challenger.metrics["roc_auc"] > 0.8
    tried = changed.registry.client.search_runs(
        [changed.registry.experiment("renewals")], f"tags.`mlflow.parentRunId` = '{challenger.run_id}'"
    )
    names = {run.info.run_name for run in tried if run.data.tags["airmedic.kind"] == "choice"}
    assert "choice rows since 2026-01-26 00:00" in names
    assert sum(name.startswith("choice half-life") for name in names) == 3
