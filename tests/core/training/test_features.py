"""Features that are tried while retraining: none looks ahead, only what gains is kept, and serving needs nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from airmedic_core.errors import SpecError
from airmedic_core.inputs import Inputs
from airmedic_core.scoring import predict, score
from airmedic_core.spec import parse_spec
from airmedic_core.training.adopt import adopt
from airmedic_core.training.by_window import looks_back, predicted
from airmedic_core.training.contest import Contest, Recipe
from airmedic_core.training.feature_steps import AddedFeatures
from airmedic_core.training.features import candidates, steps_of, try_features, with_step
from airmedic_core.training.fit import train
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.training.withheld import withheld_rows
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace


def by_hour() -> pd.DataFrame:
    """Renewals that depend on the hour as well, which is among no one's inputs."""
    rows = renewals(days=40, per_day=48)
    night = (rows["at"].dt.hour < 12).to_numpy()
    flip = night & (np.random.default_rng(4).random(len(rows)) < 0.8)
    return rows.assign(churned=np.where(flip, 1, rows["churned"]))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    ws = workspace(tmp_path_factory.mktemp("features"), by_hour())
    adopt(ws, by="anna")
    return ws


def asking(ws: Workspace, *features: str) -> Workspace:
    raw = ws.spec.model_dump(mode="json", exclude_none=True)
    raw["retrain"] = {**raw["retrain"], "features": list(features)}
    return replace(ws, spec=parse_spec(raw))


def test_what_gains_is_kept_and_the_gate_passes_it(ws: Workspace) -> None:
    asked = asking(ws, "dates", "ratios")
    challenger = train(asked, Window(day(0), day(40)), day(42), {"proposal_hash": "dates"})
    run = ws.registry.client.get_run(challenger.run_id)
    assert "at_hour" in run.data.params["features"]
    assert "at_month" not in run.data.params["features"]
    champion = ws.registry.champion("renewals")
    result = evaluate_gate(asked, challenger, champion, withheld_rows(asked, challenger, day(42)))
    assert result.outcome == "passed"
    assert result.low is not None
    assert result.low > 0.02
    below = ws.registry.client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{challenger.run_id}'"
    )
    assert "choice feature at_hour" in {run.info.run_name for run in below}


def test_a_version_with_features_is_served_where_airmedic_is_not_installed(ws: Workspace, tmp_path: Path) -> None:
    challenger = train(asking(ws, "dates"), Window(day(0), day(40)), day(42), {"proposal_hash": "served"})
    inputs = ws.registry.inputs(challenger.version)
    assert inputs.columns[-1] == "at"
    rows = by_hour().tail(50)
    said = score(ws, challenger.version, rows).scores
    path = mlflow.artifacts.download_artifacts(f"models:/renewals/{challenger.version.version}", dst_path=str(tmp_path))
    assert "airmedic" not in (Path(path) / "requirements.txt").read_text()
    inputs.prepare(rows).to_parquet(tmp_path / "rows.parquet")
    # Nothing of this repository is on the path of the process, and what asks for it anyway fails.
    served = (
        "import sys; sys.modules['airmedic_core'] = None\n"
        "import mlflow.sklearn, pandas as pd\n"
        f"model = mlflow.sklearn.load_model({path!r})\n"
        f"print(model.predict_proba(pd.read_parquet({str(tmp_path / 'rows.parquet')!r}))[:, 1].tolist())\n"
    )
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", served], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert np.array(eval(told.strip().splitlines()[-1])) == pytest.approx(said)  # noqa: S307  what was just printed


def test_a_champion_with_features_is_refitted_with_them(ws: Workspace) -> None:
    first = train(asking(ws, "dates"), Window(day(0), day(40)), day(42), {"proposal_hash": "first"})
    loaded = ws.registry.load(first.version)
    spec, inputs = ws.spec, ws.registry.inputs(first.version)
    from sklearn.base import clone

    recipe = with_step(spec, Recipe(clone(loaded), inputs), ("ratio", "usage", "tenure"))
    assert list(steps_of(recipe.estimator)) == [*map(tuple, steps_of(loaded)), ("ratio", "usage", "tenure")]
    rows = by_hour().head(600)
    fitted = recipe.fitted(spec, rows)
    assert np.isfinite(fitted.predict_proba(recipe.inputs.prepare(rows))).all()


