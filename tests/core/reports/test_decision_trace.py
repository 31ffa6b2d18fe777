from __future__ import annotations

import re

from airmedic_core.records import Incident
from airmedic_core.reports.decision_trace import Step, Trace, decision_trace
from airmedic_core.reports.dossier import read_dossier
from airmedic_core.reports.incident.pages import incident_pictures
from airmedic_core.workspace import Workspace

HOSTILE = '</script>"]; click a callback %% $\\frac{1}$ `x` [a](b) {c} 漢字 \u202eabc'


def test_the_trace_leads_from_the_batch_to_the_end(ws: Workspace, healed: Incident) -> None:
    trace = decision_trace(read_dossier(ws, healed.id))
    titles = [step.title for rank in trace.ranks for step in rank]
    assert titles == [
        "Batches of churn: 1",
        "Incident opened",
        "Evidence packet",
        "Diagnosis by rules",
        "Diagnosis by claude-x",
        "Decision: retrain",
        *_carried_out(ws, healed),
        "Closed: resolved",
    ]
    ids = {step.id for rank in trace.ranks for step in rank}
    assert len(ids) == len(titles)
    assert {end for arrow in trace.arrows for end in arrow} == ids


def _carried_out(ws: Workspace, incident: Incident) -> list[str]:
    answers = {"retrain": ["mallory: answer refused", "grace: approved"], "deploy": ["grace: approved"]}
    titles = []
    for proposal in ws.ledger.proposals(incident.id):
        titles += [f"Proposal: {proposal.action}", *answers[proposal.action], f"{proposal.action}: done"]
    return titles


def test_mermaid_labels_hold_no_syntax() -> None:
    trace = Trace()
    trace.add(Step("a", "fact", HOSTILE, (HOSTILE,)))
    label = re.search(r'a\["(.*)"\]:::fact', trace.mermaid())
    assert label is not None
    inner = label[1].replace("<b>", "").replace("</b>", "").replace("<br/>", "")
    assert not set(inner) & set('"<>[]{}()`|\\\u202e')


def test_pictures_of_an_incident_are_drawn(ws: Workspace, healed: Incident) -> None:
    pictures = incident_pictures(read_dossier(ws, healed.id))
    assert set(pictures) == {"moves.svg", "decision_trace.svg", "gate.svg"}
    told = pictures["decision_trace.svg"].svg()
    assert all(title in told for title in ("Batches of churn: 1", "grace: approved", "Closed: resolved"))
