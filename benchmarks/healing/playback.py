"""Plays windows of a model through the whole loop in one process, and answers the approvals as a person would.

The same use cases as the operators call, in the same order; Airflow only spreads them over tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter

from airmedic_core.actions import ACTIONS, Path
from airmedic_core.checks import GROUPS
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import diagnose
from airmedic_core.diagnose.language_model import LanguageModel
from airmedic_core.errors import AirmedicError
from airmedic_core.execution import advance, ask_to_take_back, carry_out, complete, gate_challenger, undo
from airmedic_core.exploration import assess_and_try
from airmedic_core.incident_lifecycle import (
    close_incident,
    lift_quarantine,
    look_at_repaired,
    note_healthy,
    open_incident,
)
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.monitor import check_batch, resolve_batch
from airmedic_core.records import Assessment, Batch, Permission, Proposal
from airmedic_core.rollout import health
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

Answer = Callable[[Proposal], bool]
"""Says whether a person approves what is proposed."""
_MOST_ACTIONS = 6
"""Proposals of one incident that are followed: a training, one more, a deployment, and its taking back are four."""


@dataclass
class Played:
    """Holds what came of one window."""

    window: Window
    outcome: str
    cause: str
    headline: str
    served_by: str
    champion: str
    incident_id: str = ""
    actions: list[str] = field(default_factory=list)
    asked: int = 0
    """Questions that a person answered."""
    escalated: bool = False
    tried: bool = False
    """Says whether a version was tried beside the champion when the window arrived."""
    seconds: float = 0.0


def play(
    ws: Workspace, window: Window, answer: Answer = lambda _: True, language_model: LanguageModel | None = None
) -> Played:
    """Look at a window as of its end, and follow what comes of it to its end.

    Parameters
    ----------
    ws : Workspace
        The model, which has a champion.
    window : Window
        The window.
    answer : callable
        What a person says to a proposal.
    language_model : LanguageModel, optional
        Asked for a diagnosis beside the rules.
    """
    began = perf_counter()
    batch, assessment = look(ws, window)
    played = follow(ws, batch, assessment, answer, language_model)
    played.seconds = perf_counter() - began
    return played


def look(ws: Workspace, window: Window) -> tuple[Batch, Assessment]:
    """Look at a window as of its end, and return what it means; a training is tried where that is allowed.

    Parameters
    ----------
    ws : Workspace
        The model, which has a champion.
    window : Window
        The window.
    """
    batch = resolve_batch(ws, window=window, moment=window.end, as_of=window.end)
    for group in GROUPS:
        check_batch(ws, batch, group)
    return batch, assess_and_try(ws, batch, now=datetime.now(UTC))


def follow(
    ws: Workspace,
    batch: Batch,
    assessment: Assessment,
    answer: Answer = lambda _: True,
    language_model: LanguageModel | None = None,
) -> Played:
    """Follow what comes of a window that was looked at.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The window's batch.
    assessment : Assessment
        What it means.
    answer : callable
        What a person says to a proposal.
    language_model : LanguageModel, optional
        Asked for a diagnosis beside the rules.
    """
    began, served_by = perf_counter(), ws.registry.champion(ws.spec.name).version
    played = Played(batch.window, assessment.outcome, assessment.cause.value, assessment.headline, served_by, served_by)
    watched = _under_way(ws)
    played.tried = watched is not None
    if assessment.outcome == "healthy":
        note_healthy(ws, batch)
        lift_quarantine(ws, batch)
    elif assessment.outcome == "incident":
        _remediate(ws, batch, answer, played, language_model)
    if watched is not None and _watched(ws, watched, answer, played):
        close_incident(ws, watched.incident_id, now=datetime.now(UTC))
    played.champion = ws.registry.champion(ws.spec.name).version
    played.seconds = perf_counter() - began
    return played


def _remediate(
    ws: Workspace, batch: Batch, answer: Answer, played: Played, language_model: LanguageModel | None
) -> None:
    incident, watched = open_incident(ws, batch, now=datetime.now(UTC)), _under_way(ws)
    played.incident_id = incident.id
    # A window that joins the incident whose remedy is watched begins nothing.
    if incident.state in ENDS or (watched is not None and watched.incident_id == incident.id):
        return
    played.cause = diagnose(ws, incident.id, language_model).cause.value
    decision = decide(ws, incident.id, Request(), now=datetime.now(UTC))
    failed: list[str] = []
    for proposal in filter(None, (decision.proposal, decision.follow_up)):
        if not failed:
            failed += _followed(ws, incident.id, proposal, answer, played)
    watched = _under_way(ws)
    if watched is None or watched.incident_id != incident.id:
        close_incident(ws, incident.id, now=datetime.now(UTC), failed=failed)


def _followed(ws: Workspace, incident_id: str, first: Proposal, answer: Answer, played: Played) -> list[str]:
    """Carry out a proposal and what follows from it, as far as a person agrees, and return what failed."""
    proposal: Proposal | None = first
    for _ in range(_MOST_ACTIONS):
        if proposal is None or proposal.permission is Permission.RECOMMEND or not _agreed(ws, proposal, answer, played):
            break
        try:
            proposal = _carried_out(ws, incident_id, proposal, played)
        except AirmedicError as error:
            played.actions.append(f"{proposal.action} (failed)")
            return [str(error)]
    return []


def _agreed(ws: Workspace, proposal: Proposal, answer: Answer, played: Played) -> bool:
    if not proposal.permission.people:
        return True
    played.asked += 1
    agreed = answer(proposal)
    now = datetime.now(UTC)
    said = "approve" if agreed else "reject"
    ws.ledger.answer_proposal(proposal.hash, said, by="anna", at=now, channel="airflow", comment="")  # type: ignore[arg-type]
    return agreed


def _carried_out(ws: Workspace, incident_id: str, proposal: Proposal, played: Played) -> Proposal | None:
    """Carry out a proposal, and return what follows from it."""
    action = ACTIONS.member(proposal.action)
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    played.escalated |= proposal.action == "escalate"
    played.actions.append(proposal.action if result.status == "done" else f"{proposal.action} ({result.status})")
    if action.trains:
        gate, deployment = gate_challenger(ws, incident_id, proposal.hash, now=datetime.now(UTC))
        if gate.outcome != "passed":
            carry_out(ws, proposal.hash, now=datetime.now(UTC))
            played.actions.append(f"gate {gate.outcome}")
            gate, deployment = gate_challenger(ws, incident_id, proposal.hash, now=datetime.now(UTC))
            if gate.outcome != "passed":
                played.actions.append(f"gate {gate.outcome}")
        return deployment
    if action.path is Path.REPAIR and result.status == "done":
        look_at_repaired(ws, proposal.hash, now=datetime.now(UTC))
    if proposal.action == "deploy" and result.status == "done":
        _watched(ws, proposal, lambda _: True, played)
    return None


def _under_way(ws: Workspace) -> Proposal | None:
    """Return the deployment whose version is tried beside the champion, if one is."""
    trial = ws.registry.trial(ws.spec.name)
    return ws.ledger.proposal(trial.proposal_hash) if trial is not None and trial.kind != "standby" else None


def _watched(ws: Workspace, proposal: Proposal, answer: Answer, played: Played) -> bool:
    """Look how a deployment does, do what follows, and return whether its watch is over."""
    while (watched := health(ws, proposal, now=datetime.now(UTC))).status == "next_step":
        advance(ws, proposal.hash, now=datetime.now(UTC))
        played.actions.append("next step")
    if watched.status == "waiting":
        return False
    ws.ledger.record_watch(proposal.hash, watched.status, watched.reasons)
    if watched.status == "healthy":
        complete(ws, proposal.hash, now=datetime.now(UTC))
        played.actions.append("complete")
    elif watched.status == "unhealthy":
        undo(ws, proposal.hash, now=datetime.now(UTC))
        played.actions.append("undo")
    else:
        question = ask_to_take_back(ws, proposal.hash, watched.reasons, now=datetime.now(UTC))
        if question is not None and _agreed(ws, question, answer, played):
            _carried_out(ws, question.incident_id, question, played)
    return True
