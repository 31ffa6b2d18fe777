"""A model of each library is taken over, watched, compared and rolled back, as a team registers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import TrainingError
from airmedic_core.execution import carry_out
from airmedic_core.monitor import check_batch, resolve_batch
from airmedic_core.records import Verdict
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.training.understood import described
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.flavours import models
from tests.core.renewals import NOW, approved, day, incident_of, renewals, workspace

COLUMNS = ["usage", "tenure", "plan"]
CAN_BE_REFITTED = {"lightgbm_classifier", "catboost_classifier", "catboost_plain"}
Train = Callable[[pd.DataFrame, pd.Series], Any]

KINDS: dict[str, tuple[str, Train]] = {
    "xgboost_booster": ("xgboost", models.xgboost_booster),
    "xgboost_classifier": ("xgboost", models.xgboost_classifier),
    "lightgbm_booster": ("lightgbm", models.lightgbm_booster),
    "lightgbm_classifier": ("lightgbm", models.lightgbm_classifier),
    "catboost_classifier": ("catboost", models.catboost_classifier),
    "catboost_plain": ("catboost", models.catboost_plain),
    "pyfunc_score": ("pyfunc", models.wrapped("score")),
    "pyfunc_label": ("pyfunc", models.wrapped("label")),
}


def team_registers(ws: Workspace, library: str, model: Any) -> str:
    """Register a model with MLflow's own functions alone, and return its version."""
    rows = renewals(days=1)[COLUMNS]
    ws.registry.make_current()
    kept: dict[str, Any] = {"signature": infer_signature(rows), "pip_requirements": ["scikit-learn"]}
    path = ws.settings.home / f"registered_{np.random.default_rng().integers(1 << 30)}"
    if library == "pyfunc":
        mlflow.pyfunc.save_model(path, python_model=model, input_example=rows.head(2), **kept)
    else:
        getattr(mlflow, library).save_model(model, path, **kept)
    if not ws.registry.versions("renewals"):
        ws.registry.client.create_registered_model("renewals")
    return str(ws.registry.client.create_model_version("renewals", source=str(path)).version)


def serve(ws: Workspace, version: str) -> None:
    ws.registry.client.set_registered_model_alias("renewals", "champion", version)


@pytest.fixture(scope="module", params=list(KINDS))
def taken_over(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Workspace]:
    """A model of the team's own that serves, and was adopted."""
    library, fit = KINDS[request.param]
    rows = renewals()
    since = {"start": "2026-01-11", "end": "2026-01-31"}
    ws = workspace(tmp_path_factory.mktemp(request.param), rows, reference=since)
    known = rows[rows["at"] < day(10)]
    serve(ws, team_registers(ws, library, fit(known[COLUMNS], known["churned"])))
    assert adopt(ws, by="anna").kind == "manual"
    return request.param, ws


def test_it_is_watched_gated_and_rolled_back(taken_over: tuple[str, Workspace]) -> None:
    kind, ws = taken_over
    library, fit = KINDS[kind]
    champion = ws.registry.champion("renewals")
    baseline = ws.registry.reference(champion).performance["roc_auc"]
    assert baseline.value > 0.7
    told = " ".join(described(ws, champion))
    assert f"a model of {library}" in told
    assert ("can be refitted" in told) == (kind in CAN_BE_REFITTED)

    window = Window(day(40), day(41))
    batch = resolve_batch(ws, window=window, moment=day(41), as_of=day(44))
    findings = [finding for group in ("drift", "performance") for finding in check_batch(ws, batch, group)]
    measured = next(finding for finding in findings if finding.statistic == "roc_auc" and finding.value is not None)
    assert measured.value == pytest.approx(baseline.value, abs=0.15)
    assert not [finding for finding in findings if finding.verdict is Verdict.ALERT]

    rows = renewals()
    known = rows[rows["at"] < day(10)]
    wrong = ws.registry.version("renewals", team_registers(ws, library, fit(known[COLUMNS], 1 - known["churned"])))
    later = rows[(rows["at"] >= day(31)) & (rows["at"] < day(45))].reset_index(drop=True)
    assert evaluate_gate(ws, wrong, champion, later).outcome == "refused"
    assert evaluate_gate(ws, champion, wrong, later).outcome == "passed"

    serve(ws, wrong.version)
    assert ws.registry.notice_manual_switch("renewals", NOW - timedelta(hours=1)) is not None
    incident = incident_of(ws, 42)
    params, _ = ACTIONS.member("rollback").plan(ws, incident, None)
    assert carry_out(ws, approved(ws, incident, "rollback", params).hash, now=NOW).status == "done"
    assert ws.registry.champion("renewals").version == champion.version


def test_it_is_refitted_or_the_spec_has_to_say_how(taken_over: tuple[str, Workspace], tmp_path: Path) -> None:
    kind, ws = taken_over
    library, _ = KINDS[kind]
    if kind not in CAN_BE_REFITTED:
        with pytest.raises(TrainingError, match=r"retrain: package\.module:function, or retrain: dag:<dag_id>"):
            ACTIONS.member("retrain").plan(ws, incident_of(ws, 43), None)
        return
    challenger = train(ws, Window(day(0), day(40)), day(42), {})
    model = ws.registry.model(challenger.version)
    assert model.flavour == library
    assert model.unfitted().get_params() == ws.registry.model(ws.registry.champion("renewals")).unfitted().get_params()
    assert challenger.metrics["roc_auc"] > 0.7
