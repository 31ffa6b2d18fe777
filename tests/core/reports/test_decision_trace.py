from __future__ import annotations

import re
from pathlib import Path

from airmedic_core.records import Incident
from airmedic_core.reports.decision_trace import Step, Trace, decision_trace
from airmedic_core.reports.dossier import read_dossier
from airmedic_core.reports.drawing import draw_gate, draw_history, draw_trace
from airmedic_core.workspace import Workspace

PNG = b"\x89PNG"
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


def test_hostile_text_is_drawn_as_text(tmp_path: Path) -> None:
    trace = Trace()
    trace.add(
        Step(
            "a",
            "fact",
            HOSTILE,
            (HOSTILE, "$"),
        )
    )
    draw_trace(trace, tmp_path / "trace.png")
    assert (tmp_path / "trace.png").read_bytes().startswith(PNG)


def test_pictures_of_an_incident_are_drawn(ws: Workspace, healed: Incident, tmp_path: Path) -> None:
    dossier = read_dossier(ws, healed.id)
    draw_trace(decision_trace(dossier), tmp_path / "trace.png")
    draw_gate(dossier.gates[0], tmp_path / "gate.png")
    draw_history("roc_auc", dossier.history, dossier, tmp_path / "history.png")
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(PNG)
    assert len(list(tmp_path.glob("*.png"))) == 3
