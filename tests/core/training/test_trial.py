"""What a trial says of training, from the gate's interval; the numbers are made up for each case."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.causes import Cause
from airmedic_core.records import GateResult, Role, Verdict
from airmedic_core.registry import ModelVersion
from airmedic_core.spec import ModelSpec
from airmedic_core.training.trial import PLAN, Says, Trial, finding_of, plans, told
from tests.core.renewals import NOW, spec_of

PLANNED = {"as_of": "2026-02-20T00:00:00+00:00", "method": "recalibrate", "since": "2026-02-01T00:00:00+00:00"}


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    return spec_of(tmp_path)


def gate(outcome: str, difference: float | None, low: float | None, high: float | None) -> GateResult:
    return GateResult(outcome, "roc_auc", ("Because.",), "1", "2", 0.7, 0.75, difference, low, high, -0.01, 300, 5)  # type: ignore[arg-type]


def trial(result: GateResult) -> Trial:
    version = ModelVersion("renewals", "2", "run", NOW, {"airmedic.data_window": "abc"})
    return Trial(version, result, dict(PLANNED), confidence=0.95)


@pytest.mark.parametrize(
    ("result", "at_least", "says"),
    [
        (gate("passed", 0.05, 0.02, 0.08), 0.0, "helps"),
        (gate("passed", 0.05, 0.02, 0.08), 0.03, "open"),
        (gate("passed", 0.008, 0.001, 0.015), 0.0, "open"),
        (gate("passed", 0.03, -0.005, 0.06), 0.0, "open"),
        (gate("passed", 0.002, -0.004, 0.008), 0.0, "does not help"),
        (gate("refused", -0.05, -0.08, -0.02), 0.0, "does not help"),
        # Better on the whole, and clearly worse in a segment.
        (gate("refused", 0.05, 0.02, 0.08), 0.0, "does not help"),
        (gate("inconclusive", 0.01, -0.05, 0.07), 0.0, "open"),
        (gate("not_comparable", None, None, None), 0.0, "open"),
    ],
)
def test_what_helps_is_more_than_nothing_over_the_whole_interval(
    spec: ModelSpec, result: GateResult, at_least: float, says: Says
) -> None:
    assert trial(result).says(spec, at_least=at_least) == says


@pytest.mark.parametrize(
    ("says", "verdict", "suggests"),
    [
        ("helps", Verdict.ALERT, (Cause.CONCEPT_DRIFT,)),
        ("does not help", Verdict.OK, ()),
        ("open", Verdict.UNKNOWN, ()),
    ],
)
def test_only_what_helps_is_an_alert_and_keeps_its_plan(
    spec: ModelSpec, says: Says, verdict: Verdict, suggests: tuple[Cause, ...]
) -> None:
    finding = finding_of(spec, trial(gate("passed", 0.05, 0.02, 0.08)), says, Cause.CONCEPT_DRIFT)
    assert (finding.role, finding.verdict, finding.suggests) == (Role.TRIAL, verdict, suggests)
    assert (PLAN in finding.details) == (says == "helps")
    assert (finding.baseline, finding.value, finding.effect, finding.sample_size) == (0.7, 0.75, 0.05, 300)
    # A finding that is unknown because nothing could be compared is no check that has failed.
    assert not finding.failed


def test_a_sentence_says_what_is_gained_and_how_certain_that_is_where_it_decides_nothing(spec: ModelSpec) -> None:
    result = gate("passed", 0.31, 0.24, 0.38)
    assert told(spec, result, "helps", 0.95) == (
        "A retrained model would gain 0.310 in AUC on 300 rows that neither model was trained on."
    )
    assert "would gain 0.310 in AUC (95 % interval 0.240 to 0.380) on 300 rows" in told(spec, result, "open", 0.95)
    regression = spec.model_copy(update={"task": "regression", "gate": spec.gate.model_copy(update={"metric": "mae"})})
    assert "would save 31 % of the error on 300" in told(regression, result, "helps", 0.95)
    assert "would save 31 % of the error (95 % interval 24 % to 38 %) on" in told(regression, result, "open", 0.95)
    assert told(regression, result, "does not help", 0.95).startswith("Retraining would not help")
    assert "Because." in told(spec, gate("not_comparable", None, None, None), "open", 0.95)


def test_a_full_refit_is_tried_where_the_plan_is_another(spec: ModelSpec) -> None:
    full = {"as_of": PLANNED["as_of"], "method": "clone"}
    assert list(plans(spec, PLANNED)) == [PLANNED, full]
    assert list(plans(spec, full)) == [full]
