"""Which cause findings are taken for, by what they say of themselves. The checks' names are made up on purpose."""

from __future__ import annotations

import pytest

from airmedic_core.assess import Signs, rank_causes, weigh
from airmedic_core.causes import Cause
from airmedic_core.records import Batch, Finding, Role, Verdict
from airmedic_core.windows import Window, as_utc

BATCH = Batch("demand", Window(as_utc("2026-01-01"), as_utc("2026-01-02")), as_utc("2026-01-02"), 24)
ALERT, OK = Verdict.ALERT, Verdict.OK
SHIFTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)

MOVED = Finding("tides", "age", "flow", ALERT, effect=0.4, role=Role.INPUT_MOVED, suggests=SHIFTS)
LOST = Finding("aim", "batch", "mae", ALERT, 60.0, 30.0, 33.0, -30.0, 0.0001, role=Role.LOSS, details={"decides": True},
               suggests=(Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT))  # fmt: skip
EXPECTED = Finding("oracle", "batch", "loss", ALERT, effect=0.5, role=Role.LOSS, details={"estimated": True},
                   suggests=(Cause.HARMFUL_COVARIATE_SHIFT,))  # fmt: skip
REMAINS = Finding("surgeon", "batch", "rest", ALERT, role=Role.EXPLAINS_LOSS, suggests=(Cause.CONCEPT_DRIFT,))
BY_INPUTS = Finding("surgeon", "batch", "rest", OK, role=Role.EXPLAINS_LOSS, suggests=(Cause.HARMFUL_COVARIATE_SHIFT,))
SLOW = Finding("clock", "batch", "p99", ALERT, effect=1.5, role=Role.SERVICE, suggests=(Cause.LATENCY_REGRESSION,))
STRANGE = Finding("zoo", "batch", "odd", ALERT, role=Role.INPUT_MOVED, suggests=(Cause.ANOMALY_SPIKE,))
CONVERTED = Finding("ruler", "age", "share", ALERT, role=Role.DATA_FAULT, suggests=(Cause.UNIT_CHANGE,))
BROKEN = Finding("sieve", "age", "nulls", ALERT, effect=0.2, role=Role.DATA_FAULT, suggests=(Cause.DATA_CORRUPTION,),
                 explained_by=(Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE))  # fmt: skip
ANSWERS = Finding("mouth", "batch", "voice", ALERT, role=Role.SCORES_MOVED, suggests=SHIFTS)
SILENT = Finding("mouth", "batch", "words", ALERT, role=Role.SCORES_MOVED, suggests=(Cause.UNKNOWN,))

HELPS = Finding("rehearsal", "batch", "mae", ALERT, role=Role.TRIAL, suggests=(Cause.CONCEPT_DRIFT,))
HELPS_ELSEWHERE = Finding("rehearsal", "batch", "mae", ALERT, role=Role.TRIAL, suggests=SHIFTS[:1])
FUTILE = Finding("rehearsal", "batch", "mae", OK, role=Role.TRIAL)


@pytest.mark.parametrize(
    ("findings", "cause"),
    [
        ([HELPS], Cause.CONCEPT_DRIFT),
        ([HELPS, LOST], Cause.CONCEPT_DRIFT),
        ([HELPS_ELSEWHERE, MOVED], Cause.HARMFUL_COVARIATE_SHIFT),
        ([HELPS, CONVERTED], Cause.UNIT_CHANGE),
        ([HELPS, SILENT], Cause.UNKNOWN),
        ([FUTILE, MOVED], Cause.HARMLESS_COVARIATE_SHIFT),
        ([MOVED], Cause.HARMLESS_COVARIATE_SHIFT),
        ([MOVED, EXPECTED], Cause.HARMFUL_COVARIATE_SHIFT),
        ([MOVED, LOST], Cause.HARMFUL_COVARIATE_SHIFT),
        ([MOVED, LOST, REMAINS], Cause.CONCEPT_DRIFT),
        ([LOST, REMAINS], Cause.CONCEPT_DRIFT),
        ([LOST, BY_INPUTS], Cause.HARMFUL_COVARIATE_SHIFT),
        ([LOST], Cause.UNKNOWN),
        ([LOST, SLOW], Cause.UNKNOWN),
        ([SLOW], Cause.LATENCY_REGRESSION),
        ([SLOW, MOVED], Cause.LATENCY_REGRESSION),
        ([STRANGE], Cause.ANOMALY_SPIKE),
        ([STRANGE, MOVED, LOST, REMAINS], Cause.ANOMALY_SPIKE),
        ([CONVERTED, BROKEN, LOST, MOVED], Cause.UNIT_CHANGE),
        ([BROKEN, LOST, REMAINS], Cause.DATA_CORRUPTION),
        ([ANSWERS], Cause.UNKNOWN),
        ([ANSWERS, MOVED], Cause.HARMLESS_COVARIATE_SHIFT),
        ([SILENT, MOVED], Cause.UNKNOWN),
    ],
)
def test_findings_lead_to_the_cause_that_explains_the_most(findings: list[Finding], cause: Cause) -> None:
    assert rank_causes(Signs.of(findings))[0].cause is cause
    assessment = weigh(BATCH, findings)
    assert (assessment.outcome, assessment.cause) == ("incident", cause)


