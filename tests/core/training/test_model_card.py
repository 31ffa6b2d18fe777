"""The card of a version."""

from __future__ import annotations

from pathlib import Path

from airmedic_core.training.fit import train
from airmedic_core.training.model_card import CARD, model_card
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day


def test_a_card_says_what_a_version_learned_from_and_how_it_did(ws: Workspace) -> None:
    challenger = train(ws, Window(day(0), day(30)), day(40), {"method": "default"})
    card = Path(ws.registry.client.download_artifacts(challenger.run_id, CARD)).read_text(encoding="utf-8")
    assert "Predicts `churned`" in card
    assert f"* trained window: {challenger.train_window}" in card
    assert f"* data window: {challenger.version.tags['airmedic.data_window']}" in card
    assert f"* AUC: {challenger.metrics['roc_auc']:.4g}" in card
    assert "## Its 3 inputs" in card
    assert "* `usage`: number" in card


def test_what_is_not_known_is_left_out(ws: Workspace) -> None:
    card = model_card(ws.spec, {}, {"withheld_roc_auc": float("nan")}, {"left_out": {"quarantined": 7}})
    assert "AUC" not in card
    assert "* left out: 7 rows (quarantined)" in card
    assert "## Its 0 inputs" in card
