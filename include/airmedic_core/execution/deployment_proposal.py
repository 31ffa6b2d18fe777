"""Takes a trained challenger to the gate, and proposes its deployment if it passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Path
from airmedic_core.decide.propose import propose
from airmedic_core.errors import AirmedicError, ModelError, PolicyError
from airmedic_core.history import MARGIN
from airmedic_core.records import GateResult, Incident, Json, Proposal, to_json
from airmedic_core.reports.gate_words import worth_of
from airmedic_core.reports.private import Privacy
from airmedic_core.training.training_run import GATE_TAG

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_PROPOSAL_TAG = "airmedic.proposal_hash"


def gate_challenger(
    ws: Workspace, incident_id: str, proposal_hash: str, *, now: datetime
) -> tuple[GateResult, Proposal | None]:
    """Judge the challenger that a proposal trained, and propose its deployment if it passed.

    The result is kept with the version, in its training run and, if it was not passed, as a decision of the incident.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident.
    proposal_hash : str
        The proposal of the training; the newest version that it made is judged.
    now : datetime
        The moment.

    Returns
    -------
    tuple of GateResult and Proposal or None
        The proposal to deploy, only where the gate passed and the policy does not deny it.

    Raises
    ------
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    SourceUnavailableError
        If the rows cannot be reached. A retry helps.
    """
    from airmedic_core.training.fit import challenger_of
    from airmedic_core.training.gate import evaluate_gate
    from airmedic_core.training.withheld import withheld_rows

    spec, incident = ws.spec, ws.ledger.incident(incident_id)
    empty = GateResult("not_comparable", spec.metric, (), margin=spec.gate.margin)
    version = ws.registry.find(spec.name, _PROPOSAL_TAG, proposal_hash)
    if version is None:
        reason = "The proposal has trained no challenger."
        if spec.only_logged:
            reason = "The model is in no registry: its own DAG puts into service what it has trained."
        result = replace(empty, reasons=(reason,))
        _keep_decision(ws, incident, proposal_hash, result)
        return result, None
    champion, proposal = ws.registry.by_alias(spec.name, "champion"), ws.ledger.proposal(proposal_hash)
    try:
        challenger = challenger_of(ws, version)
        rows = withheld_rows(ws, challenger, incident.as_of)
        result = evaluate_gate(_with_margin(ws, proposal), challenger, champion, rows)
    except AirmedicError as error:
        if error.transient:
            raise
        result = replace(empty, challenger=version.version, reasons=(str(error),))
    _keep(ws, version.run_id, version.version, result)
    if result.outcome != "passed":
        _keep_decision(ws, incident, proposal_hash, result)
        return result, None
    return result, _deployment(ws, incident, proposal, result, now)


def _with_margin(ws: Workspace, proposal: Proposal) -> Workspace:
    """Return the workspace with the stricter of two margins: the spec's, and the one that was approved."""
    margin = max(ws.spec.gate.margin, float(proposal.params.get(MARGIN, ws.spec.gate.margin)))
    gate = ws.spec.gate.model_copy(update={"margin": margin})
    return replace(ws, spec=ws.spec.model_copy(update={"gate": gate}))


def _keep(ws: Workspace, run_id: str, version: str, result: GateResult) -> None:
    plain = to_json(Privacy(ws.spec).gate(result))
    numbers = {name: plain[name] for name in ("champion_value", "challenger_value", "difference", "low", "high")}
    with ws.registry.answering():
        for name, value in numbers.items():
            if value is not None:
                ws.registry.client.log_metric(run_id, f"gate_{name}", value)
        ws.registry.client.log_dict(run_id, plain, "airmedic/gate.json")
        ws.registry.client.set_tag(run_id, GATE_TAG, result.outcome)
    ws.registry.tag(ws.spec.name, version, GATE_TAG, result.outcome)


def _keep_decision(ws: Workspace, incident: Incident, proposal_hash: str, result: GateResult) -> None:
    ws.ledger.record_decision(
        incident.id,
        path=Path.RETRAIN.value,
        proposal_hash=proposal_hash,
        reason=f"The gate's answer is {result.outcome.replace('_', ' ')}: {' '.join(result.reasons)}",
        details={"gate": to_json(result)},
    )


def _deployment(
    ws: Workspace, incident: Incident, trained: Proposal, result: GateResult, now: datetime
) -> Proposal | None:
    from airmedic_core.rollout import plan_of

    action = ACTIONS.member(trained.action).leads_to
    if result.challenger_value is None or result.champion_value is None:
        raise ModelError("A gate passed without a measurement.", "Report this.")
    params: Json = {"version": result.challenger, "promised_low": result.low, "gate": to_json(result)}
    # As it stands in what is approved: the spec may be edited between this and the last step.
    params |= plan_of(ws.spec)
    expected = worth_of(result)
    try:
        return propose(ws, incident.id, action, params, expected, result.reasons[0], now=now)
    except PolicyError:
        # The policy's reason is on record as a decision of the incident.
        return None
