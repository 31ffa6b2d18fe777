"""Says what people see when they are asked for an approval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airmedic.links import incident_url
from airmedic.sensors.approval_picture import picture
from airmedic_core.actions import ACTIONS, question
from airmedic_core.decide.narrow import fields_of
from airmedic_core.decide.question import facts_of
from airmedic_core.decide.rejections import told_before
from airmedic_core.errors import AirmedicError
from airmedic_core.records import Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_CHARACTERS = 300
_MOST_EXPLAINED = 1_200


def subject(workspace: Workspace, proposal: Proposal) -> str:
    """Return the question in one line."""
    return question(proposal.action, workspace.spec.title or workspace.spec.name)


def body(workspace: Workspace, proposal: Proposal) -> str:
    """Return the question in markdown, so short that Airflow's buttons below it stand on the first screen.

    The picture that decides, and what a person has to know before answering. Reasons and evidence are a link away: on
    the incident's page, and in MLflow.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    """
    warning = ACTIONS.member(proposal.action).warning(proposal)
    # Airflow's page strips colours; the red circles are what is left of them.
    lines = [f"## 🔴 {_text(warning, _MOST_EXPLAINED)} 🔴", ""] if warning else []
    lines += [f"## {_text(proposal.changed, _MOST_EXPLAINED)}", ""] if proposal.changed else []
    if drawn := picture(workspace, proposal):
        # A backslash at its end breaks a line.
        lines += [*(f"{line}\\" for line in drawn[:-1]), drawn[-1], ""]
    first, *others = facts_of(workspace.ledger, workspace.spec, proposal)
    lines.append(f"- **{first.name}:** {_text(first.text, _MOST_EXPLAINED)} {_further(workspace, proposal)}")
    lines += [f"- **{fact.name}:** {_text(fact.text, _MOST_EXPLAINED)}" for fact in others]
    lines += [f"- **May be narrowed:** {text}" for text in _narrowing(proposal)]
    lines += [f"- **Rejected before:** {_text(line)}" for line in told_before(workspace, proposal)]
    lines += [f"- **To know:** {_text(line)}" for line in ACTIONS.member(proposal.action).background(proposal)]
    return "\n".join(lines)


def _further(workspace: Workspace, proposal: Proposal) -> str:
    """Return where reasons and evidence are. The first address holds the hash, by which the page knows the question."""
    links = [f"[Evidence]({incident_url(proposal.incident_id)}?proposal={proposal.hash})"]
    if url := report_url(workspace, proposal):
        links.append(f"[report in MLflow]({url})")
    return ", ".join(links)


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


def _narrowing(proposal: Proposal) -> Iterator[str]:
    if proposal.needed > 1 and ACTIONS.member(proposal.action).narrowing(proposal):
        yield "not where several people approve: they have to approve the same"
    if fields := fields_of(proposal):
        told = "; ".join(f"{field.title}: {field.bounds}" for field in fields)
        yield _text(f"{told}. What you change below is what you approve.", _MOST_EXPLAINED)


def _text(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Return text from data or a language model as one harmless line: no table breaks, no links, no code."""
    line = " ".join(text.split())
    for character in "\\`|[]<>*_#":
        line = line.replace(character, f"\\{character}")
    return line if len(line) <= most else line[: most - 1].rstrip("\\") + "…"