def test_a_loss_of_all_rows_belongs_to_a_version_that_is_new() -> None:
    assert weigh(BATCH, [LOST, REMAINS], new_version=True).cause is Cause.BAD_DEPLOYMENT
    # Where the inputs have moved too, the version is not the likeliest reason.
    assert weigh(BATCH, [LOST, MOVED], new_version=True).cause is Cause.HARMFUL_COVARIATE_SHIFT


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.EXPLAINS_LOSS, Role.INPUT_MOVED}])
def test_an_alert_that_no_cause_claims_is_an_incident_of_unknown_cause(role: Role) -> None:
    novel = Finding("a_new_check", "batch", "something", ALERT, role=role, message="The batch is odd.")
    assessment = weigh(BATCH, [novel, Finding("volume", "batch", "rows", OK)])
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.UNKNOWN)
    assert assessment.finding_keys == (novel.key,)
    assert "The batch is odd." in assessment.headline


def test_a_loss_that_is_only_expected_is_not_healthy_where_no_input_is_seen_to_move() -> None:
    assessment = weigh(BATCH, [EXPECTED])
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.UNKNOWN)


def test_a_reason_for_a_loss_that_cannot_be_shown_is_watched() -> None:
    assessment = weigh(BATCH, [REMAINS])
    assert (assessment.outcome, assessment.cause) == ("watch", Cause.CONCEPT_DRIFT)


def test_a_check_that_failed_is_never_healthy() -> None:
    failed = Finding("sieve", "batch", "error", Verdict.UNKNOWN, message="It failed.", details={"failed": True})
    assessment = weigh(BATCH, [failed, Finding("volume", "batch", "rows", OK)])
    assert (assessment.outcome, assessment.cause) == ("watch", Cause.UNKNOWN)
    assert "It failed." in assessment.headline


def test_what_is_not_known_yet_is_no_failure() -> None:
    waiting = Finding("aim", "batch", "labels", Verdict.UNKNOWN, message="3 labels.", role=Role.LOSS)
    assessment = weigh(BATCH, [waiting, Finding("volume", "batch", "rows", OK)])
    assert assessment.outcome == "healthy"
    assert assessment.not_knowable == ("3 labels.",)


def test_a_symptom_is_left_out_on_the_column_of_its_cause_alone() -> None:
    elsewhere = Finding("sieve", "income", "nulls", ALERT, role=Role.DATA_FAULT, suggests=(Cause.DATA_CORRUPTION,),
                        explained_by=(Cause.UNIT_CHANGE,))  # fmt: skip
    assert [finding.subject for finding in Signs.of([CONVERTED, BROKEN, elsewhere]).items] == ["age", "income"]


def test_two_rules_that_fail_for_one_reason_do_not_leave_each_other_out() -> None:
    rules = [
        Finding("suite", "age", rule, ALERT, role=Role.DATA_FAULT, suggests=(Cause.SCHEMA_CHANGE,),
                explained_by=(Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE))
        for rule in ("type", "values")
    ]  # fmt: skip
    assert Signs.of(rules).items == tuple(rules)
    assert weigh(BATCH, rules).cause is Cause.SCHEMA_CHANGE


def test_faults_of_one_batch_are_told_together() -> None:
    twice = Finding("scales", "batch", "rows", ALERT, role=Role.DATA_FAULT, suggests=(Cause.VOLUME_ANOMALY,))
    assert weigh(BATCH, [BROKEN, twice]).finding_keys == (twice.key, BROKEN.key)


def test_answers_that_are_all_the_same_are_the_reason_of_their_loss() -> None:
    """No retraining on rows whose relation nobody has asked: the answers do not depend on the inputs at all."""
    lost = Finding(
        "performance", "batch", "log_loss", Verdict.ALERT, value=22.0, baseline=10.0, limit=11.0, p_value=1e-6,
        role=Role.LOSS, details={"decides": True},
    )  # fmt: skip
    constant = Finding("scores", "batch", "constant", Verdict.ALERT, role=Role.SCORES_MOVED, suggests=(Cause.UNKNOWN,))
    for cause in (Cause.HARMFUL_COVARIATE_SHIFT, Cause.CONCEPT_DRIFT):
        verdict = Verdict.ALERT if cause is Cause.CONCEPT_DRIFT else Verdict.OK
        reason = Finding("concept", "batch", "relation_loss", verdict, role=Role.EXPLAINS_LOSS, suggests=(cause,))
        assert [claim.cause for claim in rank_causes(Signs.of([lost, reason]))] == [cause]
        assert [claim.cause for claim in rank_causes(Signs.of([lost, reason, constant]))] == [Cause.UNKNOWN]
