"""Diagnose an incident: the rules always, a language model where there is one, and on record which stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airmedic_core.diagnose.consult import consult
from airmedic_core.diagnose.evidence import collect_evidence
from airmedic_core.diagnose.rules import diagnose_by_rules, worse
from airmedic_core.records import Diagnosis, IncidentState, RankedCause

if TYPE_CHECKING:
    from airmedic_core.diagnose.language_model import LanguageModel
    from airmedic_core.diagnose.token_budget import Budget
    from airmedic_core.records import EvidencePacket
    from airmedic_core.workspace import Workspace


def diagnose(
    ws: Workspace, incident_id: str, model: LanguageModel | None = None, *, budget: Budget | None = None
) -> Diagnosis:
    """Return and record the diagnosis that stands; the incident is ``diagnosed`` then, with its cause and severity.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    incident_id : str
        The incident. Its packet is collected now if that was not done yet.
    model : LanguageModel, optional
        Asked as well, where given. Its answer stands only if code can verify it and it agrees with the rules on the
        cause and the first action; whatever else happens, the rules' answer stands and says why.
    budget : Budget, optional
        What may be spent on the model.

    Raises
    ------
    LedgerError
        If there is no such incident (a retry does not help) or the ledger is busy (a retry helps).
    """
    packet = ws.ledger.packet(incident_id) or collect_evidence(ws, incident_id)
    standing = _standing(ws, packet, model, budget)
    _move_on(ws, standing)
    return standing


def _standing(ws: Workspace, packet: EvidencePacket, model: LanguageModel | None, budget: Budget | None) -> Diagnosis:
    by_rules = diagnose_by_rules(packet, upstream_dag=ws.spec.upstream_dag)
    if model is None:
        ws.ledger.record_diagnosis(by_rules, stands=True)
        return by_rules
    consultation = consult(ws, packet, model, budget)
    if consultation.diagnosis is None:
        return _rules_stand(ws, by_rules, consultation.notes, None)
    answer = consultation.diagnosis
    answer = replace(answer, notes=(*answer.notes, *consultation.notes))
    reason = _against(by_rules, answer)
    if reason:
        return _rules_stand(ws, by_rules, (*consultation.notes, reason), answer)
    standing = _combined(by_rules, answer)
    ws.ledger.record_diagnosis(by_rules, stands=False)
    ws.ledger.record_diagnosis(standing, stands=True)
    return standing


def _move_on(ws: Workspace, standing: Diagnosis) -> None:
    """Let the incident say what its diagnosis says. One that has ended stays as it is."""
    from airmedic_core.ledger.transitions import ENDS

    incident = ws.ledger.incident(standing.incident_id)
    if incident.state in ENDS:
        return
    state = IncidentState.DIAGNOSED if incident.state is IncidentState.OPEN else incident.state
    ws.ledger.move_incident(incident.id, state, cause=standing.cause, severity=standing.severity)


def _rules_stand(ws: Workspace, by_rules: Diagnosis, notes: tuple[str, ...], answer: Diagnosis | None) -> Diagnosis:
    standing = replace(by_rules, notes=(*by_rules.notes, *notes))
    if answer is not None:
        doubted_by = answer.engine if answer.status == "verified" else ""
        standing = replace(standing, causes=_no_surer(standing.causes, answer), doubted_by=doubted_by)
        ws.ledger.record_diagnosis(answer, stands=False)
    ws.ledger.record_diagnosis(standing, stands=True)
    return standing


def _against(by_rules: Diagnosis, answer: Diagnosis) -> str:
    """Return why a language model's answer does not stand, or nothing if it does."""
    if answer.status == "unverified":
        return f"The answer of {answer.engine} could not be verified, so the rules' answer stands."
    if answer.cause is not by_rules.cause:
        return (
            f"{answer.engine} sees {answer.cause.value} where the rules see {by_rules.cause.value}; "
            "the rules' answer stands."
        )
    first, second = ([action.action for action in diagnosis.actions[:1]] for diagnosis in (by_rules, answer))
    if first != second:
        return (
            f"{answer.engine} would begin with {''.join(second) or 'nothing'}, the rules with "
            f"{''.join(first) or 'nothing'}; the rules' answer stands."
        )
    return ""


def _combined(by_rules: Diagnosis, answer: Diagnosis) -> Diagnosis:
    """Return the model's words on the rules' decision: its explanation, the lower confidence, the rules' actions."""
    causes = (replace(answer.causes[0], confidence=min(answer.confidence, by_rules.confidence)), *answer.causes[1:])
    return replace(
        answer,
        causes=causes,
        severity=worse(by_rules.severity, answer.severity),
        actions=by_rules.actions,
        notes=(*answer.notes, f"{answer.engine} and the rules agree on the cause and the first action."),
    )


def _no_surer(causes: tuple[RankedCause, ...], answer: Diagnosis) -> tuple[RankedCause, ...]:
    """Lower the confidence where a verified answer doubts the cause: a model can only lower it."""
    if answer.status == "unverified" or not causes:
        return causes
    theirs = next((ranked.confidence for ranked in answer.causes if ranked.cause is causes[0].cause), None)
    lowered = causes[0].confidence * 0.7 if theirs is None else min(causes[0].confidence, theirs)
    return (replace(causes[0], confidence=round(lowered, 3)), *causes[1:])
