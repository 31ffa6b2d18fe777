"""A registered model with lags is measured and refitted as production scores it: window by window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from airmedic_core.scoring import score
from airmedic_core.training.adopt import adopt
from airmedic_core.training.by_window import looks_back
from airmedic_core.training.fit import train
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.training.withheld import withheld_rows
from airmedic_core.windows import Window
from tests.core.renewals import day, renewals, workspace


def test_the_gate_scores_a_model_with_lags_window_by_window(tmp_path: Path) -> None:
    rows = renewals(days=40)
    rows = rows.assign(
        at=rows["at"].dt.floor("D") + pd.to_timedelta(rows.groupby(rows["at"].dt.floor("D")).cumcount(), "min")
    )
    before = rows["usage"].shift().fillna(0.0)
    rows["churned"] = (before + np.random.default_rng(1).normal(0, 0.3, len(rows)) > 0).astype(int)
    ws = workspace(tmp_path, rows, retrain={"features": ["lags"]})
    adopt(ws, by="anna")
    champion = ws.registry.champion("renewals")
    assert looks_back(ws.registry.model(champion))
    # Refitted where the spec asks for no features any more, it keeps those that it has.
    plain = replace(
        ws, spec=ws.spec.model_copy(update={"retrain": ws.spec.retrain.model_copy(update={"features": ()})})
    )
    challenger = train(plain, Window(day(0), day(40)), day(42), {"proposal_hash": "again"})
    assert looks_back(ws.registry.model(challenger.version))
    withheld = withheld_rows(ws, challenger, day(42))
    result = evaluate_gate(ws, challenger, champion, withheld)
    days = [score(ws, challenger.version, part) for _, part in withheld.groupby(withheld["at"].dt.floor("D"))]
    by_day, labels = (np.concatenate([getattr(batch, name) for batch in days]) for name in ("scores", "labels"))
    whole = score(ws, challenger.version, withheld)
    assert result.challenger_value == pytest.approx(roc_auc_score(labels, by_day))
    assert result.challenger_value != pytest.approx(roc_auc_score(whole.labels, whole.scores), abs=1e-9)
    assert challenger.metrics["roc_auc"] == pytest.approx(result.challenger_value)
