"""Priors are changed only where decisions made by chance favour what would be tried first then."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from airmedic_core.errors import AuditError, LearningError
from airmedic_core.learning.change import Change, change_prior, look_at_change
from airmedic_core.learning.priors import priors_of
from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.policy import Learning
from tests.core.learning.cases import CAUSE, by_chance, closed

NOWHERE = Path("/nowhere")
EVEN = {"recalibrate": 0.5, "retrain": 0.5}
CERTAIN = {"recalibrate": 1.0, "retrain": 0.0}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of incidents for which a coin chose; training healed most of them, calibration few.

    The outcomes are as many on each side as the shares 0.85 and 0.2 give; only their order is drawn.
    """
    path = tmp_path_factory.mktemp("evidence") / "ledger.db"
    ledger = Ledger.open(f"sqlite:///{path}")
    drawn = [("retrain", "healed")] * 17 + [("retrain", "worse")] * 3
    drawn += [("recalibrate", "healed")] * 4 + [("recalibrate", "worse")] * 16
    random.Random(3).shuffle(drawn)  # noqa: S311  a seeded order, and no secret
    for number, (action, outcome) in enumerate(drawn):
        closed(ledger, number, action, outcome, learning=by_chance(EVEN, action))
    return path


@pytest.fixture
def ledger(evidence: Path, tmp_path: Path) -> Ledger:
    (tmp_path / "ledger.db").write_bytes(evidence.read_bytes())
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def doubt_training(ledger: Ledger) -> None:
    """Let a prior hold that outweighs the outcomes, so that calibration is first although it heals less."""
    prior = {"mean": 0.1, "weight": 50}
    ledger.set_override(EVERY_MODEL, "prior", f"{CAUSE.value}.retrain", prior, author="eve", reason="doubt")


def looked(ledger: Ledger, action: str, mean: float, *, weight: float = 50, learning: Learning | None = None) -> Change:
    return look_at_change(ledger, NOWHERE, learning or Learning(), CAUSE, action, mean=mean, weight=weight)


def test_a_change_that_decisions_by_chance_favour_is_made_with_who_and_why(ledger: Ledger) -> None:
    doubt_training(ledger)
    change = looked(ledger, "retrain", 0.6)
    assert (change.first_now, change.first_then) == ("recalibrate", "retrain")
    assert change.estimate is not None
    # By hand: 17 / 0.5 − 4 / 0.5, over 40.
    assert change.estimate.inverse_propensity == pytest.approx(0.65)
    assert change.estimate.favours
    assert change.objection == ""
    change_prior(ledger, change, by="anna", reason="Calibration does not hold here.")
    prior = priors_of(ledger, NOWHERE).prior(CAUSE, "retrain", place=1, weight=8)
    assert (prior.mean, prior.weight, prior.changed_by) == (0.6, 50, "anna")
    (recorded,) = [known for known in ledger.overrides(EVERY_MODEL, "prior") if known.key.endswith("retrain")]
    assert (recorded.author, recorded.reason) == ("anna", "Calibration does not hold here.")
    assert recorded.value["before"] == {"mean": 0.1, "weight": 50}
    assert recorded.value["estimate"]["with_chance"] == 40
    ledger.verify_audit()


def test_a_change_in_favour_of_what_heals_less_is_refused(ledger: Ledger) -> None:
    change = looked(ledger, "retrain", 0.05)
    assert (change.first_now, change.first_then) == ("retrain", "recalibrate")
    with pytest.raises(LearningError, match=r"does not favour recalibrate in place of retrain"):
        change_prior(ledger, change, by="anna", reason="I like it.")
    assert ledger.overrides(EVERY_MODEL, "prior") == []


def test_a_change_that_puts_nothing_else_first_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LearningError, match="retrain would stay the first choice"):
        change_prior(ledger, looked(ledger, "retrain", 0.9), by="anna", reason="why")


def test_without_decisions_by_chance_nothing_is_changed(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    for number in range(12):
        closed(ledger, number, "recalibrate", "worse", learning=by_chance(CERTAIN, "recalibrate"))
    change = looked(ledger, "recalibrate", 0.95)
    assert change.first_then == "recalibrate"
    with pytest.raises(LearningError, match=r"in none of the 12 decisions"):
        change_prior(ledger, change, by="anna", reason="why")


def test_decisions_whose_outcome_does_not_count_are_no_evidence(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    for number in range(30):
        closed(ledger, number, "retrain", "healed", verified=False, learning=by_chance(EVEN, "retrain"))
    change = looked(ledger, "retrain", 0.95)
    assert change.estimate is not None
    assert change.estimate.decisions == 0
    assert change.objection


def test_a_ledger_that_does_not_verify_changes_no_prior(ledger: Ledger, tmp_path: Path) -> None:
    doubt_training(ledger)
    change = looked(ledger, "retrain", 0.6)
    assert change.objection == ""
    with create_engine(f"sqlite:///{tmp_path / 'ledger.db'}").begin() as connection:
        connection.execute(text("UPDATE incidents SET headline = 'another' WHERE id = 'i3'"))
    with pytest.raises(AuditError, match="i3"):
        change_prior(ledger, change, by="anna", reason="why")


@pytest.mark.parametrize(("mean", "weight"), [(0.0, 8.0), (1.0, 8.0), (float("nan"), 8.0), (0.5, 0.0), (0.5, 1000.0)])
def test_numbers_out_of_bounds_are_refused(ledger: Ledger, mean: float, weight: float) -> None:
    with pytest.raises(LearningError, match="out of bounds"):
        looked(ledger, "retrain", mean, weight=weight)


def test_an_action_that_was_never_considered_is_refused_with_the_closest(ledger: Ledger) -> None:
    with pytest.raises(LearningError, match=r"Did you mean 'retrain'"):
        looked(ledger, "retrian", 0.6)
