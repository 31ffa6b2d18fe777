from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from airmedic_core.errors import NoChampionError, TrainingError
from airmedic_core.spec import ModelSpec
from airmedic_core.training.fit import challenger_of, train, trained_window
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, workspace

RECENT = Window(day(22), day(52))


def plain_logistic(spec: ModelSpec, frame: pd.DataFrame) -> Any:
    assert spec.target in frame
    return LogisticRegression()


def shuffled(spec: ModelSpec, frame: pd.DataFrame) -> Any:
    labels = np.random.default_rng(0).permutation(frame[spec.target])
    features = [name for name in frame if name != spec.target]
    return HistGradientBoostingClassifier(max_iter=20).fit(frame[features], labels)


def failing(spec: ModelSpec, frame: pd.DataFrame) -> Any:
    raise RuntimeError("no such table")


def own(ws: Workspace, function: str, **more: Any) -> Workspace:
    retrain = ws.spec.retrain.model_copy(update={"using": f"tests.core.training.test_fit:{function}", **more})
    features = ws.spec.features.model_copy(update={"numeric": ("usage", "tenure"), "categorical": ()})
    spec = ws.spec.model_copy(update={"retrain": retrain, "exclude": ("spend", "plan"), "features": features})
    return Workspace(spec, ws.settings, ws.ledger, ws.registry)


def test_the_champions_own_pipeline_is_refitted(adopted: Workspace) -> None:
    challenger = train(adopted, Window(day(0), day(40)), day(42), {})
    old, new = (adopted.registry.load(v) for v in (adopted.registry.champion("renewals"), challenger.version))
    assert str(old.get_params()) == str(new.get_params())
    assert adopted.registry.by_alias("renewals", "challenger") == adopted.registry.version(
        "renewals", challenger.version.version
    )
    assert challenger.metrics["roc_auc"] > 0.8
    assert challenger_of(adopted, challenger.version) == challenger


def test_the_same_request_is_the_same_version(adopted: Workspace) -> None:
    params = {"proposal_hash": "abc", "incident_id": "i1"}
    first = train(adopted, RECENT, day(54), params)
    count = len(adopted.registry.versions("renewals"))
    assert train(adopted, RECENT, day(54), params) == first
    assert len(adopted.registry.versions("renewals")) == count
    assert first.version.tags["airmedic.proposal_hash"] == "abc"


