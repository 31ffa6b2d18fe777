"""Says what people see when they are asked for an approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airmedic.links import incident_url
from airmedic.sensors.approval_picture import picture
from airmedic_core.actions import ACTIONS, infinitive, question
from airmedic_core.decide.narrow import fields_of
from airmedic_core.decide.question import facts_of
from airmedic_core.decide.rejections import told_before
from airmedic_core.errors import AirmedicError
from airmedic_core.records import Proposal
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_CHARACTERS = 300
_MOST_EXPLAINED = 1_200
_IN_SHORT = ("Why", "What changes", "What it is worth")
_OF_EACH = ("Why this", "Who may answer")
"""Facts of each of two proposals of one question. What each is worth is said above them."""


def subject(workspace: Workspace, proposal: Proposal) -> str:
    """Return the question in one line."""
    return Privacy(workspace.spec).text(question(proposal.action, workspace.spec.title or workspace.spec.name))


def body(workspace: Workspace, proposal: Proposal, alternative: Proposal | None = None) -> str:
    """Return the question in markdown, so short that Airflow's buttons below it stand on the first screen.

    The picture that decides, and what a person has to know before answering. Reasons and evidence are a link away: on
    the incident's page, and in MLflow.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    alternative : Proposal, optional
        What may be approved in its place. What each is worth is for the caller to say.
    """
    privacy = Privacy(workspace.spec)
    asked = (proposal,) if alternative is None else (alternative, proposal)
    lines = list(_alarms(asked, privacy))
    if drawn := picture(workspace, proposal):
        *above, last = (plain_line(line, privacy) for line in drawn)
        # A backslash at its end breaks a line.
        lines += [*(f"{line}\\" for line in above), last, ""]
    first, *others = facts_of(workspace.ledger, workspace.spec, proposal)
    further = _further(workspace, *reversed(asked))
    lines.append(f"- **{first.name}:** {plain_line(first.text, privacy, _MOST_EXPLAINED)} {further}")
    shown = [(fact.name, fact.text) for fact in others] if alternative is None else _of_each(workspace, asked)
    lines += [f"- **{name}:** {plain_line(text, privacy, _MOST_EXPLAINED)}" for name, text in shown]
    lines += [f"- **May be narrowed:** {text}" for text in _narrowing(proposal, privacy)]
    lines += [f"- **Rejected before:** {plain_line(line, privacy)}" for line in told_before(workspace, proposal)]
    known = ACTIONS.member(proposal.action).background(proposal)
    lines += [f"- **To know:** {plain_line(line, privacy)}" for line in known]
    return "\n".join(lines)


def _alarms(asked: Sequence[Proposal], privacy: Privacy) -> Iterator[str]:
    for proposal in asked:
        # Airflow's page strips colours; the red circles are what is left of them.
        if warning := ACTIONS.member(proposal.action).warning(proposal):
            yield from (f"## 🔴 {plain_line(warning, privacy, _MOST_EXPLAINED)} 🔴", "")
    for changed in dict.fromkeys(proposal.changed for proposal in asked if proposal.changed):
        yield from (f"## {plain_line(changed, privacy, _MOST_EXPLAINED)}", "")


def _of_each(workspace: Workspace, asked: Sequence[Proposal]) -> list[tuple[str, str]]:
    """Return names and texts of facts of proposals: a fact that is the same for all once, else one for each."""
    facts = {
        infinitive(proposal.action): {
            fact.name: fact.text for fact in facts_of(workspace.ledger, workspace.spec, proposal)
        }
        for proposal in asked
    }
    told: list[tuple[str, str]] = []
    for name in _OF_EACH:
        texts = {doing: known[name] for doing, known in facts.items() if name in known}
        if len(set(texts.values())) == 1:
            told += [(name, next(iter(texts.values())))]
        else:
            told += [(f"{name}, to {doing}", text) for doing, text in texts.items()]
    return told


def in_short(workspace: Workspace, proposal: Proposal) -> list[str]:
    """Return the question in a few lines, for a message: why, what changes, and what that is worth."""
    facts = facts_of(workspace.ledger, workspace.spec, proposal)
    return [f"{fact.name}: {fact.text}" for fact in facts if fact.name in _IN_SHORT]


def _further(workspace: Workspace, *asked: Proposal) -> str:
    """Return where reasons and evidence are. The first address holds the hashes, by which pages know the question."""
    hashes = "&".join(f"proposal={proposal.hash}" for proposal in asked)
    links = [f"[Evidence]({incident_url(asked[0].incident_id)}?{hashes})"]
    if url := report_url(workspace, asked[0]):
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


def _narrowing(proposal: Proposal, privacy: Privacy) -> Iterator[str]:
    if proposal.needed > 1 and ACTIONS.member(proposal.action).narrowing(proposal):
        yield "not where several people approve: they have to approve the same"
    if fields := fields_of(proposal):
        told = "; ".join(f"{field.title}: {field.bounds}" for field in fields)
        yield plain_line(f"{told}. What you change below is what you approve.", privacy, _MOST_EXPLAINED)


def plain_line(text: str, privacy: Privacy, most: int = _MOST_CHARACTERS) -> str:
    """Return text from data or a language model as one harmless line: no table breaks, no links, no code.

    Parameters
    ----------
    text : str
        The text.
    privacy : Privacy
        Blanks the names of private columns. It has to do so first: an escaped name is not found.
    most : int
        Characters of the line.
    """
    line = " ".join(privacy.text(text).split())
    for character in "\\`|[]<>*_#":
        line = line.replace(character, f"\\{character}")
    return line if len(line) <= most else line[: most - 1].rstrip("\\") + "…"
