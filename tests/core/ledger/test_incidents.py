from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import update

from airmedic_core.errors import LedgerBusyError, LedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.locks import acting_on_production
from airmedic_core.ledger.tables import diagnoses
from airmedic_core.records import (
    CLOSED_BY_HAND,
    Batch,
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Incident,
    IncidentState,
    RankedCause,
    Severity,
)

MakeIncident = Callable[..., Incident]


def diagnosis(engine: str, cause: Cause = Cause.CONCEPT_DRIFT) -> Diagnosis:
    return Diagnosis("churn__1", engine, (RankedCause(cause, 0.9, ("E1",)),), Severity.HIGH, "It drifted", (), "0" * 64)


def test_opening_twice_opens_once(ledger: Ledger, incident: MakeIncident) -> None:
    first = ledger.open_incident(incident())
    again = ledger.open_incident(replace(incident(), headline="Another text"))
    assert again == first == ledger.incident("churn__1")


def test_an_unknown_incident_names_the_closest(ledger: Ledger, incident: MakeIncident) -> None:
    ledger.open_incident(incident("churn__20260201"))
    with pytest.raises(LedgerError, match="Did you mean 'churn__20260201'"):
        ledger.incident("churn__20260210")


def test_incidents_are_newest_first_and_open_ones_can_be_asked_for(ledger: Ledger, incident: MakeIncident) -> None:
    for day in (1, 2, 3):
        ledger.open_incident(incident(f"churn__{day}", day))
    ledger.move_incident("churn__2", IncidentState.RESOLVED)
    assert [incident.id for incident in ledger.incidents()] == ["churn__3", "churn__2", "churn__1"]
    assert [incident.id for incident in ledger.incidents("churn", open_only=True, limit=1)] == ["churn__3"]
    assert [incident.id for incident in ledger.incidents("churn", open_only=True)] == ["churn__3", "churn__1"]
    assert ledger.incidents("other") == []


def test_a_further_batch_moves_the_incident_forward_and_never_back(
    ledger: Ledger, incident: MakeIncident, batch: Callable[..., Batch]
) -> None:
    ledger.open_incident(incident(day=2))
    ledger.attach_batch("churn__1", batch(3))
    seen = ledger.attach_batch("churn__1", batch(1))
    assert seen.batch_ids == (batch(2).id, batch(3).id, batch(1).id)
    assert seen.as_of == batch(3).as_of
    assert ledger.attach_batch("churn__1", batch(3)) == seen


def test_states_only_go_forward(ledger: Ledger, incident: MakeIncident, now: datetime) -> None:
    ledger.open_incident(incident())
    ledger.move_incident("churn__1", IncidentState.DIAGNOSED, cause=Cause.LABEL_SHIFT, severity=Severity.HIGH)
    with pytest.raises(LedgerError, match="cannot become open"):
        ledger.move_incident("churn__1", IncidentState.OPEN)
    closed = ledger.move_incident("churn__1", IncidentState.RESOLVED, resolution={"outcome": "healed"}, closed_at=now)
    assert (closed.cause, closed.severity, closed.closed_at) == (Cause.LABEL_SHIFT, Severity.HIGH, now)
    with pytest.raises(LedgerError, match="has ended"):
        ledger.move_incident("churn__1", IncidentState.ACTING)
    noted = ledger.move_incident("churn__1", IncidentState.RESOLVED, mlflow_run_id="abc")
    assert (noted.mlflow_run_id, noted.resolution) == ("abc", {"outcome": "healed"})


def test_what_may_not_change_does_not(ledger: Ledger, incident: MakeIncident) -> None:
    ledger.open_incident(incident())
    with pytest.raises(LedgerError, match="Did you mean 'headline'"):
        ledger.move_incident("churn__1", IncidentState.OPEN, head_line="x")


def test_the_newest_evidence_is_kept_and_every_hash_is_on_record(ledger: Ledger) -> None:
    assert ledger.packet("churn__1") is None
    first = EvidencePacket(
        "churn__1", "churn", (Evidence("E1", "finding", "checks", "age", "It moved."),), ("no labels",)
    )
    second = replace(first, gaps=())
    ledger.record_packet(first)
    ledger.record_packet(second)
    ledger.record_packet(second)
    assert ledger.packet("churn__1") == second
    other = replace(first, incident_id="churn__2")
    ledger.record_packet(other)
    assert ledger.packets(["churn__1", "churn__2", "none"]) == {"churn__1": second, "churn__2": other}
    hashes = [record.payload["packet_hash"] for record in ledger.audit_records(subject="churn__1")]
    assert hashes == [second.hash, first.hash]


def test_both_diagnoses_are_kept_and_one_stands(ledger: Ledger) -> None:
    ledger.record_diagnosis(diagnosis("rules"), stands=True)
    ledger.record_diagnosis(diagnosis("claude", Cause.UNKNOWN), stands=False)
    assert [(diagnosis.engine, stands) for diagnosis, stands in ledger.diagnoses("churn__1")] == [
        ("rules", True),
        ("claude", False),
    ]
    ledger.record_diagnosis(diagnosis("claude"), stands=True)
    assert [(diagnosis.engine, stands) for diagnosis, stands in ledger.diagnoses("churn__1")] == [
        ("claude", True),
        ("rules", False),
    ]


def test_whoever_asks_for_the_standing_diagnosis_gets_the_same_one(ledger: Ledger) -> None:
    assert ledger.standing_diagnosis("churn__1") is None
    ledger.record_diagnosis(diagnosis("rules"), stands=True)
    ledger.record_diagnosis(diagnosis("claude", Cause.UNKNOWN), stands=False)
    standing = ledger.standing_diagnosis("churn__1")
    assert standing is not None
    assert standing.engine == "rules"
    # A ledger in which two stand: all take the first in the order in which diagnoses are listed.
    with ledger._writing() as connection:
        connection.execute(update(diagnoses).values(stands=1))
    standing = ledger.standing_diagnosis("churn__1")
    assert standing == ledger.diagnoses("churn__1")[0][0]


def test_a_person_closes_what_no_remediation_will_close(ledger: Ledger, incident: MakeIncident, now: datetime) -> None:
    ledger.open_incident(incident())
    closed = ledger.close_by_hand("churn__1", by="ada", reason="The model is retired.", now=now)
    assert (closed.state, closed.closed_at) == (IncidentState.ESCALATED, now)
    assert closed.resolution["outcome"] == CLOSED_BY_HAND
    assert closed.resolution["summary"] == "ada closed it: The model is retired."
    assert ledger.incidents(open_only=True) == []
    (moved,) = (record for record in ledger.audit_records() if record.kind == "incident_state")
    assert moved.payload["resolution"]["closed_by"] == "ada"
    ledger.verify_audit()
    with pytest.raises(LedgerError, match="is escalated already"):
        ledger.close_by_hand("churn__1", by="bob", reason="Again.", now=now)
    assert ledger.incident("churn__1") == closed


def test_nobody_closes_an_incident_while_an_action_changes_the_production(
    ledger: Ledger, incident: MakeIncident, now: datetime
) -> None:
    ledger.open_incident(incident())
    with (
        ledger.lock(acting_on_production("churn")),
        pytest.raises(LedgerBusyError, match="act on the production of churn"),
    ):
        ledger.close_by_hand("churn__1", by="ada", reason="The model is retired.", now=now)
    assert ledger.incident("churn__1").state is IncidentState.OPEN
