"""Each kind of trouble, told by its findings, is named by the rules with its evidence and remedy."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.assess import assurance, weigh
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.diagnose.facts import Facts
from airmedic_core.diagnose.rules import diagnose_by_rules
from airmedic_core.diagnose.summary import summarise
from airmedic_core.records import Cause, Diagnosis, EvidencePacket, Finding, RecommendedAction, Role, Severity, Verdict
from tests.core.diagnose.stories import Story, auc, nulls, psi, remains

ALERT, WATCH = Verdict.ALERT, Verdict.WATCH


def told(story: Story, **findings: list[Finding]) -> tuple[Diagnosis, EvidencePacket]:
    story.promote("1", "adopt")
    story.pass_days(5)
    incident = story.open(story.pass_days(**findings))
    packet = collect_evidence(story.ws, incident.id)
    return diagnose(story.ws, incident.id), packet


def test_the_remedies_of_every_cause_are_actions_that_exist() -> None:
    for cause in Cause:
        assert cause.fitting_actions <= set(ACTIONS.names()), cause


def test_null_values_are_corruption_and_are_quarantined(story: Story) -> None:
    diagnosis, _ = told(
        story,
        data=[nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)],
        drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)],
        performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT)],
    )
    assert diagnosis.cause is Cause.DATA_CORRUPTION
    assert diagnosis.confidence >= 0.75
    assert [action.action for action in diagnosis.actions][:1] == ["quarantine"]
    assert "rerun_pipeline" not in {action.action for action in diagnosis.actions}, "no upstream pipeline is named"
    assert diagnosis.runbook == "data_quality.md#corrupted-values"


def test_a_loss_that_inputs_do_not_explain_is_a_changed_relation(story: Story) -> None:
    diagnosis, packet = told(story, performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT)])
    assert diagnosis.cause is Cause.CONCEPT_DRIFT
    assert diagnosis.actions[0].action == "retrain"
    assert any("refused" in action.condition for action in diagnosis.actions), "a rollback waits for the gate's refusal"
    known = {item.id for item in packet.items}
    assert set(diagnosis.causes[0].supporting) <= known
    assert diagnosis.packet_hash == packet.hash


def test_no_evidence_is_cited_for_a_cause_and_against_it(story: Story) -> None:
    # The loss that remains is a loss, and says that it has another reason than the mix of the classes.
    diagnosis, _ = told(
        story,
        performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT, Cause.LABEL_SHIFT), remains(0.9, ALERT, Cause.CONCEPT_DRIFT)],
        drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)],
    )
    assert any(cause.supporting and cause.contradicting for cause in diagnosis.causes)
    for cause in diagnosis.causes:
        assert not set(cause.supporting) & set(cause.contradicting), cause
        for_it, _, against_it = cause.explanation.partition("Against it:")
        assert not set(re.findall(r"E\d+", for_it)) & set(re.findall(r"E\d+", against_it)), cause.explanation


def test_no_model_is_retrained_while_a_fault_of_the_data_may_be_the_reason(story: Story) -> None:
    diagnosis, _ = told(
        story,
        data=[nulls("income", 0.06, WATCH, Cause.DATA_CORRUPTION)],
        performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT)],
    )
    assert diagnosis.cause is Cause.CONCEPT_DRIFT
    assert [(action.action, action.condition) for action in diagnosis.actions[:2]] == [
        ("escalate", ""), ("retrain", "once the data are known to be sound"),
    ]  # fmt: skip


def test_a_loss_of_a_few_rows_waits_for_the_window_that_confirms_it(story: Story) -> None:
    lost = replace(auc(0.7, ALERT, Cause.CONCEPT_DRIFT), sample_size=40)
    first, _ = told(story, performance=[lost])
    assert [action.action for action in first.actions[:2]] == ["escalate", "retrain"]
    again = story.open(story.pass_days(performance=[lost]))
    confirmed = diagnose(story.ws, again.id)
    assert (confirmed.actions[0].action, confirmed.actions[0].condition) == ("retrain", "")


def test_a_cause_that_is_about_as_likely_is_named_with_what_tells_them_apart(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By these weights the chances are e/(1 + e) = 73 % and 1/2: less than three times as likely.
    monkeypatch.setattr(assurance, "_weights", lambda: {"named: always": 1.0, "false alarm: always": -9.0})
    diagnosis, _ = told(
        story,
        drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT)],
        performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT), remains(0.9, ALERT, Cause.CONCEPT_DRIFT)],
    )
    first, second = diagnosis.causes
    assert (first.cause, second.cause) == (Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT)
    assert (first.confidence, second.confidence) == (0.731, 0.5)
    # What 73 % leaves of a whole: people are shown shares that add up.
    assert f"Also possible (27 %) is {second.cause.traits.title}." in diagnosis.summary
    assert first.cause.traits.settled_by in diagnosis.summary
    assert second.cause.traits.settled_by in diagnosis.summary


def test_moved_inputs_that_explain_the_loss_are_harmful(story: Story) -> None:
    diagnosis, _ = told(
        story,
        drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)],
        performance=[auc(0.7, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.CONCEPT_DRIFT)],
    )
    assert diagnosis.cause is Cause.HARMFUL_COVARIATE_SHIFT
    assert Cause.CONCEPT_DRIFT in {ranked.cause for ranked in diagnosis.causes[1:]}


def test_moved_inputs_without_loss_are_harmless(story: Story) -> None:
    diagnosis, packet = told(
        story, drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)]
    )
    assert diagnosis.cause is Cause.HARMLESS_COVARIATE_SHIFT
    assert diagnosis.severity is Severity.LOW
    harmful = next(ranked for ranked in diagnosis.causes if ranked.cause is Cause.HARMFUL_COVARIATE_SHIFT)
    against = {item.id for item in packet.items if item.details.get("statistic") == "roc_auc"}
    assert set(harmful.contradicting) & against, "the sound performance speaks against harm"
    [renewal] = [action for action in diagnosis.actions if action.action == "refresh_reference"]
    assert renewal.condition == "once the owner of income says that it is meant", "it has moved alone, and far"


def test_inputs_that_moved_together_without_loss_become_usual(story: Story) -> None:
    shifts = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)
    diagnosis, _ = told(story, drift=[psi(column, 0.6, ALERT, *shifts) for column in ("income", "age")])
    assert diagnosis.cause is Cause.HARMLESS_COVARIATE_SHIFT
    assert (diagnosis.actions[0].action, diagnosis.actions[0].condition) == ("refresh_reference", "")


def test_moved_inputs_without_any_measured_performance_are_not_called_harmless(story: Story) -> None:
    diagnosis, packet = told(
        story,
        drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)],
        performance=[],
    )
    assert diagnosis.cause is Cause.UNKNOWN
    assert diagnosis.actions[0].action == "escalate"
    assert any("too few labels" in gap for gap in packet.gaps)


def test_a_loss_that_starts_with_a_version_is_a_bad_deployment(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(5)
    story.promote("2", "manual", before="1")
    loss = auc(0.6, ALERT, Cause.CONCEPT_DRIFT)
    incident = story.open(story.pass_days(version="2", performance=[loss]))
    diagnosis = diagnose(story.ws, incident.id)
    assert diagnosis.cause is Cause.BAD_DEPLOYMENT
    assert diagnosis.severity is Severity.CRITICAL
    assert diagnosis.actions[0].action == "rollback"
    assert "version 1 was sound in 5 of 5 windows" in diagnosis.causes[0].explanation


def test_a_bad_deployment_is_compared_with_the_version_before_it_alone(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(4)
    story.promote("2", "deploy", before="1")
    story.pass_days(2, version="2")
    story.promote("3", "manual", before="2")
    loss = auc(0.6, ALERT, Cause.CONCEPT_DRIFT)
    incident = story.open(story.pass_days(version="3", performance=[loss]))
    assert "version 2 was sound in 2 of 2 windows" in diagnose(story.ws, incident.id).causes[0].explanation


def test_a_loss_older_than_the_version_is_not_its_fault(story: Story) -> None:
    loss = auc(0.7, ALERT, Cause.CONCEPT_DRIFT)
    story.promote("1", "adopt")
    story.pass_days(4)
    story.pass_days(2, cause=Cause.CONCEPT_DRIFT, performance=[loss])
    story.promote("2", "deploy", before="1")
    incident = story.open(story.pass_days(version="2", performance=[loss]))
    diagnosis = diagnose(story.ws, incident.id)
    assert diagnosis.cause is Cause.CONCEPT_DRIFT


def test_a_loss_long_after_the_version_came_is_not_its_fault(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(3)
    story.promote("2", "deploy", before="1")
    story.pass_days(4, version="2")
    loss = auc(0.7, ALERT, Cause.CONCEPT_DRIFT, Cause.BAD_DEPLOYMENT)
    taken_apart = remains(0.9, ALERT, Cause.CONCEPT_DRIFT)
    incident = story.open(story.pass_days(version="2", performance=[loss, taken_apart]))
    diagnosis = diagnose(story.ws, incident.id)
    assert diagnosis.cause is Cause.CONCEPT_DRIFT
    deployment = next(ranked for ranked in diagnosis.causes if ranked.cause is Cause.BAD_DEPLOYMENT)
    assert deployment.contradicting


def test_a_data_watch_does_not_hide_a_clear_loss(story: Story) -> None:
    diagnosis, _ = told(
        story,
        data=[nulls("income", 0.06, WATCH, Cause.DATA_CORRUPTION)],
        performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT)],
    )
    assert diagnosis.cause is Cause.CONCEPT_DRIFT


def test_slow_predictions_are_escalated_unless_they_start_with_a_version(story: Story) -> None:
    slow = Finding("latency", "batch", "latency_p99", ALERT, 1800.0, 220.0, 1000.0, 4.0, None, 1000, "ms",
                   suggests=(Cause.LATENCY_REGRESSION,), role=Role.SERVICE)  # fmt: skip
    story.promote("1", "adopt")
    story.pass_days(4)
    first = story.open(story.pass_days(performance=[auc(0.84), slow]), Cause.LATENCY_REGRESSION)
    assert diagnose(story.ws, first.id).actions[0].action == "escalate"
    story.pass_days(2)
    story.promote("2", "deploy", before="1")
    second = story.open(story.pass_days(version="2", performance=[auc(0.84), slow]), Cause.LATENCY_REGRESSION)
    diagnosis = diagnose(story.ws, second.id)
    assert diagnosis.cause is Cause.LATENCY_REGRESSION
    assert diagnosis.actions[0].action == "rollback"


def test_nothing_to_find_is_healthy_and_needs_nothing(story: Story) -> None:
    diagnosis, _ = told(story)
    assert diagnosis.cause is Cause.HEALTHY
    assert diagnosis.actions == ()


def test_an_alarm_without_a_rule_is_unknown_and_goes_to_people(story: Story) -> None:
    diagnosis, _ = told(story, performance=[auc(0.7, ALERT)])
    assert diagnosis.cause is Cause.UNKNOWN
    assert diagnosis.causes[0].supporting


def test_the_summary_names_numbers_and_evidence(story: Story) -> None:
    diagnosis, packet = told(story, data=[nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)])
    evidence = next(item for item in packet.items if item.subject == "income" and item.kind == "finding.data")
    assert f"[{evidence.id}]" in diagnosis.summary
    assert "40 %" in diagnosis.summary
    assert "1 %" in diagnosis.summary


ANY_LOSS = (Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT)
SHIFTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)


@pytest.mark.parametrize(
    "findings",
    [
        {"drift": [psi("income", 0.6, ALERT, *SHIFTS)]},
        {"drift": [psi("income", 0.6, ALERT, *SHIFTS)], "performance": [auc(0.7, ALERT, *ANY_LOSS)]},
        {"performance": [auc(0.7, ALERT, *ANY_LOSS), remains(0.9, ALERT, Cause.CONCEPT_DRIFT)]},
        {"performance": [auc(0.7, ALERT, *ANY_LOSS), remains(0.1, Verdict.OK, Cause.HARMFUL_COVARIATE_SHIFT)]},
        {"performance": [auc(0.7, ALERT, *ANY_LOSS)]},
        {"data": [nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)], "performance": [auc(0.7, ALERT, *ANY_LOSS)]},
        {"performance": [auc(0.84), Finding("novel", "batch", "thing", ALERT)]},
        {},
    ],
)
def test_monitor_and_rules_name_the_same_cause(story: Story, findings: dict[str, list[Finding]]) -> None:
    story.promote("1", "adopt")
    story.pass_days(5)
    batch = story.pass_days(**findings)
    assessment = weigh(batch, story.ws.ledger.findings(batch.id))
    story.ws.ledger.record_assessment(batch, assessment)
    assert diagnose(story.ws, story.open(batch, assessment.cause).id).cause is assessment.cause


def test_the_assessment_does_not_quote_the_finding_that_is_evidence_itself(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(5)
    batch = story.pass_days(
        data=[replace(nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION), message="income is empty.")]
    )
    assessment = weigh(batch, story.ws.ledger.findings(batch.id))
    assert assessment.headline.endswith(": income is empty."), "else nothing is quoted"
    story.ws.ledger.record_assessment(batch, assessment)
    packet = collect_evidence(story.ws, story.open(batch, assessment.cause).id)
    assert [item.statement for item in packet.items if "ncome is empty" in item.statement] == ["Income is empty."]
    (assessed,) = (item for item in packet.items if item.kind == "assessment")
    assert assessed.statement == f"{assessment.headline.partition(': ')[0]}."


def test_a_check_that_failed_is_not_diagnosed_as_healthy(story: Story) -> None:
    failed = Finding("corruption", "batch", "error", Verdict.UNKNOWN, details={"failed": True})
    diagnosis, _ = told(story, data=[failed])
    assert diagnosis.cause is Cause.UNKNOWN


def test_an_action_that_nobody_has_words_for_is_named(story: Story) -> None:
    diagnosis, packet = told(story, data=[nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)])
    advice = [RecommendedAction("page_the_owner", 1, condition="if it lasts")]
    assert summarise(Facts(packet), diagnosis.causes[0], advice).endswith("Recommended: page the owner if it lasts.")


def test_the_same_packet_gives_the_same_diagnosis(story: Story) -> None:
    diagnosis, packet = told(story, performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT)])
    assert diagnose_by_rules(packet) == diagnosis


def test_what_was_tried_before_is_said(story: Story) -> None:
    diagnosis, _ = told(story, performance=[auc(0.7, ALERT, Cause.CONCEPT_DRIFT)])
    assert "tried before" not in diagnosis.summary
