"""Families of models that a spec has compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import SpecError, TrainingError
from airmedic_core.flavours import FLAVOURS
from airmedic_core.inputs import Inputs
from airmedic_core.records import Cause
from airmedic_core.scoring import predict
from airmedic_core.training import families
from airmedic_core.training.families import families_of
from airmedic_core.training.methods import fit
from airmedic_core.training.pipelines import model_inputs
from tests.core.renewals import incident_of, renewals, spec_of, workspace

LIBRARIES = [name for name in FLAVOURS.names() if FLAVOURS.member(name).package]


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("name", ["linear", "trees", "boosting", *LIBRARIES])
def test_each_family_learns_from_numbers_and_categories_with_gaps(tmp_path: Path, name: str, task: str) -> None:
    pytest.importorskip(name) if name in LIBRARIES else None
    target = {"binary": "churned", "regression": "spend"}[task]
    spec = spec_of(tmp_path, task=task, target=target, exclude=["spend" if task == "binary" else "churned"])
    rows = renewals(days=10)
    rows.loc[::7, "usage"] = None
    rows.loc[::11, "plan"] = None
    inputs = Inputs.of(["usage", "tenure"], ["plan"])
    fitted = fit(families_of(spec, [name], inputs)[name], inputs, spec, rows)
    scores, *_ = predict(spec, fitted, inputs.prepare(rows.assign(plan="new")), truth=rows[target])
    assert len(scores) == len(rows)
    assert scores[rows["usage"] > 1].mean() > scores[rows["usage"] < -1].mean()


def test_a_family_whose_library_is_missing_is_said_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace(tmp_path, renewals(days=5), retrain={"tune": {"families": ["lightgbm"]}})
    monkeypatch.setattr(families, "find_spec", lambda _: None)
    with pytest.raises(TrainingError, match="its library lightgbm is not installed here") as raised:
        families_of(ws.spec, ["lightgbm"], model_inputs(ws.spec, renewals(days=1)))
    assert "pip install 'airmedic[lightgbm]'" in str(raised.value)
    with pytest.raises(TrainingError, match="is not installed here"):
        ACTIONS.member("retrain").plan(ws, incident_of(ws, 4, Cause.CONCEPT_DRIFT), None)


def test_a_flavour_without_a_family_and_a_word_that_is_none_are_errors(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, retrain={"tune": {"families": ["pyfunc"]}})
    with pytest.raises(TrainingError, match="'pyfunc' adds no family"):
        families_of(spec, ["pyfunc"], Inputs.of(["usage"], []))
    with pytest.raises(SpecError, match="no family of models 'lightgmb'") as raised:
        spec_of(tmp_path, retrain={"tune": {"families": ["lightgmb"]}})
    assert "lightgbm" in str(raised.value)
