"""The decision: from a diagnosis, or a person's choice, to one proposal and the way that the incident goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from airmedic_core.causes import Needs
from airmedic_core.decide.limits import Objection
from airmedic_core.decide.policy import Policy
from airmedic_core.decide.preferences import rank
from airmedic_core.decide.propose import Standing, permitted, policy_of, record
from airmedic_core.errors import AirmedicError, LedgerError
from airmedic_core.ledger.incidents import ENDS
from airmedic_core.records import Cause, Diagnosis, Incident, IncidentState, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

Path = Literal["retrain", "rollback", "quarantine", "change", "recommend", "escalate"]

_PATHS: dict[str, Path] = {
    "retrain": "retrain",
    "rollback": "rollback",
    "quarantine": "quarantine",
    "escalate": "escalate",
    "hold": "recommend",
}
"""Actions with a way of their own; all others go the way of a change."""


@dataclass(frozen=True)
class Request:
    """What a person asks of a remediation; ``automatic`` leaves the choice to the diagnosis."""

    action: Literal["automatic", "diagnose_only", "retrain", "rollback", "quarantine"] = "automatic"
    reason: str = ""
    by: str = ""
    dry_run: bool = False

    @property
    def only_looks(self) -> bool:
        """Whether nothing is to be done about what is found."""
        return self.dry_run or self.action == "diagnose_only"


@dataclass(frozen=True)
class Decision:
    """Which way an incident goes, and why not another."""

    path: Path
    proposal: Proposal | None
    reason: str
    skipped: tuple[Json, ...] = ()
    follow_up: Proposal | None = None
    """A second proposal of the data path: to rerun the pipeline that delivered the batch."""


@dataclass(frozen=True)
class _Choice:
    """What is known when the decision is made."""

    ws: Workspace
    incident: Incident
    diagnosis: Diagnosis | None
    policy: Policy
    standing: Standing
    request: Request
    now: datetime


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
    incident = ws.ledger.incident(incident_id)
    if not request.dry_run and (standing_decision := _standing(ws, incident, request)):
        return standing_decision
    policy = policy_of(ws)
    diagnosis = next((found for found, stands in ws.ledger.diagnoses(incident_id) if stands), None)
    by = request.by or "a person" if request.action in _PATHS else ""
    choice = _Choice(ws, incident, diagnosis, policy, Standing.of(diagnosis, policy, requested_by=by), request, now)
    decision, details = _only_diagnose(choice) if request.action == "diagnose_only" else _first_allowed(choice)
    ws.ledger.record_decision(
        incident_id,
        path=decision.path,
        proposal_hash=decision.proposal.hash if decision.proposal else None,
        reason=decision.reason,
        skipped=decision.skipped,
        details=details
        | {"follow_up": decision.follow_up.hash if decision.follow_up else None}
        | {"requested": request.action, "dry_run": request.dry_run},
    )
    asks = decision.proposal is not None and decision.proposal.permission in {Permission.ASK, Permission.ASK_TWO}
    if asks and not request.dry_run:
        ws.ledger.move_incident(incident_id, IncidentState.AWAITING_APPROVAL)
    return decision


def _standing(ws: Workspace, incident: Incident, request: Request) -> Decision | None:
    # What only looked has decided nothing.
    looked = ("dry_run", True), ("requested", "diagnose_only")
    recorded = [
        each
        for each in ws.ledger.decisions(incident.id)
        if not any(each["details"].get(key) == value for key, value in looked)
    ]
    if not recorded:
        return None
    last = recorded[-1]
    key = last["proposal_hash"]
    answered = key is not None and any(not a.refused_because for a in ws.ledger.approvals(key))
    if not answered and incident.state not in ENDS:
        return None
    proposal = ws.ledger.proposal(key) if key else None
    asked = next((each["details"]["requested"] for each in reversed(recorded) if "requested" in each["details"]), None)
    if request.action not in {"automatic", asked, proposal.action if proposal else None}:
        if incident.state in ENDS and request.action in _PATHS:
            raise LedgerError(
                f"Incident {incident.id!r} is {incident.state.value}: {request.action} cannot be done for it any more.",
                "Start the remediation without an incident: a new one is opened for the request.",
            )
        return None
    follow_up = last["details"].get("follow_up")
    return Decision(
        last["path"],
        proposal,
        last["reason"],
        tuple(last["skipped"]),
        ws.ledger.proposal(follow_up) if follow_up else None,
    )


def _only_diagnose(choice: _Choice) -> tuple[Decision, Json]:
    by = choice.request.by or "A person"
    first = next(iter(choice.diagnosis.actions), None) if choice.diagnosis else None
    advice = f" The diagnosis recommends {first.action}." if first else ""
    return Decision("recommend", None, f"{by} asked for the diagnosis only.{advice}"), {}


def _first_allowed(choice: _Choice) -> tuple[Decision, Json]:
    """Go through the ranked actions until policy and limits let one through; else leave it to people."""
    candidates = _candidates(choice)
    cause = choice.diagnosis.cause if choice.diagnosis else Cause.UNKNOWN
    ranking = rank(choice.ws.ledger, cause, candidates, choice.policy.learning, seed=choice.incident.id)
    details: Json = {"ranking": [preference.to_json() for preference in ranking]}
    skipped: list[Json] = []
    for action in [*(preference.action for preference in ranking), "escalate"]:
        found = _try(choice, action, skipped)
        if found is not None:
            decision, rehearsal = found
            return decision, details | rehearsal
    return Decision("recommend", None, _because(choice, "nothing is allowed", skipped), tuple(skipped)), details


def _candidates(choice: _Choice) -> list[str]:
    """Return the actions to consider, first choice first, up to where the diagnosis wants people to look."""
    if choice.request.action in _PATHS:
        return [choice.request.action]
    if choice.diagnosis is None:
        return []
    chosen: list[str] = []
    for recommended in sorted(choice.diagnosis.actions, key=lambda action: action.priority):
        if recommended.action == "escalate" and not recommended.condition:
            break
        if recommended.condition and not _holds(choice, recommended.action):
            continue
        quarantines = recommended.action == "hold" and choice.diagnosis.cause.traits.hold_quarantines
        chosen.append("quarantine" if quarantines else recommended.action)
    if _holds(choice, "rollback") and "rollback" not in chosen:
        chosen.insert(0, "rollback")
    return list(dict.fromkeys(chosen))


def _holds(choice: _Choice, action: str) -> bool:
    """Return whether the condition of a remedy holds that waits for a new version: the trouble came with one."""
    cause = choice.diagnosis.cause if choice.diagnosis else Cause.UNKNOWN
    if all(remedy.action != action or remedy.needs is not Needs.NEW_VERSION for remedy in cause.traits.remedies):
        return False
    seen = choice.ws.ledger.batches(choice.incident.model, before=choice.incident.window.end)
    versions = [batch.model_version for batch in seen[:2]]
    return len(versions) == 2 and None not in versions and versions[0] != versions[1]


def _try(choice: _Choice, action: str, skipped: list[Json]) -> tuple[Decision, Json] | None:
    """Return the decision for an action, or add to ``skipped`` why it is passed over."""
    from airmedic_core.actions import ACTIONS

    verdict = permitted(choice.ws, choice.policy, choice.incident, action, choice.standing, now=choice.now)
    if isinstance(verdict, Objection):
        skipped.append(verdict.against(action))
        return None
    permission, why = verdict
    try:
        params, expected = ACTIONS.member(action).plan(choice.ws, choice.incident, choice.diagnosis)
        rehearsal = ACTIONS.member(action).dry_run(choice.ws, params) if choice.request.dry_run else ""
    except AirmedicError as error:
        if error.transient:
            raise
        skipped.append({"action": action, "limit": "plan", "reason": str(error)})
        return None
    path = _path(action, permission)
    reason = _because(choice, action, skipped, why)
    if choice.request.dry_run:
        proposal = _rehearsed(choice, action, params, expected, reason)
        decision = Decision("recommend", proposal, f"Dry run, nothing is changed. {reason}", tuple(skipped))
        return decision, {"rehearsal": rehearsal, "would_go": path}
    proposal = record(
        choice.ws,
        choice.incident,
        action,
        params,
        expected,
        permission=permission,
        reason=reason,
        now=choice.now,
    )
    follow_up = _rerun(choice, skipped) if path == "quarantine" else None
    return Decision(path, proposal, reason, tuple(skipped), follow_up), {}


def _rehearsed(choice: _Choice, action: str, params: Json, expected: str, reason: str) -> Proposal | None:
    """Record a proposal that nobody can approve; none beside one that people may be about to answer."""
    before = choice.ws.ledger.proposals(choice.incident.id)
    if any(each.action == action and each.permission is not Permission.RECOMMEND for each in before):
        return None
    permission = Permission.RECOMMEND
    return record(
        choice.ws, choice.incident, action, params, expected, permission=permission, reason=reason, now=choice.now
    )


def _path(action: str, permission: Permission) -> Path:
    if permission is Permission.RECOMMEND:
        return "recommend"
    path = _PATHS.get(action, "change")
    # Only the way of a change has an approval in front of every action.
    asks = permission in {Permission.ASK, Permission.ASK_TWO}
    return "change" if asks and path in {"quarantine", "escalate"} else path


def _rerun(choice: _Choice, skipped: list[Json]) -> Proposal | None:
    """Propose to rerun the pipeline that delivered a quarantined batch, where the spec names it."""
    from airmedic_core.actions import ACTIONS

    action = "rerun_pipeline"
    if not choice.ws.spec.upstream_dag:
        return None
    verdict = permitted(choice.ws, choice.policy, choice.incident, action, choice.standing, now=choice.now)
    if isinstance(verdict, Objection):
        skipped.append(verdict.against(action))
        return None
    permission, why = verdict
    params, expected = ACTIONS.member(action).plan(choice.ws, choice.incident, choice.diagnosis)
    return record(
        choice.ws, choice.incident, action, params, expected, permission=permission, reason=why, now=choice.now
    )


def _because(choice: _Choice, action: str, skipped: Sequence[Json], why: str = "") -> str:
    request, diagnosis = choice.request, choice.diagnosis
    if request.action in _PATHS and action == request.action:
        said = f": {request.reason.rstrip('.')}" if request.reason else ""
        start = f"{request.by or 'A person'} chose {action}{said}."
    elif diagnosis is None:
        start = "There is no diagnosis, so people have to look."
    else:
        recommended = next((found for found in diagnosis.actions if found.action == action), None)
        start = (recommended.why if recommended else "") or f"The cause, {diagnosis.cause.words}, calls for {action}."
    passed = f" Passed over: {', '.join(item['action'] for item in skipped)}." if skipped else ""
    return f"{start}{passed} {why}".strip()