def test_a_process_that_looked_before_another_had_registered_registers_nothing(
    adopted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, as_of = Window(day(0), day(40)), day(42)
    first = train(adopted, window, as_of, {})
    count = len(adopted.registry.versions("renewals"))
    looks = iter([None])
    find = adopted.registry.find
    monkeypatch.setattr(adopted.registry, "find", lambda *asked: next(looks, find(*asked)))
    assert train(adopted, window, as_of, {}).version.version == first.version.version
    assert len(adopted.registry.versions("renewals")) == count


def test_a_registration_that_was_cut_off_before_its_alias_is_completed(adopted: Workspace) -> None:
    # Rows that no other test trains on: the same request again would find their version, which is not the newest.
    registry, request = adopted.registry, (Window(day(3), day(40)), day(42))
    cut_off = train(adopted, *request, {}).version.version
    registry.client.delete_registered_model_alias("renewals", "challenger")
    train(adopted, *request, {})
    named = registry.by_alias("renewals", "challenger")
    assert named is not None
    assert named.version == cut_off
    newer = train(adopted, Window(day(0), day(41)), day(43), {}).version.version
    train(adopted, *request, {})
    named = registry.by_alias("renewals", "challenger")
    assert named is not None
    assert named.version == newer


def test_a_run_tells_what_went_in_and_what_came_out(adopted: Workspace) -> None:
    challenger = train(adopted, RECENT, day(52), {"proposal_hash": "lineage", "incident_id": "i1"})
    client = adopted.registry.client
    run = client.get_run(challenger.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["airmedic.incident_id"] == "i1"
    assert int(run.data.params["rows_trained"]) + int(run.data.params["rows_withheld"]) == 28 * 60 + 1
    assert run.data.metrics["withheld_roc_auc"] == pytest.approx(challenger.metrics["roc_auc"])
    path = client.download_artifacts(challenger.run_id, "airmedic/training.json")
    assert json.loads(Path(path).read_text())["left_out"] == {"label not known yet": 119}


def test_rows_from_before_a_change_are_forgotten_where_that_helps(adopted: Workspace) -> None:
    mixed = train(adopted, RECENT, day(54), {"proposal_hash": "all"})
    healed = train(adopted, RECENT, day(54), {"proposal_hash": "since", "since": day(45).isoformat()})
    assert trained_window(healed.version) == healed.train_window
    assert healed.train_window.start >= day(45)
    assert mixed.train_window.start == day(22)
    assert healed.metrics["roc_auc"] > 0.8
    params = adopted.registry.client.get_run(healed.run_id).data.params
    assert params["rows_chosen"] == "since_change"
    assert float(params["validation_since_change"]) > float(params["validation_all"])


def test_a_change_that_is_none_keeps_all_rows_or_loses_nothing(adopted: Workspace) -> None:
    challenger = train(
        adopted, Window(day(0), day(40)), day(42), {"proposal_hash": "none", "since": day(39).isoformat()}
    )
    assert adopted.registry.client.get_run(challenger.run_id).data.params["rows_chosen"] == "all"


def test_recalibration_keeps_the_model_and_can_be_retrained_afterwards(adopted: Workspace) -> None:
    seen = trained_window(adopted.registry.champion("renewals"))
    assert seen is not None
    with pytest.raises(TrainingError, match="was not fitted on"):
        train(adopted, Window(day(0), seen.end), seen.end, {"method": "recalibrate", "proposal_hash": "old"})
    challenger = train(adopted, Window(day(0), day(56)), day(58), {"method": "recalibrate", "proposal_hash": "r"})
    assert challenger.train_window.start >= seen.end
    calibrated = adopted.registry.load(challenger.version)
    assert isinstance(calibrated, CalibratedClassifierCV)
    inside, champion = calibrated.estimator.estimator, adopted.registry.load(adopted.registry.champion("renewals"))
    rows = adopted.registry.inputs(challenger.version).prepare(renewals(days=5))
    assert (inside.predict_proba(rows) == champion.predict_proba(rows)).all()


def test_a_regression_is_trained_from_nothing(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(), task="regression", target="spend", exclude=["churned"])
    first = train(ws, Window(day(0), day(30)), day(32), {"method": "default"})
    assert first.metrics["mae"] < 4.5


def test_the_teams_own_function_makes_the_model(adopted: Workspace) -> None:
    challenger = train(own(adopted, "plain_logistic"), Window(day(0), day(40)), day(42), {})
    assert isinstance(adopted.registry.load(challenger.version), LogisticRegression)
    assert adopted.registry.inputs(challenger.version).columns == ("usage", "tenure")


def test_a_model_of_shuffled_labels_is_refused_at_the_gate(adopted: Workspace) -> None:
    ws = own(adopted, "shuffled")
    challenger = train(ws, Window(day(0), day(40)), day(42), {"proposal_hash": "shuffled"})
    frame = pd.read_parquet(ws.spec.data.path)
    held = frame[(frame["at"] >= challenger.holdout_window.start) & (frame["at"] < challenger.holdout_window.end)]
    result = evaluate_gate(ws, challenger, ws.registry.champion("renewals"), held)
    assert result.outcome == "refused"


@pytest.mark.parametrize(
    ("function", "problem"),
    [("failing", "RuntimeError: no such table"), ("absent", "is not an importable function")],
)
def test_a_function_that_fails_registers_nothing(adopted: Workspace, function: str, problem: str) -> None:
    ws, before = own(adopted, function), len(adopted.registry.versions("renewals"))
    with pytest.raises(TrainingError, match=problem):
        train(ws, Window(day(0), day(40)), day(42), {"proposal_hash": function})
    assert len(ws.registry.versions("renewals")) == before
    runs = ws.registry.client.search_runs(
        [ws.registry.experiment("renewals")], f"tags.`airmedic.training_key` = '{function}'"
    )
    assert [run.info.status for run in runs] == ["FAILED"]


def test_a_request_cannot_name_code_to_import(adopted: Workspace) -> None:
    with pytest.raises(TrainingError, match="no training method 'os:system'"):
        train(adopted, RECENT, day(54), {"method": "os:system"})


def test_what_the_teams_own_dag_has_trained_becomes_the_challenger(adopted: Workspace) -> None:
    spec = adopted.spec.model_copy(update={"retrain": adopted.spec.retrain.model_copy(update={"using": "dag:train"})})
    ws = Workspace(spec, adopted.settings, adopted.ledger, adopted.registry)
    with pytest.raises(TrainingError, match="'dag:train' has registered no version of 'renewals'"):
        train(ws, RECENT, day(54), {"proposal_hash": "ordered"})
    # Any version with the tag will do: here the champion stands in for what the DAG registered.
    champion = ws.registry.champion("renewals")
    ws.registry.client.set_model_version_tag("renewals", champion.version, "airmedic.delivered_for", "ordered")
    challenger = train(ws, RECENT, day(54), {"proposal_hash": "ordered"})
    assert challenger.version.version != champion.version
    assert challenger_of(ws, challenger.version).holdout_window.end <= day(54)


def test_recalibrating_needs_a_champion(ws: Workspace) -> None:
    with pytest.raises(NoChampionError, match="airmedic adopt"):
        train(ws, Window(day(0), day(40)), day(42), {"method": "recalibrate"})
