"""Says what each collector of evidence promises."""

from __future__ import annotations

import json

from airmedic.testing.production import NOW, incident_of, observe
from airmedic.testing.setting import FLIPPED_ON, Setting
from airmedic_core.causes import Cause
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.records import Finding, Verdict, to_json
from airmedic_core.workspace import Workspace


def it_yields_evidence_without_ids_that_survives_json(collector: Collector, setting: Setting) -> None:
    """The packet numbers what it gets, hashes it and keeps it as JSON."""
    for evidence in collector.collect(_case(setting.workspace())):
        assert evidence.id == "", "evidence is numbered by the packet"
        assert evidence.statement.strip(), "evidence says nothing"
        assert evidence.collector
        assert evidence.kind
        json.dumps(to_json(evidence), allow_nan=False)


def it_says_the_same_of_the_same_incident(collector: Collector, setting: Setting) -> None:
    """A packet that is collected twice has one hash."""
    ws = setting.workspace()
    case, again = _case(ws), Case(ws, ws.ledger.incidents(ws.spec.name)[0])
    assert list(map(to_json, collector.collect(case))) == list(map(to_json, collector.collect(again)))
    assert case.gaps == again.gaps


def it_changes_nothing(collector: Collector, setting: Setting) -> None:
    """A diagnosis changes nothing."""
    ws = setting.workspace()
    case = _case(ws)
    before = setting.records(ws)
    list(collector.collect(case))
    assert setting.records(ws) == before


def it_takes_an_incident_that_a_person_asked_for(collector: Collector, setting: Setting) -> None:
    """Such an incident has no batch and no findings."""
    from airmedic_core.decide import Request
    from airmedic_core.incident_lifecycle import request_incident

    ws = setting.workspace()
    case = Case(ws, request_incident(ws, Request("diagnose_only", by="ada"), "manual__1", now=NOW))
    for evidence in collector.collect(case):
        assert evidence.statement.strip()


PROMISES = (
    it_yields_evidence_without_ids_that_survives_json,
    it_says_the_same_of_the_same_incident,
    it_changes_nothing,
    it_takes_an_incident_that_a_person_asked_for,
)


def _case(ws: Workspace) -> Case:
    for number in range(FLIPPED_ON - 3, FLIPPED_ON):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    incident = incident_of(ws, FLIPPED_ON)
    batch = ws.ledger.batches(ws.spec.name, limit=1)[0].batch
    loss = Finding(
        "performance", "batch", "roc_auc", Verdict.ALERT, value=0.2, baseline=0.9, effect=-0.7, sample_size=60,
        message="roc_auc fell from 0.9 to 0.2.", suggests=(Cause.CONCEPT_DRIFT,),
    )  # fmt: skip
    ws.ledger.record_findings(batch, "performance", [loss], model_version="1")
    return Case(ws, incident)
