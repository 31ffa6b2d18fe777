"""Asking once more, right before an approved action acts, whether what was true at its approval still is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import Part, Path, StoppedBy, known_action
from airmedic_core.decide.alarm import ASKED_AGAIN, quiet_alarm
from airmedic_core.decide.kill_switch import require_enabled
from airmedic_core.decide.limits import exempt, freeze
from airmedic_core.decide.narrow import beyond_bounds
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.propose import Standing, allowed
from airmedic_core.decide.request import LEFT_TO_DIAGNOSIS, UNNAMED
from airmedic_core.decide.training_budget import over_budget
from airmedic_core.errors import PolicyError, QuietAlarmError
from airmedic_core.groups import load_groups, not_groups
from airmedic_core.ledger.people import known_names, same_person
from airmedic_core.policy import Limits, environment_of, policy_of
from airmedic_core.records import TAKES_BACK, Approval, Incident, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_ACTED_ON = frozenset({Permission.ASK_TWO, Permission.ASK, Permission.AUTO})


def require_permitted(ws: Workspace, proposal: Proposal, *, now: datetime) -> None:
    """Stop an approved action that the switches, the policy, the approvers or its alarm no longer let through.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The proposal that was approved.
    now : datetime
        The moment.

    Raises
    ------
    PolicyError
        With the rule that stops it. A retry does not help: decide again.
    QuietAlarmError
        If the newest windows no longer show the cause, and people did not know it. A retry does not help.
    """
    require_enabled(ws.ledger, proposal.model, proposal.action, now=now, switches=ws.switches)
    action = known_action(proposal.action)
    free = action is not None and action.stopped_by is StoppedBy.NOTHING
    # What nothing stops was narrowed within bounds all the same.
    if stopped := beyond_bounds(ws, proposal) if free else objection_now(ws, proposal, now=now):
        raise PolicyError(f"{stopped.reason} ({stopped.limit})", "Wait if it is a matter of time, and decide again.")
    if not free:
        _require_alarm(ws, proposal)


def objection_now(ws: Workspace, proposal: Proposal, *, now: datetime) -> Objection | None:
    """Return an objection where a freeze, the budget, policy or approvers no longer let an approved action through.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The proposal that was approved.
    now : datetime
        The moment.
    """
    policy, environment = policy_of(ws), environment_of(ws)
    approvals = [answer for answer in ws.ledger.approvals(proposal.hash) if not answer.refused_because]
    return (
        freeze(ws.ledger, policy, proposal.model, environment, proposal.action, now=now)
        or _no_more_training(ws, proposal, policy.limits_in(environment), now=now)
        or beyond_bounds(ws, proposal)
        or _no_longer_permitted(ws, proposal, approvals)
        or _no_longer_approved(ws, approvals)
    )


def _no_more_training(ws: Workspace, proposal: Proposal, limits: Limits, *, now: datetime) -> Objection | None:
    if exempt(limits, proposal.action):
        return None
    return over_budget(ws.ledger, limits, model=proposal.model, action=proposal.action, now=now)


def _require_alarm(ws: Workspace, proposal: Proposal) -> None:
    """Stop an action whose alarm has gone quiet since people were asked, and record that they are asked again."""
    if TAKES_BACK in proposal.params or policy_of(ws).autonomy_of("quiet") == "auto":
        return
    incident = ws.ledger.recorded_incident(proposal.incident_id)
    if _requested_by(incident, proposal, ws.ledger.recorded_decisions(incident.id)):
        return
    diagnosis = ws.ledger.standing_diagnosis(incident.id)
    quiet = quiet_alarm(ws, incident, diagnosis, proposal.action)
    if quiet is None or quiet.shows in proposal.changed:
        return
    action = known_action(proposal.action)
    if action is None or action.part is not Part.COMPANION:
        ws.ledger.record_decision(
            incident.id,
            path=Path.RECOMMEND.value,
            proposal_hash=proposal.hash,
            reason=f"{quiet} {proposal.action} is not carried out, and asked about again.",
            details={ASKED_AGAIN: str(quiet)},
        )
    raise QuietAlarmError(f"{quiet} (quiet)", "Decide again.")


def _no_longer_permitted(ws: Workspace, proposal: Proposal, approvals: Sequence[Approval]) -> Objection | None:
    incident, policy = ws.ledger.recorded_incident(proposal.incident_id), policy_of(ws)
    diagnosis = ws.ledger.standing_diagnosis(incident.id)
    by = _requested_by(incident, proposal, ws.ledger.recorded_decisions(incident.id))
    verdict = allowed(ws, policy, incident, proposal.action, Standing.of(diagnosis, policy, requested_by=by))
    if isinstance(verdict, Objection):
        return verdict
    people = [answer.by for answer in approvals if answer.channel != "policy"]
    if verdict.vouched_by:
        people = [name for name in people if not same_person(name, [verdict.vouched_by])]
    needed = max(verdict.permission.people, verdict.approvals)
    there = {group for name in people for group in _groups_now(ws, name)}
    if needed and (missing := [group for group in verdict.one_of if group not in there]):
        return Objection("policy", f"Nobody who approved it is in {' and '.join(missing)}.")
    if verdict.permission in _ACTED_ON and len(people) >= needed:
        return None
    asked = proposal.permission.value
    return Objection("policy", f"{verdict.reason} When {proposal.action} was proposed, it said {asked}.")


def _no_longer_approved(ws: Workspace, approvals: Sequence[Approval]) -> Objection | None:
    approvers = {*ws.spec.approvers, *ws.spec.approval.second_tier}
    if not ws.spec.approvers:
        return None
    named = not_groups(approvers)
    people = [answer.by for answer in approvals if answer.channel != "policy" and answer.by not in named]
    gone = [name for name in people if approvers.isdisjoint(_groups_now(ws, name))]
    if not gone:
        return None
    return Objection("approvers", f"{gone[0]!r} approved it, and is not an approver any more.")


def _groups_now(ws: Workspace, name: str) -> tuple[str, ...]:
    """Return the groups that a person is in at the moment, whatever they were in when they answered."""
    return load_groups(ws.settings.policies).of(known_names(name), ws.roles_of)


def _requested_by(incident: Incident, proposal: Proposal, decisions: Sequence[Json]) -> str:
    """Return who asked for exactly this action, in place of a diagnosis; nothing where a diagnosis called for it."""
    # What is narrowed was decided on under the hash that it had before; most proposals have no parent.
    mine = {proposal.hash, proposal.parent or proposal.hash}
    for decision in reversed(decisions):
        if mine & {decision["proposal_hash"], decision["details"].get("follow_up")}:
            asked = decision["details"]
            if asked.get("requested") not in {None, *LEFT_TO_DIAGNOSIS}:
                return str(asked.get("requested_by") or UNNAMED)
            return ""
    asked = incident.resolution
    return "" if asked.get("requested") in LEFT_TO_DIAGNOSIS else str(asked.get("requested_by", ""))
