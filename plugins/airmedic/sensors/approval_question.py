"""Says what people see when they are asked for an approval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airmedic.sensors.approval_picture import picture
from airmedic_core.actions import ACTIONS, question
from airmedic_core.decide.in_words import changes, undoing, without_a_yes
from airmedic_core.decide.narrow import fields_of
from airmedic_core.decide.rejections import told_before
from airmedic_core.errors import AirmedicError
from airmedic_core.numbers import number
from airmedic_core.records import Diagnosis, Proposal
from airmedic_core.reports.text import duration

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
    """Return the question in markdown.

    Above what may be below the fold: the picture that decides, what happened, what changes, what it is worth, what
    follows without a yes, how it is undone, and who may answer. Below: reasons, evidence, hash.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    """
    diagnosis = _standing(workspace, proposal.incident_id)
    warning = ACTIONS.member(proposal.action).warning(proposal)
    # Airflow's page strips colours; the red circles are what is left of them.
    lines = [f"## 🔴 {_text(warning, _MOST_EXPLAINED)} 🔴", ""] if warning else []
    lines += [f"## {_text(proposal.changed, _MOST_EXPLAINED)}", ""] if proposal.changed else []
    if drawn := picture(workspace, proposal):
        lines += ["```text", *drawn, "```", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in _rows(workspace, proposal, diagnosis))]
    lines += ["", "### Why", "", _text(proposal.reason), *_reasoning(workspace, diagnosis)]
    if before := told_before(workspace, proposal):
        lines += ["", "### Rejected before", "", *(f"- {_text(line, _MOST_EXPLAINED)}" for line in before)]
    if background := ACTIONS.member(proposal.action).background(proposal):
        lines += ["", "### To know", "", *(f"- {_text(line)}" for line in background)]
    lines += ["", "### For the record", "", f"Incident `{proposal.incident_id}`, proposal `{proposal.hash}`"]
    if url := report_url(workspace, proposal):
        lines += ["", f"[The whole incident in MLflow]({url})"]
    return "\n".join(lines)


def _rows(workspace: Workspace, proposal: Proposal, diagnosis: Diagnosis | None) -> Iterator[tuple[str, str]]:
    """Return what a person has to know before answering, above all that can be unfolded."""
    incident = workspace.ledger.incident(proposal.incident_id)
    yield "What happened", f"{_text(incident.headline)} ({incident.severity})"
    yield from _cause(diagnosis)
    # Airflow's page drops what would break the line.
    told = " ".join(f"{_text(line).rstrip('.')}." for line in changes(proposal))
    yield "What changes", told or "Nothing that serves now."
    yield "What it is worth", _text(proposal.expected)
    yield "Without a yes", without_a_yes(proposal)
    yield "How it is undone", _text(undoing(proposal))
    yield "Who may answer", _answerers(workspace, proposal)
    yield from _narrowing(proposal)


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
        confidence = number(first.confidence, "fraction")
        yield "Most likely cause", f"**{first.cause.words}**, confidence {confidence}, by {engine}"


def _answerers(workspace: Workspace, proposal: Proposal) -> str:
    """Return who is asked, who is asked later, and how many have to approve."""
    spec = workspace.spec
    asked = ", ".join(spec.approvers) or "anybody"
    if spec.approval.second_tier:
        asked += f"; after {duration(spec.approval.escalate_after_seconds)} also {', '.join(spec.approval.second_tier)}"
    people = {1: "", 2: "two different people"}.get(proposal.needed, f"{proposal.needed} different people")
    needed = f". {people.capitalize()} have to approve" if people else ""
    among = f"{', ' if needed else '. Needed: '}among them somebody of {' and '.join(proposal.one_of)}"
    return _text(f"{asked}{needed}{among if proposal.one_of else ''}", _MOST_EXPLAINED)


def _narrowing(proposal: Proposal) -> Iterator[tuple[str, str]]:
    if proposal.needed > 1 and ACTIONS.member(proposal.action).narrowing(proposal):
        yield "May be narrowed", "not where several people approve: they have to approve the same"
    if fields := fields_of(proposal):
        told = "; ".join(f"{field.title}: {field.bounds}" for field in fields)
        yield "May be narrowed", _text(f"{told}. What you change below is what you approve.", _MOST_EXPLAINED)


def _text(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Return text from data or a language model as one harmless line: no table breaks, no links, no code."""
    line = " ".join(text.split())
    for character in "\\`|[]<>*_#":
        line = line.replace(character, f"\\{character}")
    return line if len(line) <= most else line[: most - 1].rstrip("\\") + "…"
