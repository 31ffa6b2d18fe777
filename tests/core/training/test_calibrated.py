"""A champion of any library under a new calibration: what it says is brought onto what came of it, and no more."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import TrainingError
from airmedic_core.records import Cause
from airmedic_core.scoring import score
from airmedic_core.training.adopt import adopt
from airmedic_core.training.calibrated import Curve, calibrated_inside, fit_curve
from airmedic_core.training.fit import train
from airmedic_core.training.methods import cloned, recalibrated
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.flavours import models
from tests.core.flavours.test_story import COLUMNS, team_registers
from tests.core.renewals import day, incident_of, renewals, workspace

RNG = np.random.default_rng(3)
SAID = RNG.uniform(0.02, 0.98, 4000)


def test_a_sigmoid_recovers_the_shift_of_a_prior() -> None:
    # Twice the odds: the logit moves by log 2 and keeps its slope (Saerens, Latinne and Decaestecker 2002).
    odds = 2 * SAID / (1 - SAID)
    labels = (RNG.random(len(SAID)) < odds / (1 + odds)).astype(float)
    slope, shift = fit_curve("binary", labels[:900], SAID[:900]).numbers
    assert slope == pytest.approx(1.0, abs=0.2)
    assert shift == pytest.approx(np.log(2), abs=0.25)


def test_a_curve_of_any_shape_never_changes_the_order_of_rows() -> None:
    labels = (RNG.random(len(SAID)) < SAID**3).astype(float)
    curve = fit_curve("binary", labels, SAID)
    assert curve.kind == "isotonic"
    assert (np.diff(curve(np.linspace(0, 1, 200))) >= 0).all()
    assert log_loss(labels, curve(SAID)) < log_loss(labels, SAID)


def test_values_get_the_scale_and_the_shift_that_they_lack() -> None:
    # By hand: 2 · 3 + 1 = 7.
    curve = fit_curve("regression", 2 * SAID + 1, SAID)
    assert curve(np.array([3.0]))[0] == pytest.approx(7.0)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_what_would_have_to_be_turned_round_is_no_calibration(task: str) -> None:
    labels = (SAID[:500] < 0.5).astype(float)
    with pytest.raises(TrainingError, match="turned round"):
        fit_curve(task, labels, SAID[:500])


def test_answers_at_the_ends_stay_probabilities() -> None:
    assert np.isfinite(Curve("sigmoid", (1.0, 0.0))(np.array([0.0, 1.0]))).all()


@pytest.fixture(params=["xgboost_booster", "lightgbm_classifier", "catboost_plain", "pyfunc_score"])
def other_library(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """A champion of another library, and twice the odds of churning since day 31."""
    rows = renewals()
    library, fit = {
        "xgboost_booster": ("xgboost", models.xgboost_booster),
        "lightgbm_classifier": ("lightgbm", models.lightgbm_classifier),
        "catboost_plain": ("catboost", models.catboost_plain),
        "pyfunc_score": ("pyfunc", models.wrapped("score")),
    }[request.param]
    more = (rows["at"] >= pd.Timestamp(day(31))) & (np.random.default_rng(5).random(len(rows)) < 0.4)
    ws = workspace(tmp_path, rows.assign(churned=rows["churned"].where(~more, 1)))
    january = rows[rows["at"] < pd.Timestamp(day(31))]
    version = team_registers(ws, library, fit(january[COLUMNS], january["churned"]))
    ws.registry.client.set_registered_model_alias("renewals", "champion", version)
    adopt(ws, by="anna")
    return ws


def test_a_champion_of_another_library_stays_as_it_is_under_a_curve(other_library: Workspace) -> None:
    ws = other_library
    challenger = train(ws, Window(day(31), day(56)), day(58), {"method": "recalibrate", "proposal_hash": "r"})
    rows = renewals()
    later = rows[rows["at"] >= pd.Timestamp(day(31))].reset_index(drop=True)
    champion = ws.registry.champion("renewals")
    before, after = (score(ws, version, later) for version in (champion, challenger.version))
    order = np.argsort(before.scores, kind="stable")
    assert (np.diff(after.scores[order]) >= -1e-12).all(), "rows are ordered as the champion orders them"
    labels = pd.read_parquet(ws.spec.data.path)["churned"].to_numpy()[-len(later) :]
    assert log_loss(labels, after.scores) < log_loss(labels, before.scores) - 0.02
    assert roc_auc_score(labels, after.scores) == pytest.approx(roc_auc_score(labels, before.scores), abs=0.02)
    assert ws.registry.inputs(challenger.version).columns == ws.registry.inputs(champion).columns


def test_a_calibration_on_top_of_one_holds_the_champion_once_and_can_be_refitted(other_library: Workspace) -> None:
    ws = other_library
    challenger = train(ws, Window(day(31), day(56)), day(58), {"method": "recalibrate", "proposal_hash": "r"})
    first = calibrated_inside(ws.registry.model(challenger.version).native)
    assert first is not None
    ws.registry.switch("renewals", challenger.version.version, kind="deploy", by="anna", expected=("1",), now=day(59))
    again, _ = recalibrated(ws, pd.read_parquet(ws.spec.data.path).tail(900))
    assert again.archive == first.archive
    assert len(pickle.dumps(again)) < 1.1 * len(pickle.dumps(first))
    # What can be fitted again under a curve is what can be without one.
    by_champion, by_calibrated = (can_be_refitted(ws, version) for version in ("1", challenger.version.version))
    assert by_champion == by_calibrated


def can_be_refitted(ws: Workspace, version: str) -> bool:
    try:
        cloned(ws, ws.registry.version("renewals", version))
    except TrainingError:
        return False
    return True


def test_a_regression_gets_its_scale_back(tmp_path: Path) -> None:
    rows = renewals()
    later = rows["at"] >= pd.Timestamp(day(31))
    dearer = rows.assign(spend=rows["spend"].where(~later, rows["spend"] * 1.3 + 2))
    ws = workspace(tmp_path, dearer, task="regression", target="spend", exclude=["churned"])
    adopt(ws, by="anna")
    challenger = train(ws, Window(day(31), day(56)), day(58), {"method": "recalibrate", "proposal_hash": "r"})
    moved = dearer[later].reset_index(drop=True)
    errors = [
        np.abs(score(ws, version, moved).scores - moved["spend"].to_numpy()).mean()
        for version in (ws.registry.champion("renewals"), challenger.version)
    ]
    assert errors[1] < 0.5 * errors[0]
    inside = calibrated_inside(ws.registry.model(challenger.version).native)
    assert inside is not None
    assert inside.curve.numbers[0] == pytest.approx(1.3, rel=0.1)


def test_a_model_that_only_names_classes_is_not_calibrated(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals())
    january = renewals(days=31)
    version = team_registers(ws, "pyfunc", models.wrapped("label")(january[COLUMNS], january["churned"]))
    ws.registry.client.set_registered_model_alias("renewals", "champion", version)
    adopt(ws, by="anna")
    refused: Any = pytest.raises(TrainingError, match="cannot be recalibrated")
    with refused:
        ACTIONS.member("recalibrate").plan(ws, incident_of(ws, 50, Cause.LABEL_SHIFT), None)
