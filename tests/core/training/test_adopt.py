from __future__ import annotations

import mlflow
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from airmedic_core.errors import ModelError, TrainingError
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals


def test_the_first_champion_is_trained_on_the_reference(adopted: Workspace) -> None:
    promotion = adopted.ledger.promotions("renewals")[0]
    assert (promotion.kind, promotion.from_version, promotion.to_version, promotion.by) == ("adopt", None, "1", "anna")
    champion = adopted.registry.champion("renewals")
    reference = adopted.registry.reference(champion)
    assert reference.window is not None
    assert (reference.window.start, reference.window.end.date()) == (day(0), day(29).date())
    baseline = reference.performance["roc_auc"]
    assert baseline.low < baseline.value < baseline.high
    # Performance is measured on the withheld rows alone, of which the labels of the last two days are not known.
    assert baseline.rows == pytest.approx(0.2 * 28 * 60, abs=2)


def test_a_model_that_has_a_champion_keeps_it(adopted: Workspace) -> None:
    assert adopt(adopted, by="boris") == adopted.ledger.promotions("renewals")[0]
    assert len(adopted.registry.versions("renewals")) == 1


def test_a_champion_from_elsewhere_gets_a_reference(ws: Workspace) -> None:
    rows = renewals().iloc[:600]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[["usage", "tenure"]], rows["churned"])
    path = ws.settings.home / "elsewhere"
    mlflow.sklearn.save_model(pipeline, path, signature=infer_signature(rows[["usage", "tenure"]]))
    ws.registry.client.create_registered_model("renewals")
    version = ws.registry.client.create_model_version("renewals", source=str(path)).version
    ws.registry.client.set_registered_model_alias("renewals", "champion", version)
    with pytest.raises(ModelError, match="airmedic adopt --model renewals"):
        ws.registry.reference(ws.registry.champion("renewals"))

    promotion = adopt(ws, by="anna")
    assert (promotion.kind, promotion.to_version) == ("manual", str(version))
    reference = ws.registry.reference(ws.registry.champion("renewals"))
    assert reference.window is not None
    assert reference.window.start == day(0)
    assert reference.performance["roc_auc"].value > 0.6
    assert adopt(ws, by="anna") == promotion
    assert len(ws.registry.versions("renewals")) == 1


def test_without_a_reference_there_is_nothing_to_adopt(ws: Workspace) -> None:
    spec = ws.spec.model_copy(update={"reference": None})
    with pytest.raises(TrainingError, match=r"Set reference\.start"):
        adopt(Workspace(spec, ws.settings, ws.ledger, ws.registry), by="anna")
