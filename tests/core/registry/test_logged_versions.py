"""A model that is in no registry: watched, diagnosed and handed to the team's own DAGs by what is logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import ActionError, ModelError, PolicyError, SpecError, TrainingError
from airmedic_core.execution import carry_out, gate_challenger
from airmedic_core.history import History
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Assessment, Cause, Finding, IncidentState, Verdict
from airmedic_core.registry import LoggedVersions
from airmedic_core.training.adopt import adopt
from airmedic_core.training.understood import described
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, renewals, spec_of, workspace

PER_DAY = 300
DEPLOYED_ON = 36
NONE: dict[str, Any] = {
    "registry": "none",
    "prediction": {"score": "p", "label": "said", "version": "by"},
    "retrain": "dag:train_renewals",
    "rollout": "dag:roll_renewals_back",
}


def logged(days: int = 40) -> pd.DataFrame:
    """Return rows with the predictions of version 7, and from a day on those of version 8, which has its sign wrong."""
    rows = renewals(days=days, per_day=PER_DAY)
    new = rows["at"] >= day(DEPLOYED_ON)
    sign = np.where(new, -1.0, 1.0)
    risk = 1 / (
        1 + np.exp(-(sign * (2.0 * rows["usage"] + 0.5 * rows["tenure"]) + (rows["plan"] == "flex") * 0.8 - 0.5))
    )
    return rows.assign(p=risk, said=(risk > 0.5).astype(int), by=np.where(new, 8, 7))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("none")
    ws = workspace(folder, logged(), **NONE)
    assert adopt(ws, by="anna").to_version == "7"
    return folder


@pytest.fixture
def ws(prepared: Path, tmp_path: Path) -> Workspace:
    return copy_of(prepared, tmp_path, **NONE)


def look(ws: Workspace, number: int) -> tuple[list[Finding], Assessment]:
    window = Window(day(number), day(number + 1))
    batch = resolve_batch(ws, window=window, moment=day(number + 1), as_of=day(number + 4))
    findings = [finding for group in ("data", "drift", "performance") for finding in check_batch(ws, batch, group)]
    return findings, assess(ws, batch)


def test_it_is_watched_by_what_is_logged_and_nothing_is_loaded(ws: Workspace) -> None:
    assert isinstance(ws.registry, LoggedVersions)
    findings, assessment = look(ws, 34)
    assert assessment.outcome == "healthy"
    measured = next(finding for finding in findings if finding.statistic == "roc_auc" and finding.value is not None)
    baseline = ws.registry.reference(ws.registry.champion("renewals")).performance["roc_auc"]
    assert measured.value == pytest.approx(baseline.value, abs=0.1)
    assert ws.registry.client.search_registered_models() == []
    with pytest.raises(ModelError, match="is in no registry"):
        ws.registry.load(ws.registry.champion("renewals"))


def test_another_version_is_noticed_and_rolled_back_by_the_teams_dag(ws: Workspace) -> None:
    look(ws, DEPLOYED_ON - 1)
    findings, assessment = look(ws, DEPLOYED_ON)
    noticed = ws.ledger.promotions("renewals")[0]
    assert (noticed.from_version, noticed.to_version, noticed.kind) == ("7", "8", "manual")
    assert noticed.at == day(DEPLOYED_ON)
    assert ws.registry.champion("renewals").version == "8"
    assert {finding.check for finding in findings if finding.verdict is Verdict.ALERT} >= {"performance"}
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.BAD_DEPLOYMENT)

    incident = incident_of(ws, DEPLOYED_ON, Cause.BAD_DEPLOYMENT)
    params, expected = ACTIONS.member("rollback").plan(ws, incident, None)
    assert (params["version"], params["from_version"], params["dag_id"]) == ("7", "8", "roll_renewals_back")
    assert expected == "Version 7 serves again once roll_renewals_back has run."
    proposal = approved(ws, incident, "rollback", params)
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    with pytest.raises(PolicyError, match="kill switch"):
        carry_out(ws, proposal.hash, now=NOW)
    ws.ledger.revoke_override("renewals", "kill_switch", "all", author="ada")
    assert carry_out(ws, proposal.hash, now=NOW).summary.startswith("roll_renewals_back is asked to put version 7")


def test_what_came_of_a_dag_is_told_by_the_next_predictions(ws: Workspace) -> None:
    look(ws, DEPLOYED_ON)
    incident = incident_of(ws, DEPLOYED_ON, Cause.BAD_DEPLOYMENT)
    proposal = approved(ws, incident, "rollback", ACTIONS.member("rollback").plan(ws, incident, None)[0])
    carry_out(ws, proposal.hash, now=NOW)
    (done,) = ws.ledger.actions(incident_id=incident.id)
    history = History.of(ws, incident, now=NOW)
    assert ACTIONS.member("rollback").outcome(history, done).state is IncidentState.ESCALATED
    ws.registry.notice_logged("renewals", "7", day(DEPLOYED_ON + 1))
    assert ws.ledger.promotions("renewals")[0].kind == "rollback"
    assert ACTIONS.member("rollback").outcome(history, done).state is IncidentState.RESOLVED
    with pytest.raises(ModelError, match="version 8 was rolled back"):
        ws.registry.rollback_target("renewals")


def test_its_own_dag_retrains_it(ws: Workspace) -> None:
    look(ws, 35)
    incident = incident_of(ws, 35)
    proposal = approved(ws, incident, "retrain", ACTIONS.member("retrain").plan(ws, incident, None)[0])
    done = carry_out(ws, proposal.hash, now=NOW)
    assert (done.status, done.summary) == ("done", "train_renewals has trained the model.")
    result, deployment = gate_challenger(ws, incident.id, proposal.hash, now=NOW)
    assert (result.outcome, deployment) == ("not_comparable", None)
    assert "its own DAG puts into service" in result.reasons[0]


def test_remedies_without_a_dag_are_left_to_people(prepared: Path, tmp_path: Path) -> None:
    ws = copy_of(prepared, tmp_path, registry="none", prediction=NONE["prediction"])
    look(ws, DEPLOYED_ON)
    incident = incident_of(ws, DEPLOYED_ON)
    with pytest.raises(TrainingError, match="retrain: dag:<dag_id>"):
        ACTIONS.member("retrain").plan(ws, incident, None)
    with pytest.raises(ActionError, match="rollout: dag:<dag_id>"):
        ACTIONS.member("rollback").plan(ws, incident, None)
    told = described(ws, ws.registry.champion("renewals"))
    assert told[-2:] == [
        "The spec names no DAG that retrains it (retrain: dag:<dag_id>): that is left to people.",
        "The spec names no DAG that rolls it back (rollout: dag:<dag_id>): that is left to people.",
    ]


def test_a_model_with_predicted_labels_alone_is_watched_by_them(tmp_path: Path) -> None:
    labels = {"registry": "none", "prediction": {"label": "said", "version": "by"}, "exclude": ["spend", "p"]}
    ws = workspace(tmp_path, logged(), **labels)
    adopt(ws, by="anna")
    _, before = look(ws, DEPLOYED_ON - 1)
    findings, after = look(ws, DEPLOYED_ON)
    assert before.outcome == "healthy"
    assert (after.outcome, after.cause) == ("incident", Cause.BAD_DEPLOYMENT)
    assert {finding.check for finding in findings if finding.verdict is Verdict.ALERT} >= {"performance"}


@pytest.mark.parametrize("column", ["p", "said", "by"])
def test_a_column_of_predictions_that_a_batch_lacks_is_a_finding(prepared: Path, tmp_path: Path, column: str) -> None:
    ws = copy_of(prepared, tmp_path, **NONE)
    rows = logged()
    rows[rows["at"] >= day(33)].drop(columns=column).to_parquet(tmp_path / "rows.parquet")
    batch = resolve_batch(ws, window=Window(day(34), day(35)), moment=day(35), as_of=day(38))
    alerts = [finding for finding in check_batch(ws, batch, "data") if finding.verdict is Verdict.ALERT]
    assert [(finding.subject, finding.statistic) for finding in alerts] == [(column, "missing_column")]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"registry": "none"}, r"needs prediction\.score or prediction\.label"),
        ({"registry": "none", "task": "regression", "prediction": {"label": "said"}}, r"needs prediction\.score"),
        ({**NONE, "retrain": "package.module:function"}, "nowhere to register a model"),
        ({"rollout": "dag:roll"}, "is for registry: none"),
    ],
)
def test_a_spec_says_what_it_lacks(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        spec_of(tmp_path, **keys)