def contest_on(ws: Workspace, rows: pd.DataFrame, inputs: Inputs) -> Contest:
    from airmedic_core.training.pipelines import default_pipeline

    return Contest.on(ws.spec, Recipe(default_pipeline(ws.spec, inputs), inputs), rows)


def test_noise_gains_nothing(ws: Workspace) -> None:
    asked, inputs = asking(ws, "ratios", "lags", "group_means"), Inputs.of(["usage", "tenure"], ["plan"])
    contest = contest_on(asked, renewals(days=30), inputs)
    # Of the rows of renewals, nothing depends on a ratio, on the row before, or on more of the plan than the plan.
    assert try_features(asked.spec, contest) == []
    assert len(contest.tried) == len(list(candidates(asked.spec, inputs, contest.earlier))) > 2
    assert steps_of(contest.best.estimator) == ()


def test_a_group_mean_knows_only_earlier_labels_and_a_lag_only_earlier_rows() -> None:
    rows = pd.DataFrame({"plan": ["a", "b"] * 200, "load": np.arange(400.0)})
    labels = np.array([1, 0] * 200)
    steps = [("mean", "plan"), ("lag", "load")]
    before = AddedFeatures(steps).fit_transform(rows, labels)
    # Other labels and values in the second half change nothing of the first.
    later = rows.assign(load=np.where(np.arange(400) >= 200, -1.0, rows["load"]))
    turned = np.where(np.arange(400) >= 200, 1 - labels, labels)
    after = AddedFeatures(steps).fit_transform(later, turned)
    pd.testing.assert_frame_equal(before.head(200), after.head(200))
    assert before["load_lag"].tolist() == [0.0, *range(399)]
    # By hand, of the last twentieth: 190 rows of plan a, all 1, beside 20 that count as the mean of all, one half.
    assert before["plan_mean"].iloc[-2] == pytest.approx((190 + 20 * 0.5) / 210)
    fitted = AddedFeatures(steps).fit(rows, labels)
    served = fitted.transform(rows.tail(2).assign(plan=["a", "new"]))
    assert served["plan_mean"].tolist() == pytest.approx([(200 + 10) / 220, 0.5])
    assert served["load_lag"].tolist() == [399.0, 398.0]


def test_a_lag_is_compared_as_production_scores_window_by_window(ws: Workspace) -> None:
    recipe = with_step(ws.spec, Recipe(LogisticRegression(), Inputs.of(["usage", "tenure"], [])), ("lag", "usage"))
    assert looks_back(recipe.estimator)
    contest = contest_on(ws, renewals(days=30), Inputs.of(["usage", "tenure"], []))
    scored = contest._scored(recipe)
    assert len(scored.scores) == len(contest.later)
    fitted = recipe.fitted(contest.spec, contest.earlier)
    whole, *_ = predict(contest.spec, fitted, recipe.inputs.prepare(contest.later))
    firsts = (~contest.later["at"].dt.floor("D").duplicated()).to_numpy()
    assert (scored.scores[~firsts] == whole[~firsts]).all()
    assert (scored.scores[firsts][1:] != whole[firsts][1:]).all()


def test_the_gate_and_the_reference_take_a_model_with_lags_as_production_does(ws: Workspace) -> None:
    inputs = Inputs.of(["usage", "tenure"], [])
    recipe = with_step(ws.spec, Recipe(LogisticRegression(), inputs), ("lag", "usage"))
    rows = renewals(days=30).dropna(subset=["usage", "tenure", "churned"]).reset_index(drop=True)
    fitted = recipe.fitted(ws.spec, rows)
    by_day = [predict(ws.spec, fitted, inputs.prepare(part))[0] for _, part in rows.groupby(rows["at"].dt.floor("D"))]
    scores, *_ = predicted(ws.spec, fitted, inputs, rows)
    assert scores == pytest.approx(np.concatenate(by_day))
    # Whatever order the rows are in, each gets its own answer.
    halves = pd.concat([rows.tail(400), rows.iloc[:-400]])
    turned, *_ = predicted(ws.spec, fitted, inputs, halves)
    whole_days = ~rows["at"].dt.floor("D").isin(halves["at"].dt.floor("D").iloc[[0, -1]])
    assert turned[np.argsort(halves.index)][whole_days] == pytest.approx(scores[whole_days])


@pytest.mark.parametrize("given", [["logs"], ["ratio"], [{"ratios": 1}]])
def test_the_list_is_closed(tmp_path: Path, given: list[Any]) -> None:
    with pytest.raises(SpecError, match="features"):
        spec_of(tmp_path, retrain={"features": given})
