"""Says what would happen now if an action was called for, and which rules say so."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, StoppedBy
from airmedic_core.decide.kill_switch import kill_switch
from airmedic_core.decide.limits import freeze, objection
from airmedic_core.decide.propose import Standing, ruled
from airmedic_core.decide.training_budget import minutes_spent
from airmedic_core.policy import TRIGGERS, VERIFICATIONS, Policy, environment_of, policy_of
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_SOMEBODY = "somebody"
"""In place of a person who asks."""
NO_INCIDENT = "(none)"
"""In place of an incident: nothing was tried for it yet."""


def explain_action(ws: Workspace, action: str, *, now: datetime, policy: Policy | None = None) -> Json:
    """Return what would happen now to an action of a model, in general and without an incident.

    Parameters
    ----------
    ws : Workspace
        The model.
    action : str
        The action's name.
    now : datetime
        The moment.
    policy : Policy, optional
        What the team allows, where it was read already.

    Returns
    -------
    dict
        ``environment``; ``stopped_by``, the switches and limits that would stop it now; ``permissions``, for each
        trigger and for causes verified or not, with the rule that says so and how many people it asks;
        ``training_minutes``, what trainings have taken in 24 hours and may take; ``approvers``; ``one_of``, the groups
        of which somebody has to approve;
        ``separation_of_duties``.

    Raises
    ------
    SpecError
        If there is no such action, policy or model. A retry does not help.
    """
    member, policy, environment = ACTIONS.member(action), policy or policy_of(ws), environment_of(ws)
    stops = [
        kill_switch(ws.ledger, ws.spec.name, action, now=now, switches=ws.switches),
        freeze(ws.ledger, policy, ws.spec.name, environment, action, now=now),
        objection(
            ws.ledger,
            policy,
            model=ws.spec.name,
            environment=environment,
            action=action,
            incident_id=NO_INCIDENT,
            now=now,
            switches=ws.switches,
        ),
    ]
    stopped_by = {stop.limit: stop.reason for stop in stops if stop is not None}
    return {
        "model": ws.spec.name,
        "action": action,
        "policy": ws.spec.policy,
        "policy_sha256": policy.sha256,
        "environment": environment,
        "stopped_by": stopped_by,
        "permissions": _permissions(policy, action, environment, capped=member.stopped_by is not StoppedBy.NOTHING),
        "training_minutes": _training_minutes(ws, policy, member.deadline_seconds, now=now) if member.trains else {},
        "approvers": [*ws.spec.approvers, *ws.spec.approval.second_tier],
        "one_of": list(policy.required_groups(action, environment, "verified")),
        "separation_of_duties": policy.separates_duties(environment),
    }


def _training_minutes(ws: Workspace, policy: Policy, most_seconds: float, *, now: datetime) -> Json:
    limits = policy.limits_in(environment_of(ws))
    most_trial = 60 * limits.trial_minutes_per_day
    minutes = minutes_spent(ws.ledger, ws.spec.name, now=now, most_seconds=most_seconds, most_trial_seconds=most_trial)
    return {
        "model": {"spent": minutes.model, "allowed": limits.training_minutes_per_day},
        "fleet": {"spent": minutes.fleet, "allowed": limits.training_minutes_per_day_fleet},
    }


def _permissions(policy: Policy, action: str, environment: str, *, capped: bool) -> list[Json]:
    rows: list[Json] = []
    for trigger in TRIGGERS:
        for verification in VERIFICATIONS:
            place, permission = policy.ruling(action, environment, verification)
            rule = f"rule {place} of permissions" if place else "no rule fits, so it is denied"
            who = _SOMEBODY if trigger == "request" else ""
            asks = Standing(verification, hesitant=False, why="", requested_by=who, recommended=frozenset({action}))
            permission, vouched_by = ruled(policy, action, environment, asks)
            if vouched_by:
                place, _ = policy.ruling(action, environment, "verified")
                rule = f"rule {place} of permissions: whoever asks stands in for a verified cause, and others approve"
            limited = policy.capped(permission, trigger) if capped else permission
            if limited is not permission:
                rule += f", and autonomy.{trigger} is {policy.autonomy_of(trigger)}"
            wanted = policy.permissions[place - 1].approvals if place else 0
            row = {"trigger": trigger, "cause": verification, "permission": limited.value, "because": rule}
            rows.append(row | {"approvals": max(limited.people, wanted) if limited.people else 0})
    return rows
