"""What people see when they are asked for an approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.actions import ACTIONS, question
from airmedic_core.decide.narrow import fields_of
from airmedic_core.decide.rejections import told_before
from airmedic_core.errors import AirmedicError
from airmedic_core.numbers import number
from airmedic_core.records import Diagnosis, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_EVIDENCE = 8
_MOST_CHARACTERS = 300
_MOST_EXPLAINED = 1_200
_RULES = "rules"


def subject(workspace: Workspace, proposal: Proposal) -> str:
    """Return the question in one line."""
    return question(proposal.action, workspace.spec.title or workspace.spec.name)


def body(workspace: Workspace, proposal: Proposal) -> str:
    """Return the question in markdown: what, why, evidence, expected effect, risk, and how to check it.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    """
    incident = workspace.ledger.incident(proposal.incident_id)
    diagnosis = _standing(workspace, proposal.incident_id)
    rows = [
        ("Model", workspace.spec.title or workspace.spec.name),
        ("Incident", f"{_text(incident.headline)} (`{incident.id}`, {incident.severity})"),
        *_cause(diagnosis),
        ("Action", f"**{proposal.action}** {_parameters(proposal.params)}"),
        ("Expected effect", _text(proposal.expected)),
        ("Risk", _risk(proposal)),
        ("Answer by", f"{proposal.expires_at:%Y-%m-%d %H:%M} UTC; nobody answering counts as *Reject*"),
        ("Approvals needed", _needed(proposal)),
        *_narrowing(proposal),
        ("Proposal", f"`{proposal.hash}`"),
    ]
    warning = ACTIONS.member(proposal.action).warning(proposal)
    # Airflow's page strips colours; the red circles are what is left of them.
    alarm = [f"## 🔴 {_text(warning, _MOST_EXPLAINED)} 🔴", ""] if warning else []
    alarm += [f"## {_text(proposal.changed, _MOST_EXPLAINED)}", ""] if proposal.changed else []
    lines = [*alarm, "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows), "", "### Why", ""]
    lines += [_text(proposal.reason), *_reasoning(workspace, diagnosis)]
    if before := told_before(workspace, proposal):
        lines += ["", "### Rejected before", "", *(f"- {_text(line, _MOST_EXPLAINED)}" for line in before)]
    if background := ACTIONS.member(proposal.action).background(proposal):
        lines += ["", "### To know", "", *(f"- {_text(line)}" for line in background)]
    if url := report_url(workspace, proposal):
        lines += ["", f"[The whole incident in MLflow]({url})"]
    return "\n".join(lines)


def report_url(workspace: Workspace, proposal: Proposal) -> str:
    """Return the address of the incident's run in MLflow, or nothing where there is none."""
    run_id = workspace.ledger.incident(proposal.incident_id).mlflow_run_id
    if run_id is None:
        return ""
    from airmedic_core.reports import mlflow_url

    try:
        return mlflow_url(workspace, run_id)
    except AirmedicError:  # the link is a convenience: the question is asked without it
        return ""


def _standing(workspace: Workspace, incident_id: str) -> Diagnosis | None:
    return next((diagnosis for diagnosis, stands in reversed(workspace.ledger.diagnoses(incident_id)) if stands), None)


def _reasoning(workspace: Workspace, diagnosis: Diagnosis | None) -> Iterator[str]:
    if diagnosis is None or not diagnosis.causes:
        return
    first = diagnosis.causes[0]
    if diagnosis.engine != _RULES:  # what the rules have to say is their evidence
        yield from ("", _text(first.explanation, _MOST_EXPLAINED))
    packet = workspace.ledger.packet(diagnosis.incident_id)
    items = {item.id: item for item in packet.items} if packet else {}
    for title, cited in (("Evidence for it", first.supporting), ("Evidence against it", first.contradicting)):
        # The assessment sums up the rest, and is the headline above.
        known = [items[key] for key in cited if key in items and items[key].kind != "assessment"][:_MOST_EVIDENCE]
        if known:
            yield from ("", f"### {title}", "", *(f"- `{item.id}` {_text(item.statement)}" for item in known))
    if diagnosis.not_knowable:
        yield from ("", "### Not known yet", "", *(f"- {_text(line)}" for line in diagnosis.not_knowable))


def _cause(diagnosis: Diagnosis | None) -> Iterator[tuple[str, str]]:
    if diagnosis is not None and diagnosis.causes:
        first = diagnosis.causes[0]
        engine = "rules" if diagnosis.engine == _RULES else _text(diagnosis.engine)
        yield "Cause", f"**{first.cause.words}**, confidence {number(first.confidence, 'fraction')}, by {engine}"


def _needed(proposal: Proposal) -> str:
    people = {1: "one", 2: "two different people"}.get(proposal.needed, f"{proposal.needed} different people")
    return f"{people}, among them somebody of {_text(' and '.join(proposal.one_of))}" if proposal.one_of else people


def _narrowing(proposal: Proposal) -> Iterator[tuple[str, str]]:
    if proposal.needed > 1 and ACTIONS.member(proposal.action).narrowing(proposal):
        yield "May be narrowed", "not where several people approve: they have to approve the same"
    if fields := fields_of(proposal):
        told = "; ".join(f"{field.title}: {field.bounds}" for field in fields)
        yield "May be narrowed", _text(f"{told}. What you change below is what you approve.", _MOST_EXPLAINED)


def _risk(proposal: Proposal) -> str:
    member = ACTIONS.member(proposal.action)
    if member.changes_production:
        return "Changes production. Verified afterwards, and undone if it does not verify."
    return "Production keeps serving what it serves now."


def _parameters(params: Json) -> str:
    plain = {name: value for name, value in params.items() if not isinstance(value, (dict, list))}
    return _text(", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in plain.items()))


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    try:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}" if isinstance(value, str) else str(value)
    except ValueError:
        return str(value)


def _text(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Return text from data or a language model as one harmless line: no table breaks, no links, no code."""
    line = " ".join(text.split())
    for character in "\\`|[]<>*_#":
        line = line.replace(character, f"\\{character}")
    return line if len(line) <= most else line[: most - 1].rstrip("\\") + "…"
