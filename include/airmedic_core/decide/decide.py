"""The decision: from a diagnosis, or a person's choice, to one proposal and the way that the incident goes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Path, hands_over
from airmedic_core.decide.alarm import question_again, quiet_alarm
from airmedic_core.decide.candidates import candidates, companions, last_resorts
from airmedic_core.decide.handed_over import HANDED_OVER
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.plans import ASKS, Choice, Plan, Plans, path_of
from airmedic_core.decide.propose import Allowance, Standing, permitted, record
from airmedic_core.decide.rejections import REJECTED, RESTS_ON
from airmedic_core.decide.request import AUTOMATIC, DIAGNOSE_ONLY, UNNAMED, Request
from airmedic_core.errors import AirmedicError, LedgerError
from airmedic_core.history import ASKED_VERSION, OVERRIDE
from airmedic_core.learning import Ordering, order
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.policy import environment_of, policy_of
from airmedic_core.records import Cause, Incident, IncidentState, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """Which way an incident goes, and why not another."""

    path: Path
    proposal: Proposal | None
    reason: str
    skipped: tuple[Json, ...] = ()
    follow_up: Proposal | None = None
    """A second proposal beside the first: to repair a quarantined batch, or rerun the pipeline that delivered it."""


def decide(ws: Workspace, incident_id: str, request: Request, *, now: datetime) -> Decision:
    """Choose the first action that policy and limits let through, and record it as a proposal.

    A decision whose proposal was answered or carried out stands: asked again, it is returned as it was, unless a person
    names another action. A dry run asks what would be decided now: it follows no decision that may change something,
    and leaves what is proposed as it is.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident.
    request : Request
        What a person asked for. Their choice comes before the diagnosis, not before policy and limits.
    now : datetime
        The moment of the decision.

    Returns
    -------
    Decision
        With the path of the remediation, its proposal, the reason, and what was passed over for which reason.

    Raises
    ------
    LedgerError
        If a person names an action for an incident that has ended with another. A retry does not help.
    """
    incident = _asked(ws, ws.ledger.incident(incident_id), request)
    if not request.dry_run and (standing_decision := _standing(ws, incident, request)):
        return standing_decision
    policy = policy_of(ws)
    ws.ledger.record_content("policy", ws.spec.policy, policy.model_dump(mode="json"))
    ws.ledger.record_content("spec", ws.spec.name, ws.spec.model_dump(mode="json"))
    diagnosis = ws.ledger.standing_diagnosis(incident_id)
    by = request.by or UNNAMED if request.chooses else ""
    choice = Choice(ws, incident, diagnosis, policy, Standing.of(diagnosis, policy, requested_by=by), request, now)
    if request.action == DIAGNOSE_ONLY:
        decision, details = _only_diagnose(choice)
    else:
        decision, details = _ask_again(choice) or _first_allowed(choice)
    ws.ledger.record_decision(
        incident_id,
        path=decision.path.value,
        proposal_hash=decision.proposal.hash if decision.proposal else None,
        reason=decision.reason,
        skipped=decision.skipped,
        details=details
        | {"follow_up": decision.follow_up.hash if decision.follow_up else None}
        | {"requested": request.action, "dry_run": request.dry_run}
        | ({"requested_by": request.by} if request.chooses and request.by else {})
        | {"policy": ws.spec.policy, "policy_sha256": policy.sha256, "environment": environment_of(ws)},
    )
    asks = decision.proposal is not None and decision.proposal.permission in ASKS
    if asks and not request.dry_run:
        ws.ledger.move_incident(incident_id, IncidentState.AWAITING_APPROVAL)
    return decision


def _asked(ws: Workspace, incident: Incident, request: Request) -> Incident:
    """Put on record what a person asks for in particular: the plan of the action reads it there."""
    version, override = (request.version.strip(), request.override.strip()) if request.chooses else ("", "")
    said = f"{request.by or 'A person'} says: {override}" if override else ""
    asked = {ASKED_VERSION: version, OVERRIDE: said}
    new = {key: value for key, value in asked.items() if incident.resolution.get(key, "") != value}
    if not new:
        return incident
    return ws.ledger.move_incident(incident.id, incident.state, resolution={**incident.resolution, **new})


def _standing(ws: Workspace, incident: Incident, request: Request) -> Decision | None:
    # A dry run and a diagnosis on request have decided nothing.
    looked = ("dry_run", True), ("requested", DIAGNOSE_ONLY)
    recorded = [
        decision
        for decision in ws.ledger.decisions(incident.id)
        if not any(decision["details"].get(key) == value for key, value in looked)
    ]
    if not recorded:
        return None
    last = recorded[-1]
    if question_again(recorded):
        return None
    # What was decided on is on record under the hash that it had before an approver narrowed it.
    key = last["proposal_hash"] and ws.ledger.narrowed_to(last["proposal_hash"])
    answered = key is not None and any(not answer.refused_because for answer in ws.ledger.approvals(key))
    if not answered and incident.state not in ENDS:
        return None
    proposal = ws.ledger.proposal(key) if key else None
    details = [decision["details"] for decision in reversed(recorded)]
    asked = next((detail["requested"] for detail in details if "requested" in detail), None)
    if request.action not in {AUTOMATIC, asked, proposal.action if proposal else None}:
        if incident.state in ENDS and request.chooses:
            raise LedgerError(
                f"Incident {incident.id!r} is {incident.state.value}: {request.action} cannot be done for it any more.",
                "Start the remediation without an incident: a new one is opened for the request.",
            )
        return None
    follow_up = last["details"].get("follow_up")
    follow_up = follow_up and ws.ledger.narrowed_to(follow_up)
    return Decision(
        Path(last["path"]),
        proposal,
        last["reason"],
        tuple(last["skipped"]),
        ws.ledger.proposal(follow_up) if follow_up else None,
    )


def _only_diagnose(choice: Choice) -> tuple[Decision, Json]:
    by = choice.request.by or "A person"
    first = next(iter(choice.diagnosis.actions), None) if choice.diagnosis else None
    advice = f" The diagnosis recommends {first.action}." if first else ""
    return Decision(Path.RECOMMEND, None, f"{by} asked for the diagnosis only.{advice}"), {}


def _ask_again(choice: Choice) -> tuple[Decision, Json] | None:
    """Ask once more about what was approved before its alarm went quiet, if that is why the last attempt ended."""
    ws, incident = choice.ws, choice.incident
    known = question_again(ws.ledger.decisions(incident.id))
    if not known or choice.request.chooses or choice.request.dry_run:
        return None
    before = ws.ledger.proposal(known)
    quiet = quiet_alarm(ws, incident, choice.diagnosis, before.action)
    verdict = permitted(ws, choice.policy, incident, before.action, choice.standing, now=choice.now, quiet=quiet)
    if isinstance(verdict, Objection):
        return None
    reason = f"{before.action} was approved, and is asked about again before it is carried out. {verdict.reason}"
    allowance = replace(verdict, reason=reason)
    proposal = record(ws, incident, before.action, before.params, before.expected, allowance=allowance, now=choice.now)
    return Decision(path_of(before.action, verdict.permission), proposal, reason), {"asked_before": known}


def _first_allowed(choice: Choice) -> tuple[Decision, Json]:
    """Go through the ranked actions until policy and limits let one through; else leave it to people."""
    considered = candidates(choice.ws, choice.incident, choice.diagnosis, choice.request)
    cause = choice.diagnosis.cause if choice.diagnosis else Cause.UNKNOWN
    plans = Plans(choice)
    learning = choice.policy.learning
    explores = learning.mode == "on" and learning.exploration_fraction > 0
    ordering = order(
        choice.ws.ledger,
        cause,
        considered,
        learning,
        seed=choice.incident.id,
        folder=choice.ws.settings.policies,
        possible=plans.can_be_carried_out if explores else plans.is_permitted,
    )
    details: Json = {"ranking": [preference.to_json() for preference in ordering.preferences]}
    skipped: list[Json] = []
    for action in [*ordering.actions, *last_resorts()]:
        if hands_over(action) and any(passed_over["limit"] in {REJECTED, HANDED_OVER} for passed_over in skipped):
            # Somebody has looked at it and wants no more of it for now, or has it in their hands.
            break
        decided = _try(choice, action, plans.of(action), skipped)
        if decided is not None:
            decision, rehearsal = decided
            return decision, details | _learned(ordering, skipped) | rehearsal
    known = next((passed_over["reason"] for passed_over in skipped if passed_over["limit"] == HANDED_OVER), "")
    told = known or _because(choice, "nothing is allowed", skipped)
    return Decision(Path.RECOMMEND, None, told, tuple(skipped)), details | _learned(ordering, skipped)


def _learned(ordering: Ordering, skipped: Sequence[Json]) -> Json:
    """Return what is recorded of learning: how likely each action was chosen, and what it would have had chosen."""
    return {"learning": ordering.to_json([str(passed_over["action"]) for passed_over in skipped])}


def _try(choice: Choice, action: str, plan: Plan | Json, skipped: list[Json]) -> tuple[Decision, Json] | None:
    """Return the decision for an action, or add to ``skipped`` why it is passed over."""
    if not isinstance(plan, Plan):
        skipped.append(plan)
        return None
    reason = _because(choice, action, skipped, plan.allowance.reason)
    if choice.request.dry_run:
        proposal = _rehearsed(choice, action, plan.params, plan.expected, reason)
        decision = Decision(Path.RECOMMEND, proposal, f"Dry run, nothing is changed. {reason}", tuple(skipped))
        return decision, {"rehearsal": plan.rehearsal, "would_go": plan.path.value}
    allowance = replace(plan.allowance, reason=reason)
    ws, incident = choice.ws, choice.incident
    proposal = record(ws, incident, action, plan.params, plan.expected, allowance=allowance, now=choice.now)
    follow_up = _companion(choice, plan.path, skipped)
    details: Json = {} if plan.basis is None else {RESTS_ON: {proposal.hash: plan.basis}}
    return Decision(plan.path, proposal, reason, tuple(skipped), follow_up), details


def _rehearsed(choice: Choice, action: str, params: Json, expected: str, reason: str) -> Proposal | None:
    """Record a proposal that nobody can approve; none beside one that people may be about to answer."""
    before = choice.ws.ledger.proposals(choice.incident.id)
    if any(known.action == action and known.permission is not Permission.RECOMMEND for known in before):
        return None
    allowance = Allowance(Permission.RECOMMEND, reason)
    return record(choice.ws, choice.incident, action, params, expected, allowance=allowance, now=choice.now)


def _companion(choice: Choice, path: Path, skipped: list[Json]) -> Proposal | None:
    """Propose what accompanies a path: to repair a quarantined batch, or to rerun the pipeline that delivered it."""
    for action in companions(choice.ws, path):
        verdict = permitted(choice.ws, choice.policy, choice.incident, action, choice.standing, now=choice.now)
        if isinstance(verdict, Objection):
            skipped.append(verdict.against(action))
            continue
        try:
            params, expected = ACTIONS.member(action).plan(choice.ws, choice.incident, choice.diagnosis)
        except AirmedicError as error:
            if error.transient:
                raise
            skipped.append({"action": action, "limit": "plan", "reason": str(error)})
            continue
        except Exception as error:  # noqa: BLE001  what it accompanies protects
            # It does not wait for whoever mends the companion.
            _log.exception("%s cannot be planned for %s.", action, choice.incident.id)
            skipped.append({"action": action, "limit": "plan", "reason": f"It failed ({type(error).__name__})."})
            continue
        return record(choice.ws, choice.incident, action, params, expected, allowance=verdict, now=choice.now)
    return None


def _because(choice: Choice, action: str, skipped: Sequence[Json], why: str = "") -> str:
    request, diagnosis = choice.request, choice.diagnosis
    if request.chooses and action == request.action:
        said = f": {request.reason.rstrip('.')}" if request.reason else ""
        start = f"{request.by or 'A person'} chose {action}{said}."
    elif diagnosis is None:
        start = "There is no diagnosis, so people have to look."
    else:
        why_recommended = next((known.why for known in diagnosis.actions if known.action == action), "")
        start = why_recommended or f"The cause, {diagnosis.cause.words}, calls for {action}."
    passed = f" Passed over: {', '.join(item['action'] for item in skipped)}." if skipped else ""
    return f"{start}{passed} {why}".strip()
