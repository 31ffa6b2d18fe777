"""Each collector says what it was asked for, and names what it could not find out."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.diagnose.case import UpstreamRun
from airmedic_core.diagnose.evidence import COLLECTORS
from airmedic_core.errors import LedgerError
from airmedic_core.records import (
    REQUESTED,
    ActionResult,
    Cause,
    Evidence,
    EvidencePacket,
    Finding,
    IncidentState,
    Permission,
    Promotion,
    Proposal,
    Severity,
    Verdict,
)
from tests.core.diagnose.stories import Story, a_batch, a_spec, auc, nulls, psi

ALERT, WATCH = Verdict.ALERT, Verdict.WATCH
LOSS = auc(0.7, ALERT, Cause.CONCEPT_DRIFT)


def kinds(packet: EvidencePacket, kind: str) -> list[Evidence]:
    return [item for item in packet.items if item.kind == kind]


@pytest.mark.parametrize("name", COLLECTORS.names())
def test_every_collector_keeps_the_contract(name: str) -> None:
    member = COLLECTORS.member(name)
    assert isinstance(member.order, int)
    assert list(inspect.signature(member.collect).parameters) == ["case"]
    assert member.__doc__


def test_collectors_have_places_of_their_own() -> None:
    orders = [COLLECTORS.member(name).order for name in COLLECTORS.names()]
    assert len(set(orders)) == len(orders)


def test_the_packet_is_recorded_numbered_and_repeatable(story: Story) -> None:
    story.pass_days(2)
    incident = story.open(story.pass_days(performance=[LOSS]))
    packet = collect_evidence(story.ws, incident.id)
    assert [item.id for item in packet.items] == [f"E{place}" for place in range(1, len(packet.items) + 1)]
    assert story.ws.ledger.packet(incident.id) == packet
    assert collect_evidence(story.ws, incident.id).hash == packet.hash


def test_an_unknown_incident_is_an_error_that_names_the_closest(story: Story) -> None:
    incident = story.open(story.pass_days())
    with pytest.raises(LedgerError, match="Did you mean"):
        diagnose(story.ws, incident.id[:-1])


def test_when_an_alarm_began_is_read_from_its_history(story: Story) -> None:
    story.pass_days(4)
    story.pass_days(2, performance=[LOSS])
    incident = story.open(story.pass_days(performance=[LOSS]))
    (onset,) = kinds(collect_evidence(story.ws, incident.id), "onset")
    assert onset.details["windows"] == 3
    assert onset.details["quiet_windows"] == 4
    assert onset.window == "2026-03-05", "the first of three bad days after four quiet ones"
    assert onset.baseline == pytest.approx(0.84)


def test_the_usual_share_of_a_category_is_not_taken_from_other_categories(story: Story) -> None:
    """Of a categorical column the finding tells of the category that moved most, another one each day."""

    def share(category: str, value: float, verdict: Verdict = Verdict.OK) -> Finding:
        return Finding(
            "drift", "channel", "shift", verdict, value=value, baseline=0.08, effect=value - 0.08, unit="fraction",
            sample_size=1000, details={"part": category},
        )  # fmt: skip

    story.pass_days(2, drift=[share("web", 0.3)])
    story.pass_days(1, drift=[share("partner", 0.09)])
    incident = story.open(story.pass_days(drift=[share("partner", 0.38, ALERT)]))
    (onset,) = kinds(collect_evidence(story.ws, incident.id), "onset")
    assert onset.details["quiet_windows"] == 3
    assert onset.baseline == pytest.approx(0.09)
    assert onset.details["recent"] == [0.09]


def test_an_alarm_without_history_is_a_gap(story: Story) -> None:
    incident = story.open(story.pass_days(performance=[LOSS]))
    packet = collect_evidence(story.ws, incident.id)
    assert kinds(packet, "onset") == []
    assert any("not known when the change began" in gap for gap in packet.gaps)


def test_the_metric_is_told_as_a_series(story: Story) -> None:
    for value in (0.84, 0.86, 0.82):
        story.pass_days(performance=[auc(value)])
    incident = story.open(story.pass_days(performance=[LOSS]))
    (series,) = kinds(collect_evidence(story.ws, incident.id), "history")
    assert series.details["values"] == [0.84, 0.86, 0.82]
    assert series.baseline == pytest.approx(0.84)
    assert series.direction == "down"


def test_an_incident_without_batches_is_told_by_its_gaps(story: Story) -> None:
    incident = story.open(a_batch(3), batch_ids=())
    packet = collect_evidence(story.ws, incident.id)
    assert any("no findings to read" in gap for gap in packet.gaps)
    assert diagnose(story.ws, incident.id).cause is Cause.UNKNOWN, "nothing seen is not the same as nothing wrong"


def test_calm_columns_are_counted_and_weak_ones_left_out_with_a_gap(story: Story) -> None:
    many = [psi(f"c{number}", 0.2 + number / 100, ALERT, Cause.HARMFUL_COVARIATE_SHIFT) for number in range(30)]
    incident = story.open(story.pass_days(drift=[*many, psi("calm", 0.01)]))
    packet = collect_evidence(story.ws, incident.id)
    drifted = [item for item in kinds(packet, "finding.drift") if item.verdict is ALERT]
    assert [item.subject for item in drifted[:2]] == ["c29", "c28"], "the strongest first"
    assert len(drifted) == 24
    assert any("6 weaker findings" in gap for gap in packet.gaps)
    calm = next(item for item in kinds(packet, "finding.drift") if item.details["statistic"] == "unmoved_columns")
    assert (calm.value, calm.baseline) == (1.0, 31.0)


def test_a_manual_switch_is_told_with_who_did_it(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(2)
    story.promote("2", "manual", before="1")
    incident = story.open(story.pass_days(version="2", performance=[LOSS]))
    packet = collect_evidence(story.ws, incident.id)
    newest = kinds(packet, "deployment")[0]
    assert newest.statement == "Version 2 was set by hand in place of version 1 on 2026-03-03 by ada."
    assert any("registry could not say" in gap for gap in packet.gaps), "neither version is in this registry"


def test_overrides_in_force_are_told(story: Story) -> None:
    story.ws.ledger.set_override("churn", "setting", "gate.margin", {"value": -0.02}, author="ada", reason="noise")
    prior = {"mean": 0.6, "weight": 8}  # says nothing of what is wrong with the model
    story.ws.ledger.set_override("*", "prior", "concept_drift.retrain", prior, author="ada", reason="outcomes")
    incident = story.open(story.pass_days(performance=[LOSS]))
    (override,) = kinds(collect_evidence(story.ws, incident.id), "override")
    assert override.statement == "The setting gate.margin is -0.02, set by ada."


def test_upstream_runs_are_evidence_where_they_are_known(story: Story) -> None:
    story.ws = type(story.ws)(a_spec(upstream_dag="load_churn"), story.ws.settings, story.ws.ledger, story.ws.registry)
    broken = [nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)]
    incident = story.open(story.pass_days(data=broken))
    assert any("was not asked" in gap for gap in collect_evidence(story.ws, incident.id).gaps)
    run = UpstreamRun("r1", "failed", datetime(2026, 3, 1, tzinfo=UTC), failed_tasks=("extract",))
    packet = collect_evidence(story.ws, incident.id, upstream=[run])
    (told,) = kinds(packet, "upstream")
    assert told.statement == "The run of load_churn on 2026-03-01 ended in failed in 1 task (extract)."
    diagnosis = diagnose(story.ws, incident.id)
    assert told.id in diagnosis.causes[0].supporting
    assert "rerun_pipeline" in {action.action for action in diagnosis.actions}


def test_models_that_share_a_pipeline_are_grouped_whatever_their_trouble_is(story: Story, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    spec = "task: binary\ntarget: y\nupstream_dag: {}\ndata: {{path: /x.csv, time_column: at}}\n"
    for name, dag in (("fraud", "load"), ("prices", "elsewhere")):
        (tmp_path / "models" / f"{name}.yaml").write_text(f"name: {name}\n" + spec.format(dag))
    settings = replace(story.ws.settings, content=tmp_path)
    story.ws = replace(story.ws, settings=settings, spec=a_spec(upstream_dag="load"))
    story.open(a_batch(0, "fraud"), Cause.HARMFUL_COVARIATE_SHIFT)
    story.open(a_batch(0, "prices"), Cause.HARMFUL_COVARIATE_SHIFT)
    broken = [nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)]
    incident = story.open(story.pass_days(data=broken), Cause.DATA_CORRUPTION)
    (siblings,) = kinds(collect_evidence(story.ws, incident.id), "siblings")
    assert siblings.statement == (
        "1 other model had an incident at the same time (fraud). It reads from load too, which points upstream."
    )
    assert siblings.details["shared_upstream"] == 1


def test_the_past_is_told_in_numbers(story: Story) -> None:
    """By hand: three incidents of this model, two of them quarantined, of which one came back."""
    broken = [nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)]
    before = ""
    for number in range(3):
        batch = story.pass_days(cause=Cause.DATA_CORRUPTION, data=broken)
        resolution = {"recurrence_of": before} if number == 1 else {}
        incident = story.open(batch, Cause.DATA_CORRUPTION, resolution=resolution)
        before = incident.id
        if number < 2:
            done = Proposal(incident.id, "churn", "quarantine", {}, "", Permission.AUTO, "", batch.as_of, batch.as_of)
            story.ws.ledger.record_proposal(done)
            story.ws.ledger.begin_action(done, {})
            story.ws.ledger.finish_action(ActionResult(done.hash, "quarantine", "done", "", 1.0))
        story.ws.ledger.move_incident(incident.id, IncidentState.RESOLVED)
    review = story.open(a_batch(1), Cause.HEALTHY, fingerprint=REQUESTED)
    story.ws.ledger.move_incident(review.id, IncidentState.ESCALATED)
    incident = story.open(story.pass_days(cause=Cause.DATA_CORRUPTION, data=broken), Cause.DATA_CORRUPTION)
    told = kinds(collect_evidence(story.ws, incident.id), "memory")
    assert [item.statement for item in told] == [
        "This model has had 3 closed incidents: data corruption 3. What held: quarantine 1 of 2.",
        "3 incidents of this model in the last 30 days, 0 in those before.",
        "Against data corruption, quarantine held in 1 of 2 past incidents.",
    ]
    assert (told[2].value, told[2].sample_size) == (0.5, 2)


def test_other_models_in_the_same_trouble_point_upstream(story: Story) -> None:
    broken = [nulls("income", 0.4, ALERT, Cause.DATA_CORRUPTION)]
    story.open(a_batch(0, "other"), Cause.DATA_CORRUPTION)
    incident = story.open(story.pass_days(data=broken), Cause.DATA_CORRUPTION)
    packet = collect_evidence(story.ws, incident.id)
    (siblings,) = kinds(packet, "siblings")
    assert "1 other model" in siblings.statement
    assert diagnose(story.ws, incident.id).severity is Severity.HIGH


def test_how_often_the_data_was_at_fault_is_told(story: Story) -> None:
    story.pass_days(3)
    story.pass_days(cause=Cause.STALE_DATA)
    incident = story.open(story.pass_days(performance=[LOSS]))
    (history,) = kinds(collect_evidence(story.ws, incident.id), "quality_history")
    assert history.value == pytest.approx(0.25), "one of four earlier windows"


def test_a_remedy_that_did_not_hold_is_followed_by_people(story: Story) -> None:
    story.pass_days(2)
    first = story.open(story.pass_days(performance=[LOSS]), fingerprint="same")
    story.ws.ledger.move_incident(first.id, IncidentState.RESOLVED)
    second = story.open(story.pass_days(performance=[LOSS]), fingerprint="same")
    (recurrence,) = kinds(collect_evidence(story.ws, second.id), "recurrence")
    assert recurrence.subject == first.id
    assert "was resolved with no action, and it is back" in recurrence.statement


def test_later_windows_are_not_evidence_for_an_earlier_incident(story: Story) -> None:
    story.pass_days(2)
    incident = story.open(story.pass_days(performance=[LOSS]))
    story.pass_days(5)
    (history,) = kinds(collect_evidence(story.ws, incident.id), "quality_history")
    assert history.sample_size == 2


def test_labels_that_are_missing_are_said_to_be_needed(story: Story) -> None:
    batch = story.pass_days(drift=[psi("income", 0.6, ALERT, Cause.HARMFUL_COVARIATE_SHIFT)], performance=[])
    assessment = story.ws.ledger.assessment(batch.id)
    assert assessment is not None
    story.ws.ledger.record_assessment(
        batch, replace(assessment, not_knowable=("Concept drift: about 400 labels would decide it.",))
    )
    diagnosis = diagnose(story.ws, story.open(batch).id)
    assert diagnosis.not_knowable == ("Concept drift: about 400 labels would decide it.",)


def test_what_deserves_no_name_is_still_a_finding(story: Story) -> None:
    odd = Finding("performance", "batch", "roc_auc", ALERT, value=float("nan"), baseline=None)
    incident = story.open(story.pass_days(performance=[odd]))
    packet = collect_evidence(story.ws, incident.id)
    assert kinds(packet, "finding.performance")[0].value is None
    assert diagnose(story.ws, incident.id).cause is Cause.UNKNOWN


def test_incidents_of_the_past_look_only_at_their_own_time(story: Story) -> None:
    story.promote("1", "adopt")
    story.pass_days(3)
    incident = story.open(story.pass_days(performance=[LOSS]))
    story.day += 10
    story.promote("2", "deploy", before="1")
    packet = collect_evidence(story.ws, incident.id)
    assert {item.subject for item in kinds(packet, "deployment")} == {"version 1"}
    assert incident.as_of < story.ws.ledger.promotions("churn")[0].at - timedelta(days=5)


def test_a_switch_counts_where_past_windows_are_played_back(story: Story) -> None:
    """Rows of 2026 watched years later: the switch's clock is ahead, but its version has served."""
    story.ws.ledger.record_promotion(Promotion("churn", None, "1", "adopt", datetime(2031, 1, 1, tzinfo=UTC), "ada"))
    story.pass_days(3)
    story.ws.ledger.record_promotion(Promotion("churn", "1", "2", "manual", datetime(2031, 1, 2, tzinfo=UTC), "ada"))
    incident = story.open(story.pass_days(version="2", performance=[LOSS]))
    assert diagnose(story.ws, incident.id).cause is Cause.BAD_DEPLOYMENT
