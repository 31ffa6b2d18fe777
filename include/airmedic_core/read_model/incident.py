"""One incident: what happened, why, who decided what, and whether it helped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from airmedic_core.errors import LedgerBusyError, LedgerError
from airmedic_core.read_model.approvals import run_page
from airmedic_core.read_model.plain import moment, rounded
from airmedic_core.read_model.proposals import proposal_json
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.read_model.trace import decisions_json
from airmedic_core.records import Evidence, Json, Proposal, RankedCause
from airmedic_core.reports.addresses import run_address
from airmedic_core.reports.decided import next_step
from airmedic_core.reports.dossier import Dossier, read_dossier
from airmedic_core.reports.narrative.cause import measured_then, sides
from airmedic_core.reports.narrative.remedy import measured_words
from airmedic_core.reports.private import Privacy
from airmedic_core.reports.shares import shares

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def read_incident(
    ws: Workspace, incident_id: str, *, specs: Mapping[str, KnownSpec], readable: Callable[[str], bool]
) -> Json:
    """Return one incident as plain JSON, without private columns.

    Parameters
    ----------
    ws : Workspace
        The incident's model.
    incident_id : str
        The incident.
    specs : mapping
        The specs by the names of their models: each says what is private in its model's headlines.
    readable : callable
        Whether the person who asks may read a model: similar incidents may be those of another.

    Raises
    ------
    LedgerError
        If there is no such incident.
    """
    dossier = read_dossier(ws, incident_id)
    incident, standing = dossier.incident, dossier.standing
    evidence = [item for item in dossier.evidence if _may_be_read(ws, item, readable)]
    privacy = _privacy(dossier, evidence)
    run_id = incident.mlflow_run_id
    return {
        "id": incident.id,
        "model": incident.model,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "cause_words": (standing.cause if standing else incident.cause).words,
        "headline": privacy.text(incident.headline),
        "opened_at": moment(incident.opened_at),
        "closed_at": moment(incident.closed_at),
        "window": {"start": moment(incident.window.start), "end": moment(incident.window.end)},
        "summary": privacy.text(standing.summary) if standing else "",
        "engine": standing.engine if standing else "",
        "outcome": _outcome(dossier),
        "measured_words": [privacy.text(sentence) for sentence in measured_words(dossier)],
        "next_words": _sentence(next_step(incident.state, incident.resolution, dossier.spec.approvers)),
        "measured_then": measured_then(dossier),
        "causes": _causes(dossier, privacy),
        "something_else": shares([cause.confidence for cause in standing.causes])[1] if standing else None,
        "evidence": [_evidence(item, privacy) for item in evidence],
        "not_known": [privacy.text(text) for text in (standing.not_knowable if standing else ())],
        "similar": _similar(ws, dossier, specs, readable),
        "timeline": [
            {"at": moment(event.at), "kind": event.kind, "words": privacy.text(event.text), "by": ""}
            for event in dossier.timeline()
        ],
        "proposals": [
            proposal_json(
                proposal,
                dossier.approvals.get(proposal.hash, ()),
                privacy,
                done=dossier.action_of(proposal),
                gate=_gate(dossier, proposal),
            )
            for proposal in dossier.proposals
        ],
        "decisions": decisions_json(ws, dossier, privacy),
        "links": {
            "airflow_run": run_page(incident),
            "mlflow_run": run_address(ws.settings, run_id) or None if run_id else None,
        },
    }


def _outcome(dossier: Dossier) -> Json | None:
    resolution = dossier.incident.resolution
    if not resolution.get("outcome"):
        return None
    return {
        "state": dossier.incident.state.value,
        "outcome": resolution["outcome"],
        "summary": dossier.privacy.text(str(resolution.get("summary") or "")),
        "before": rounded(resolution.get("before")),
        "after": rounded(resolution.get("after")),
        "metric": resolution.get("metric"),
        "held_windows": len(resolution.get("held_windows", [])),
    }


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _causes(dossier: Dossier, privacy: Privacy) -> list[Json]:
    causes = dossier.standing.causes if dossier.standing else ()
    told, _ = shares([cause.confidence for cause in causes])
    return [_cause(dossier, ranked, share, privacy) for ranked, share in zip(causes, told, strict=True)]


def _cause(dossier: Dossier, ranked: RankedCause, share: float, privacy: Privacy) -> Json:
    supporting, contradicting = sides(dossier, ranked)
    return {
        "cause": ranked.cause.value,
        "cause_words": ranked.cause.words,
        "title": ranked.cause.traits.title,
        "confidence": rounded(ranked.confidence),
        "share": share,
        "explanation": privacy.text(ranked.explanation),
        "supporting": supporting,
        "contradicting": contradicting,
    }


def _may_be_read(ws: Workspace, item: Evidence, readable: Callable[[str], bool]) -> bool:
    """Return whether a person may read all models that evidence speaks of: some is of incidents of others."""
    if item.kind == "siblings":
        # Ten incidents are named at the most, and the statement counts the models of all.
        ids, count = item.details.get("incidents", ()), item.value or 0
    elif item.kind == "similar" and item.trust == "recorded":
        ids, count = (item.subject,), 1
    else:
        return True
    try:
        models = {ws.ledger.incident(incident_id).model for incident_id in ids}
    except LedgerBusyError:
        raise
    except LedgerError:
        return False
    return len(models) >= count and all(map(readable, models))


def _privacy(dossier: Dossier, shown: Sequence[Evidence]) -> Privacy:
    """Return what leaves evidence that is not shown out of the texts that quote it."""
    ids = {item.id for item in shown}
    left_out = [item for item in (dossier.packet.items if dossier.packet else ()) if item.id not in ids]
    incidents = [item.subject for item in left_out if item.kind == "similar"]
    return Privacy(dossier.spec, [*(item.statement for item in left_out), *incidents])


def _evidence(item: Evidence, privacy: Privacy) -> Json:
    return {
        "id": item.id,
        "statement": privacy.text(item.statement),
        "value": rounded(item.value),
        "baseline": rounded(item.baseline),
        "unit": item.unit,
        "verdict": item.verdict.value,
    }


def _similar(
    ws: Workspace, dossier: Dossier, specs: Mapping[str, KnownSpec], readable: Callable[[str], bool]
) -> list[Json]:
    similar: list[Json] = []
    for incident_id in dossier.standing.similar_incidents if dossier.standing else ():
        try:
            incident = ws.ledger.incident(incident_id)
        except LedgerError:
            # It may be one of the team's own, written in a file: then its name is all that is known here.
            similar.append({"id": incident_id, "headline": "", "outcome": None})
            continue
        if readable(incident.model):
            known, outcome = specs.get(incident.model), incident.resolution.get("outcome")
            headline = known.told(incident.headline) if known else ""
            similar.append({"id": incident_id, "headline": headline, "outcome": outcome})
    return similar


def _gate(dossier: Dossier, proposal: Proposal) -> Json | None:
    """Return the gate's result that belongs to a proposal: its own, or that of what it has trained."""
    decided = [
        decision["details"]
        for decision in dossier.decisions
        if decision["proposal_hash"] == proposal.hash and decision["details"]
    ]
    gates = [place["gate"] for place in (*decided, proposal.params) if isinstance(place.get("gate"), dict)]
    return gates[-1] if gates else None
