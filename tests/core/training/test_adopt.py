from __future__ import annotations

import pytest

from airmedic_core.errors import TrainingError
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import day


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


def test_without_a_reference_there_is_nothing_to_adopt(ws: Workspace) -> None:
    spec = ws.spec.model_copy(update={"reference": None})
    with pytest.raises(TrainingError, match=r"Set reference\.start"):
        adopt(Workspace(spec, ws.settings, ws.ledger, ws.registry), by="anna")
