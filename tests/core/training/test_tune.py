from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from airmedic_core.errors import SpecError, TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.spec import TuneSection
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.training.splits import mean_on_splits, splits_in_time
from airmedic_core.training.trial_runs import TrialRuns
from airmedic_core.training.tune import search_space, tuned
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace

INPUTS = Inputs.of(["usage", "tenure"], [])
GRID: dict[str, Any] = {"n_estimators": {"choices": [3, 20]}, "max_depth": {"choices": [1, 4]}}


def test_a_search_finds_the_better_parameter(ws: Workspace) -> None:
    # So strong a penalty ranks usage and tenure by their means alone; the search has to leave it.
    poor = LogisticRegression(C=1e-6, solver="newton-cholesky")
    space = {"fit_intercept": {"choices": [True]}, "C": {"low": 1e-6, "high": 10.0, "log": True}}
    tried, best = tuned(
        ws.spec.model_copy(update={"gate": ws.spec.gate.model_copy(update={"metric": "log_loss"})}),
        TuneSection(trials=8, space=space),
        poor,
        Inputs.of(["usage", "tenure"], []),
        renewals(days=20),
    )
    assert tried.C == best["C"] > 1e-3
    assert not hasattr(tried, "coef_")


def test_a_parameter_that_does_not_exist_names_the_closest() -> None:
    with pytest.raises(TrainingError, match="Did you mean 'tol'"):
        search_space(LogisticRegression(), {"tool": {"low": 1, "high": 2}})


def test_what_has_no_usual_parameter_says_so() -> None:
    assert list(search_space(LogisticRegression(), {})) == ["C"]
    with pytest.raises(TrainingError, match=r"retrain\.tune\.space"):
        search_space(GaussianNB(), {})


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(random_state=0)


def test_a_grid_over_a_random_forest_tries_every_combination_and_keeps_the_best(ws: Workspace) -> None:
    rows = renewals(days=12)
    tried, best = tuned(ws.spec, TuneSection(trials=4, space=GRID), forest(), INPUTS, rows)
    # The same by hand: each of the four forests, on the same splits.
    splits = splits_in_time(rows["at"])
    by_hand = {
        (trees, depth): mean_on_splits(
            ws.spec, forest().set_params(n_estimators=trees, max_depth=depth), INPUTS, rows, splits
        )
        for trees, depth in product([3, 20], [1, 4])
    }
    assert (best["n_estimators"], best["max_depth"]) == max(by_hand, key=lambda pair: by_hand[pair])
    assert (tried.n_estimators, tried.max_depth) == (best["n_estimators"], best["max_depth"])
    assert tuned(ws.spec, TuneSection(trials=4, space=GRID), forest(), INPUTS, rows)[1] == best


def test_a_search_that_was_cut_off_goes_on_with_the_trials_that_are_kept(ws: Workspace) -> None:
    client = ws.registry.client
    run_id = client.create_run(ws.registry.experiment("renewals")).info.run_id
    runs = TrialRuns(ws, run_id)
    # It would be the best by far: nothing but what was kept can say so.
    runs.record(0, {"n_estimators": 3, "max_depth": 1}, 0.999)
    runs.record(1, {"n_estimators": 20, "max_depth": 1}, None)
    _, best = tuned(ws.spec, TuneSection(trials=4, space=GRID), forest(), INPUTS, renewals(days=12), runs)
    assert best == {"n_estimators": 3, "max_depth": 1}
    # One was kept before; the one that was given up is tried again, and so are the other two.
    assert len(runs.known()) == 4


def test_a_search_that_was_cut_off_has_only_the_time_that_is_left(ws: Workspace) -> None:
    runs = TrialRuns(ws, ws.registry.client.create_run(ws.registry.experiment("renewals")).info.run_id)
    runs.record(0, {"n_estimators": 3, "max_depth": 1}, 0.6, 200.0)
    runs.record(1, {"n_estimators": 20, "max_depth": 1}, None, 500.0)
    tune = TuneSection(trials=4, space=GRID, timeout_seconds=600)
    _, best = tuned(ws.spec, tune, forest(), INPUTS, renewals(days=12), runs)
    # 700 of 600 seconds are spent: nothing more is tried, and the only trial that ended is the best.
    assert best == {"n_estimators": 3, "max_depth": 1}
    assert len(runs.known()) == 1


def test_the_trials_of_a_training_are_runs_below_its_own(tmp_path: Path) -> None:
    space = {"model__max_leaf_nodes": {"choices": [7, 15]}}
    retrain = {"window": "30 days", "tune": {"trials": 2, "space": space, "families": ["linear"]}}
    ws = workspace(tmp_path, renewals(days=20))
    adopt(ws, window=Window(day(0), day(20)), as_of=day(30), by="anna")
    ws = replace(ws, spec=spec_of(tmp_path, retrain=retrain))
    challenger = train(ws, Window(day(0), day(20)), day(30), {"method": "clone"})
    run = ws.registry.client.get_run(challenger.run_id)
    # The rows are drawn from a logistic relation, so that a linear model is the right one.
    assert run.data.params["family"] == "linear"
    below = ws.registry.client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{challenger.run_id}'"
    )
    trials = [run for run in below if run.data.tags["airmedic.kind"] == "trial"]
    assert len(trials) == 2
    assert all("model__C" in run.data.params for run in trials)
    # Which families were compared is told by runs of their own.
    families = {run.data.params["family"] for run in below if run.data.tags["airmedic.kind"] == "choice"}
    assert families == {"as the champion", "linear"}


@pytest.mark.parametrize(
    ("tune", "says"),
    [({"trials": 0}, "trials"), ({"timeout_seconds": 0}, "timeout_seconds"), ({"families": ["forest"]}, "families")],
)
def test_a_budget_of_nothing_and_a_family_that_is_none_are_errors_of_the_spec(
    tmp_path: Path, tune: dict[str, Any], says: str
) -> None:
    with pytest.raises(SpecError, match=says):
        spec_of(tmp_path, retrain={"tune": tune})
