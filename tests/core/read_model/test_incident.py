"""One incident, and what waits for people, from a ledger with a whole remediation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.errors import LedgerError
from airmedic_core.incident_lifecycle import incident_without_alarm
from airmedic_core.ledger import Ledger
from airmedic_core.read_model import KnownSpec, SpecShelf, approvals_waiting, read_incident
from airmedic_core.records import (
    ActionResult,
    Batch,
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Incident,
    IncidentState,
    Json,
    Permission,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
    Verdict,
)
from airmedic_core.registry import registry_of
from airmedic_core.review.review import REVIEW
from airmedic_core.settings import Settings
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.read_model.conftest import day

NOW = day(4)
ID = "alpha__20260102T0000_20260103T0000__f1f1f1f1"
GATE: Json = {
    "outcome": "passed", "metric": "roc_auc", "champion": "1", "challenger": "2", "reasons": ["It is better."],
    "champion_value": 0.61, "challenger_value": 0.8, "difference": 0.19, "low": 0.1, "high": 0.28, "margin": -0.01,
    "rows": 500,
    "segments": [{"segment": "salary=high", "difference": 0.1}, {"segment": "age=old", "difference": 0.2}],
}  # fmt: skip


@pytest.fixture
def proposal(ledger: Ledger, observe: Callable[..., Batch]) -> Proposal:
    """What is proposed for an incident that was diagnosed and waits."""
    batch = observe("alpha", 1, auc=0.61, moved=0.6)
    incident = Incident(
        ID, "alpha", IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT,
        "The relation of salary has changed.", "f1",
        batch.window, batch.as_of, (batch.id,), batch.as_of, mlflow_run_id="ab12",
    )  # fmt: skip
    ledger.open_incident(incident)
    items = (
        Evidence("E1", "finding.drift", "findings", "age", "age moved, like salary.", 0.6, 0.1, verdict=Verdict.ALERT),
        Evidence("E2", "finding.drift", "findings", "salary", "salary moved."),
    )
    packet = EvidencePacket(ID, "alpha", items)
    ledger.record_packet(packet)
    ledger.record_diagnosis(
        Diagnosis(
            ID, "rules", (RankedCause(Cause.CONCEPT_DRIFT, 0.8, ("E1",), ("E2",), "salary means something else."),),
            Severity.HIGH, "The relation of salary changed.", (RecommendedAction("retrain", 1),), packet.hash,
            similar_incidents=("beta__old", "from_a_file"), not_knowable=("Whether salary is right.",),
        ),
        stands=True,
    )  # fmt: skip
    ledger.open_incident(
        Incident(
            "beta__old", "beta", IncidentState.OPEN, Severity.LOW, Cause.CONCEPT_DRIFT,
            "It was so of wage and salary.", "f2",
            batch.window, batch.as_of, (), day(0),
        )
    )  # fmt: skip
    proposed = Proposal(
        ID, "alpha", "deploy", {"version": "2", "gate": GATE, "when": "2026-01-02T06:00:00+00:00", "asked": True},
        "AUC is 0.8 again.", Permission.ASK, "Version 2 is better.", day(3), day(5),
    )  # fmt: skip
    ledger.record_proposal(proposed)
    ledger.move_incident(ID, IncidentState.AWAITING_APPROVAL)
    return proposed


@pytest.fixture
def workspace(ledger: Ledger, settings: Settings, shelf: SpecShelf) -> Workspace:
    spec = shelf.all()["alpha"].spec
    assert spec is not None
    return Workspace(spec, settings, ledger, registry_of(spec, settings.tracking_uri, ledger))


@pytest.fixture
def specs(shelf: SpecShelf) -> dict[str, KnownSpec]:
    return shelf.all()


def test_an_incident_tells_its_story(
    workspace: Workspace, ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    ledger.answer_proposal(proposal.hash, "approve", by="anna", at=NOW, channel="airflow", comment="Do it.")
    ledger.begin_action(proposal, snapshot={}, now=NOW)
    ledger.finish_action(ActionResult(proposal.hash, "deploy", "done", "Version 2 serves.", 2.0), now=NOW)
    resolution = {"outcome": "healed", "summary": "AUC is back.", "before": 0.61, "after": 0.8, "metric": "roc_auc"}
    kept = resolution | {"held_windows": ["20260103T0000_20260104T0000", "20260104T0000_20260105T0000"]}
    ledger.move_incident(ID, IncidentState.RESOLVED, resolution=kept, closed_at=NOW + timedelta(hours=1))
    answer = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
    assert (answer["id"], answer["model"], answer["state"]) == (ID, "alpha", "resolved")
    assert (answer["cause_words"], answer["closed_at"]) == ("concept drift", "2026-01-05T01:00:00Z")
    assert answer["window"] == {"start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}
    assert answer["outcome"] == {"state": "resolved", **resolution, "held_windows": 2}
    (cause,) = answer["causes"]
    assert (cause["cause_words"], cause["confidence"], cause["supporting"]) == ("concept drift", 0.8, ["E1"])
    assert [item["id"] for item in answer["evidence"]] == ["E1"]
    (proposed,) = answer["proposals"]
    assert (proposed["action_name"], proposed["action_words"]) == ("deploy", "deploy")
    assert proposed["params_words"] == ["Version 2 serves in place of version 1."]
    assert [(given["by"], given["comment"]) for given in proposed["answers"]] == [("anna", "Do it.")]
    assert (proposed["action"]["status"], proposed["action"]["summary"]) == ("done", "Version 2 serves.")
    assert (proposed["gate"]["outcome"], proposed["gate"]["difference"]) == ("passed", 0.19)
    assert [segment["segment"] for segment in proposed["gate"]["segments"]] == ["age=old"]
    assert [event["kind"] for event in answer["timeline"]] == [
        "seen", "incident", "proposal", "approval", "action", "end",
    ]  # fmt: skip
    assert answer["links"]["airflow_run"] == f"/dags/remediate__alpha/runs/{ID}"
    assert answer["links"]["mlflow_run"] == "http://mlflow:5000/#/runs/ab12?workflowType=machine_learning"


def test_private_columns_are_blanked_everywhere(
    workspace: Workspace, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    answer = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
    assert "salary" not in str(answer)
    assert answer["summary"] == "The relation of (private column) changed."
    assert answer["headline"] == "The relation of (private column) has changed."
    assert answer["not_known"] == ["Whether (private column) is right."]


def test_similar_incidents_of_models_that_may_not_be_read_are_left_out(
    content: Path, workspace: Workspace, shelf: SpecShelf, proposal: Proposal
) -> None:
    # What is private in beta is for the spec of beta to say: salary is not.
    beta = content / "models" / "beta.yaml"
    beta.write_text(beta.read_text().replace("[salary]", "[wage]"))
    specs = shelf.all()
    seen = read_incident(workspace, ID, specs=specs, readable=lambda _: True)["similar"]
    assert [(line["id"], line["headline"]) for line in seen] == [
        ("beta__old", "It was so of (private column) and salary."), ("from_a_file", ""),
    ]  # fmt: skip
    hidden = read_incident(workspace, ID, specs=specs, readable=lambda model: model != "beta")["similar"]
    assert [line["id"] for line in hidden] == ["from_a_file"]
    beta.write_text("name: beta\n")
    broken = read_incident(workspace, ID, specs=shelf.all(), readable=lambda _: True)["similar"]
    assert [(line["id"], line["headline"]) for line in broken] == [("beta__old", ""), ("from_a_file", "")]


@pytest.mark.parametrize(
    ("item", "shown_without_beta"),
    [
        (Evidence("E1", "siblings", "siblings", "fleet", "beta", 1.0, details={"incidents": ["beta__old"]}), False),
        # A second model's incident is not among those that are named.
        (Evidence("E1", "siblings", "siblings", "fleet", "beta", 2.0, details={"incidents": ["alpha__1"]}), False),
        (Evidence("E1", "similar", "similar", "beta__old", "beta", trust="recorded"), False),
        (Evidence("E1", "similar", "similar", "gone", "beta", trust="recorded"), False),
        (Evidence("E1", "similar", "similar", "from_a_file", "An example.", trust="written"), True),
        (Evidence("E1", "similar", "similar", "alpha__1", "alpha", trust="recorded"), True),
    ],
)
def test_evidence_of_models_that_may_not_be_read_is_left_out(
    workspace: Workspace,
    ledger: Ledger,
    specs: dict[str, KnownSpec],
    proposal: Proposal,
    item: Evidence,
    shown_without_beta: bool,
) -> None:
    ledger.open_incident(replace(ledger.incident(ID), id="alpha__1", fingerprint="f3"))
    ledger.record_packet(EvidencePacket(ID, "alpha", (item,)))
    everything = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
    without_beta = read_incident(workspace, ID, specs=specs, readable=lambda model: model != "beta")
    assert [line["id"] for line in without_beta["evidence"]] == (["E1"] if shown_without_beta else [])
    if item.details.get("incidents") == ["beta__old"]:
        assert [line["statement"] for line in everything["evidence"]] == ["beta"]


def test_what_is_left_out_is_not_quoted_either(
    workspace: Workspace, ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    items = (
        Evidence("E1", "finding.quality", "findings", "salary", "salary is 47 in all rows."),
        Evidence("E2", "siblings", "siblings", "fleet", "beta too.", 1.0, details={"incidents": ["beta__old"]}),
        Evidence("E3", "finding.drift", "findings", "age", "age moved."),
    )
    packet = EvidencePacket(ID, "alpha", items)
    ledger.record_packet(packet)
    summary = "salary is 47 in all rows [E1]. beta too [E2]. age moved [E3]."
    cause = RankedCause(Cause.CONCEPT_DRIFT, 0.8, ("E1", "E2"), (), "beta too [E2].")
    ledger.record_diagnosis(Diagnosis(ID, "rules", (cause,), Severity.HIGH, summary, (), packet.hash), stands=True)
    everything = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
    assert everything["summary"] == "(not shown) [E1]. beta too [E2]. age moved [E3]."
    without_beta = read_incident(workspace, ID, specs=specs, readable=lambda model: model != "beta")
    assert without_beta["summary"] == "(not shown) [E1]. (not shown) [E2]. age moved [E3]."
    assert [line["explanation"] for line in without_beta["causes"]] == ["(not shown) [E2]."]


def test_the_shares_of_causes_and_of_something_else_add_up_to_a_whole(
    workspace: Workspace, ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    packet = EvidencePacket(ID, "alpha", (Evidence("E1", "finding.drift", "findings", "age", "age moved."),))
    ledger.record_packet(packet)
    told = {}
    for second in (0.05, 0.6):
        causes = (RankedCause(Cause.CONCEPT_DRIFT, 0.84, ("E1",)), RankedCause(Cause.LABEL_SHIFT, second, ("E1",)))
        given = Diagnosis(ID, f"rules {second}", causes, Severity.HIGH, "age moved.", (), packet.hash)
        ledger.record_diagnosis(given, stands=True)
        shown = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
        told[second] = ([line["share"] for line in shown["causes"]], shown["something_else"])
    # By hand: 84 + 5 leave 11 of 100; of 84 and 60, what 84 leaves of 100 is the second's.
    assert told == {0.05: ([0.84, 0.05], 0.11), 0.6: ([0.84, 0.16], 0.0)}


def test_evidence_that_only_quotes_other_evidence_of_its_side_is_not_shown_twice(
    workspace: Workspace, ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    items = (
        Evidence("E1", "finding.trial", "findings", "batch", "A retrained model would gain 0.096 in AUC."),
        Evidence(
            "E2",
            "assessment",
            "assessment",
            "batch",
            "The relation has changed: A retrained model would gain 0.096 in AUC.",
        ),
        Evidence("E3", "finding.performance", "findings", "batch", "AUC is 0.75."),
    )
    packet = EvidencePacket(ID, "alpha", items)
    ledger.record_packet(packet)
    causes = (
        RankedCause(Cause.CONCEPT_DRIFT, 0.8, ("E1", "E2", "E3")),
        RankedCause(Cause.LABEL_SHIFT, 0.1, ("E3",), ("E2",)),
    )
    ledger.record_diagnosis(Diagnosis(ID, "rules", causes, Severity.HIGH, "It changed.", (), packet.hash), stands=True)
    first, second = read_incident(workspace, ID, specs=specs, readable=lambda _: True)["causes"]
    assert first["supporting"] == ["E1", "E3"]
    assert second["contradicting"] == ["E2"], "alone on its side, it is no repetition"


def test_an_incident_that_does_not_exist_is_an_error(
    workspace: Workspace, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    with pytest.raises(LedgerError, match="There is no incident"):
        read_incident(workspace, "alpha__no", specs=specs, readable=lambda _: True)


def test_what_waits_names_its_question_and_its_run(ledger: Ledger, shelf: SpecShelf, proposal: Proposal) -> None:
    specs = shelf.all()
    (waiting,) = approvals_waiting(ledger, specs, now=NOW, shown={"alpha"})["approvals"]
    assert (waiting["hash"], waiting["model"], waiting["incident_id"]) == (proposal.hash, "alpha", ID)
    assert (waiting["dag_id"], waiting["run_id"], waiting["parent"]) == ("remediate__alpha", ID, None)
    assert waiting["headline"] == "The relation of (private column) has changed."
    assert waiting["question"] == "Deploy a new version of alpha?"
    assert waiting["gate"]["outcome"] == "passed"
    assert [fact["name"] for fact in waiting["facts"]][:2] == ["Why", "What changes"]
    assert [(bar["label"], bar["words"]) for bar in waiting["picture"]["bars"]] == [
        ("version 1, serves now", "0.610"),
        ("version 2, proposed", "0.800"),
    ]
    assert waiting["snooze"]["usual"] in waiting["snooze"]["choices"]
    assert "salary" not in str(waiting)
    assert approvals_waiting(ledger, specs, now=NOW, shown={"beta"}) == {"approvals": []}
    assert approvals_waiting(None, specs, now=NOW, shown={"alpha"}) == {"approvals": []}


def test_the_two_proposals_of_one_question_about_a_trial_are_one_line(
    ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    trial: Json = {"version": "2", "champion": "1", "deployment": proposal.hash}
    ending = replace(proposal, action="end_trial", params=trial, parent="")
    promotion = replace(ending, action="promote_trial")
    for asked in (ending, promotion):
        ledger.record_proposal(asked)
    lines = approvals_waiting(ledger, specs, now=NOW, shown={"alpha"})["approvals"]
    (line,) = [line for line in lines if line["action_name"] != proposal.action]
    (other,) = line["alternatives"]
    names = [fact["name"] for fact in line["facts"]]
    assert ("Why" in names, "What changes" in names) == (True, False), "facts are those that both share"
    assert {line["hash"], other["hash"]} == {ending.hash, promotion.hash}
    assert {line["action_name"], other["action_name"]} == {"end_trial", "promote_trial"}
    assert line["question"] == "What becomes of version 2 of alpha, which is tried?"


def test_what_a_review_proposes_waits_in_the_run_of_the_review(
    ledger: Ledger, specs: dict[str, KnownSpec], workspace: Workspace
) -> None:
    batch = Batch("alpha", Window(day(1), day(2)), day(3), 100)
    ledger.record_batch(batch, model_version="1")
    resolution = {"requested": REVIEW, "run_id": "scheduled__2026"}
    review = ledger.open_incident(
        incident_without_alarm(workspace, batch, "Review: 1", resolution, cause=Cause.HEALTHY, now=day(3))
    )
    asked = Proposal(
        review.id, "alpha", "set_limit", {}, "Fewer alarms.", Permission.ASK, "It rang often.", day(3), day(5)
    )
    ledger.record_proposal(asked)
    ledger.move_incident(review.id, IncidentState.AWAITING_APPROVAL)
    (waiting,) = approvals_waiting(ledger, specs, now=NOW, shown={"alpha"})["approvals"]
    assert (waiting["dag_id"], waiting["run_id"]) == ("review__alpha", "scheduled__2026")
    answer = read_incident(workspace, review.id, specs=specs, readable=lambda _: True)
    assert answer["links"]["airflow_run"] == "/dags/review__alpha/runs/scheduled__2026"


def test_a_narrowed_proposal_names_the_one_that_it_comes_from(
    workspace: Workspace, ledger: Ledger, specs: dict[str, KnownSpec], proposal: Proposal
) -> None:
    narrower = replace(proposal, params={"version": "3"}, created_at=NOW, parent=proposal.hash)
    ledger.record_proposal(narrower)
    answer = read_incident(workspace, ID, specs=specs, readable=lambda _: True)
    assert [(line["hash"], line["parent"]) for line in answer["proposals"]] == [
        (proposal.hash, None), (narrower.hash, proposal.hash),
    ]  # fmt: skip
