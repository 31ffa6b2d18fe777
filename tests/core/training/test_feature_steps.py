"""The steps that compute features: none takes the place of another column, and each has a value that models take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.records import Cause
from airmedic_core.scoring import predict
from airmedic_core.serving.service import Service
from airmedic_core.targets import TARGETS, check_lags
from airmedic_core.training.contest import Recipe
from airmedic_core.training.families import families_of
from airmedic_core.training.feature_steps import AddedFeatures, Step, feature_name
from airmedic_core.training.features import candidates, steps_of, with_step
from airmedic_core.training.methods import fit
from tests.core.renewals import incident_of, renewals, spec_of, workspace

EVERY = ["ratios", "dates", "lags", "group_means"]
TARGET_OPTIONS = {
    "http": {"url": "http://127.0.0.1:1/version"},
    "kserve": {"name": "renewals", "storage_uri": "s3://models/{model}/{version}"},
}


def test_a_step_that_would_replace_an_input_is_left_out(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, retrain={"features": EVERY})
    rows = renewals(days=40)
    rows = rows.assign(at_month=rows["usage"], usage_lag=rows["usage"], tenure_per_usage_lag=rows["usage"])
    rows = rows.assign(plan_mean=1.0, at=pd.date_range("2026-01-01", periods=len(rows), freq="h", tz="UTC"))
    names = ["usage", "tenure", "at_month", "usage_lag", "plan_mean", "tenure_per_usage_lag"]
    inputs = Inputs.of(names, ["plan"])
    added = [feature_name(step) for step in candidates(spec, inputs, rows)]
    assert {"at_hour", "tenure_lag"} <= set(added)
    assert not set(added) & set(inputs.columns)
    assert len(added) == len(set(added))
    known = [("hour", "at"), ("lag", "tenure")]
    assert not {"at_hour", "tenure_lag"} & {feature_name(step) for step in candidates(spec, inputs, rows, known)}


def test_of_two_ratios_of_one_name_one_is_tried(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, retrain={"features": ["ratios"]})
    random = np.random.default_rng(0)
    rows = renewals(days=5)
    names = ["a", "b_per_c", "a_per_b", "c"]
    rows = rows.assign(**{name: random.random(len(rows)) + 1 for name in names})
    added = [feature_name(step) for step in candidates(spec, Inputs.of(names, []), rows)]
    assert len(added) == len(set(added)) == 6


@pytest.mark.parametrize("steps", [[("month", "arrival_date")], [("ratio", "a", "b_per_c"), ("ratio", "a_per_b", "c")]])
def test_a_feature_never_takes_the_place_of_a_column(steps: list[Step]) -> None:
    rows = pd.DataFrame(1.0, index=range(2), columns=["a", "b_per_c", "a_per_b", "c", "arrival_date_month"])
    rows["arrival_date"] = "2026-01-01"
    with pytest.raises(ValueError, match="would replace another column"):
        AddedFeatures(steps).fit(rows, [0, 1])


def test_an_estimator_without_support_for_gaps_takes_group_means() -> None:
    rows = pd.DataFrame({"plan": ["a", "b"] * 200, "load": np.arange(400.0)})
    labels = np.array([1, 0, 1, 1] * 100)
    pipeline = make_pipeline(AddedFeatures([("mean", "plan")], ["plan"]), LogisticRegression())
    assert np.isfinite(pipeline.fit(rows, labels).predict_proba(rows)).all()
    values = AddedFeatures([("mean", "plan")]).fit_transform(rows, labels)["plan_mean"]
    # A twentieth is 20 rows; 300 of 400 labels are 1.
    assert values.head(20).tolist() == pytest.approx([0.75] * 20)
    assert values.iloc[20] != values.iloc[21]


def test_no_rows_have_no_features_and_a_ratio_that_is_no_number_is_missing() -> None:
    rows = pd.DataFrame({"load": [1e300, 1.0], "size": [1e-300, 2.0]})
    fitted = AddedFeatures([("lag", "load"), ("ratio", "load", "size")]).fit(rows)
    assert len(fitted.transform(rows.head(0))) == 0
    ratios = fitted.transform(rows)["load_per_size"]
    assert np.isnan(ratios.iloc[0])
    assert ratios.iloc[1] == 0.5


def test_a_champion_that_takes_the_time_column_itself_keeps_it(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    inputs = Inputs((("usage", "number"), ("at", "category")))
    taken = with_step(spec, Recipe(Ridge(), inputs), ("hour", "at"))
    assert taken.inputs == inputs
    assert taken.estimator.steps[0][1].dropped == ()
    first = with_step(spec, Recipe(Ridge(), Inputs.of(["usage"], [])), ("hour", "at"))
    again = with_step(spec, first, ("month", "at"))
    assert again.estimator.steps[0][1].dropped == ("at",)
    assert len(steps_of(again.estimator)) == 2


def test_families_learn_nothing_from_the_text_of_moments(tmp_path: Path) -> None:
    spec, rows = spec_of(tmp_path), renewals(days=10)
    inputs = Inputs((("usage", "number"), ("plan", "category"), ("at", "category")))
    fitted = fit(families_of(spec, ["linear"], inputs)["linear"], inputs, spec, rows)
    names = fitted.steps[0][1].get_feature_names_out()
    assert any("plan" in name for name in names)
    assert not any("__at" in name for name in names)
    moved = rows.assign(at=rows["at"] + pd.Timedelta("90D"))
    same = [predict(spec, fitted, inputs.prepare(part), truth=rows["churned"])[0] for part in (rows, moved)]
    assert (same[0] == same[1]).all()


def test_lags_are_refused_where_rows_are_answered_one_by_one(tmp_path: Path) -> None:
    told = sorted(name for name in TARGETS.names() if TARGETS.member(name).is_told)
    assert told == sorted(TARGET_OPTIONS)
    for name in told:
        rollout = {"target": name, "target_options": TARGET_OPTIONS[name]}
        check_lags(spec_of(tmp_path, retrain={"features": ["ratios"]}, rollout=rollout))
        with pytest.raises(TrainingError, match=f"rollout.target is '{name}'"):
            check_lags(spec_of(tmp_path, retrain={"features": ["lags"]}, rollout=rollout))
    check_lags(spec_of(tmp_path, retrain={"features": ["lags"]}))
    ws = workspace(tmp_path, renewals(days=5), retrain={"features": ["lags"]}, rollout=rollout)
    with pytest.raises(TrainingError, match="answered one by one"):
        ACTIONS.member("retrain").plan(ws, incident_of(ws, 4, Cause.CONCEPT_DRIFT), None)
    with pytest.raises(TrainingError, match="served over HTTP"):
        Service(ws)
