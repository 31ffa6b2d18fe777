"""What people have to know before they answer: the facts and the one picture that decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from airmedic_core.decide.deciding_picture import Bar, deciding_picture
from airmedic_core.decide.question import facts_of
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.tables import diagnoses
from airmedic_core.records import (
    Batch,
    Cause,
    Diagnosis,
    EvidencePacket,
    Finding,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    RankedCause,
    Role,
    Severity,
    Verdict,
)
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window

NOW = datetime(2026, 5, 1, tzinfo=UTC)
APRIL = Window(datetime(2026, 4, 1, tzinfo=UTC), NOW)
HEADLINE = "The relation between inputs and label has changed: A retrained model would gain 0.096 in AUC."
GATE = {
    "outcome": "passed", "metric": "roc_auc", "reasons": [], "champion": "1", "challenger": "2",
    "champion_value": 0.585, "challenger_value": 0.68, "difference": 0.095, "low": 0.031, "high": 0.164, "rows": 1068,
}  # fmt: skip


@pytest.fixture
def spec() -> ModelSpec:
    data = {"source": "file", "path": "rows.csv", "time_column": "at"}
    people = {"approvers": ["anna"], "approval": {"second_tier": ["boris"]}}
    return parse_spec({"name": "stays", "task": "binary", "target": "y", "data": data, **people})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with an incident of April, in which AUC is 0.75 where 0.807 are accepted."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    batch = Batch("stays", APRIL, NOW, 5_000)
    auc = Finding(
        "performance", "batch", "roc_auc", Verdict.ALERT, value=0.75, baseline=0.84, limit=0.807, role=Role.LOSS,
        details={"decides": True, "low": 0.67, "high": 0.81},
    )  # fmt: skip
    ledger.record_findings(batch, "performance", [auc], model_version="1")
    ledger.open_incident(
        Incident(
            "i", "stays", IncidentState.OPEN, Severity.MEDIUM, Cause.CONCEPT_DRIFT, HEADLINE, "f", APRIL, NOW,
            (batch.id,), NOW,
        )
    )  # fmt: skip
    return ledger


def proposal(action: str = "deploy", **params: Any) -> Proposal:
    until = NOW + timedelta(days=1)
    return Proposal("i", "stays", action, params, "It helps.", Permission.ASK, "A rule.", NOW, until)


def told(ledger: Ledger, spec: ModelSpec, asked: Proposal) -> dict[str, str]:
    return {fact.name: fact.text for fact in facts_of(ledger, spec, asked)}


def diagnosed(ledger: Ledger) -> None:
    packet = EvidencePacket("i", "stays", ())
    ledger.record_packet(packet)
    causes = (RankedCause(Cause.CONCEPT_DRIFT, 0.839),)
    ledger.record_diagnosis(Diagnosis("i", "rules", causes, Severity.MEDIUM, "", (), packet.hash), stands=True)


def test_people_read_of_the_diagnosis_that_is_decided_on_where_two_stand(ledger: Ledger, spec: ModelSpec) -> None:
    diagnosed(ledger)
    other = (RankedCause(Cause.BAD_DEPLOYMENT, 0.6),)
    ledger.record_diagnosis(Diagnosis("i", "claude", other, Severity.MEDIUM, "", (), "0" * 64), stands=False)
    with ledger._writing() as connection:
        connection.execute(update(diagnoses).values(stands=1))
    standing = ledger.standing_diagnosis("i")
    assert standing is not None
    assert f"({standing.cause.words}, " in told(ledger, spec, proposal(version="2"))["Why"]


def test_a_person_reads_what_happened_what_changes_and_who_is_asked(ledger: Ledger, spec: ModelSpec) -> None:
    assert told(ledger, spec, proposal(version="2"))["Why"] == HEADLINE
    diagnosed(ledger)
    facts = told(ledger, spec, proposal(version="2", gate=GATE))
    assert facts == {
        "Why": "AUC fell to 0.750 in Apr 2026; at least 0.807 is accepted of version 1. "
        "A changed relation between the inputs and the target (concept drift, 84 % sure).",
        "What changes": "Version 2 serves in place of version 1.",
        "What it is worth": "Of two rows, one with “y” and one without, it picks the right one in 68 of 100 cases, "
        "today in 58. 0.807 is of other rows: version 2 gets a level of its own.",
        "If rejected or not answered": "Nothing changes. If rejected, it is asked again in 7 days or as chosen.",
        "How it is undone": "By itself while it is watched; later by a rollback that an approver agrees to.",
        "Who may answer": "anna (asked 1 May, 00:00 UTC), until 2 May 2026, 00:00 UTC; after 5 min also boris. "
        "One approval is enough.",
    }
    assert not any("medium" in text for text in facts.values()), "the severity of the incident is no risk of the action"


def test_where_nothing_is_beyond_its_limit_the_headline_says_what_happened(ledger: Ledger, spec: ModelSpec) -> None:
    diagnosed(ledger)
    calm = Finding("performance", "batch", "roc_auc", Verdict.OK, value=0.82, limit=0.807, details={"decides": True})
    ledger.record_findings(Batch("stays", APRIL, NOW, 5_000), "performance", [calm], model_version="1")
    assert told(ledger, spec, proposal())["Why"].startswith("A retrained model would gain 0.096 in AUC.")


def test_a_finding_with_a_colon_of_its_own_is_told_whole(ledger: Ledger, spec: ModelSpec, tmp_path: Path) -> None:
    other = Ledger.open(f"sqlite:///{tmp_path / 'other.db'}")
    for headline, told_of_it in (
        ("Changed: age: 40 % are missing.", "age: 40 % are missing."),
        ("It fell.", "It fell."),
    ):
        opened = replace(ledger.incident("i"), id=told_of_it, fingerprint=headline, headline=headline, batch_ids=())
        other.open_incident(opened)
        packet = EvidencePacket(opened.id, "stays", ())
        other.record_packet(packet)
        causes = (RankedCause(Cause.CONCEPT_DRIFT, 0.839),)
        diagnosis = Diagnosis(opened.id, "rules", causes, Severity.MEDIUM, "", (), packet.hash)
        other.record_diagnosis(diagnosis, stands=True)
        facts = told(other, spec, replace(proposal(), incident_id=opened.id))
        assert facts["Why"].startswith(f"{told_of_it} A changed relation")


def test_what_was_not_compared_says_why_it_is_proposed(ledger: Ledger, spec: ModelSpec) -> None:
    assert told(ledger, spec, proposal("hold"))["Why this"] == "A rule."
    assert told(ledger, spec, proposal("hold"))["What it is worth"] == "It helps."
    two = replace(proposal("hold"), permission=Permission.ASK_TWO, one_of=("data owners",))
    assert told(ledger, spec, two)["Who may answer"].endswith(
        "Two different people have to approve. Among them has to be somebody of data owners."
    )


def test_the_picture_is_the_comparison_or_the_incident_beside_what_is_accepted(ledger: Ledger, spec: ModelSpec) -> None:
    compared = deciding_picture(ledger, spec, proposal(gate=GATE))
    assert compared is not None
    assert compared.title == (
        "AUC (higher is better, 0.5 is chance, 1 is perfect, on 1,068 rows new to both, harder than Apr 2026)"
    )
    assert (compared.full, compared.chance) == (1.0, 0.5)
    assert compared.bars == (Bar("version 1, serves now", 0.585), Bar("version 2, proposed", 0.68, decides=True))
    assert compared.note == "better by 0.095 (95 % certain: 0.031 to 0.164)"
    alone = deciding_picture(ledger, spec, proposal("retrain"))
    assert alone is not None
    assert alone.bars == (Bar("Apr 2026, the incident", 0.75, decides=True), Bar("accepted from", 0.807))


def test_lengths_are_not_compared_where_a_value_is_negative(ledger: Ledger, spec: ModelSpec) -> None:
    drawn = deciding_picture(ledger, spec, proposal(gate=GATE | {"champion_value": -0.5, "challenger_value": 0.5}))
    assert drawn is not None
    assert not drawn.has_lengths
    drawn = deciding_picture(ledger, spec, proposal(gate=GATE))
    assert drawn is not None
    assert drawn.has_lengths
