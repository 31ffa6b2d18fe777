"""Limits: how much may happen, however well it is approved. Whatever they stop is recorded with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airmedic_core.actions import StoppedBy, deadline_seconds
from airmedic_core.decide.kill_switch import kill_switch, stopped_by
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.training_budget import over_budget
from airmedic_core.ledger import Ledger, RecordedAction
from airmedic_core.policy import ANY, Limits, Policy
from airmedic_core.workspace import Switch

_POLICY_OFF = "The policy's own switch is on: switched_off."


@dataclass(frozen=True)
class Attempt:
    """Holds what is to be checked, with what happened before."""

    ledger: Ledger
    policy: Policy
    limits: Limits
    model: str
    environment: str
    action: str
    incident_id: str
    now: datetime
    recent: tuple[RecordedAction, ...]
    """Actions of all models that began in the time that any limit looks back to, without the exempt ones."""


def objection(
    ledger: Ledger,
    policy: Policy,
    *,
    model: str,
    environment: str,
    action: str,
    incident_id: str,
    now: datetime,
    env: Mapping[str, str] | None = None,
    switches: Sequence[Switch] = (),
) -> Objection | None:
    """Return the first limit that stops an action, or nothing if it may go on.

    Parameters
    ----------
    ledger : Ledger
        Where past actions and overrides are.
    policy : Policy
        What the limits are.
    model, environment, action, incident_id : str
        What is to be done, and to what.
    now : datetime
        The moment of the decision.
    env : mapping, optional
        Where the kill switch is looked for; the process's environment where not given.
    switches : sequence of Switch
        Further kill switches, each asked for why it stops the model.
    """
    if stopped := kill_switch(ledger, model, action, now=now, env=env, switches=switches):
        return stopped
    if policy.switched_off and stopped_by(action) is not StoppedBy.NOTHING:
        return Objection("policy_switch", _POLICY_OFF)
    limits = policy.limits_in(environment)
    if exempt(limits, action):
        return None
    past = now - max(
        timedelta(days=1), timedelta(hours=limits.breaker_hours), timedelta(minutes=limits.cooldown_minutes)
    )
    begun = (done for done in ledger.actions(since=past) if done.status != "stopped")
    recent = tuple(done for done in begun if not exempt(limits, done.action))
    attempt = Attempt(ledger, policy, limits, model, environment, action, incident_id, now, recent)
    return next((stopped for check in _CHECKS if (stopped := check(attempt))), None)


def exempt(limits: Limits, action: str) -> bool:
    """Return whether no limit stops an action: the policy's list says so, or without one the action itself."""
    if limits.exempt is not None:
        return action in limits.exempt
    return stopped_by(action) is not StoppedBy.LIMITS


def freeze(
    ledger: Ledger, policy: Policy, model: str, environment: str, action: str, *, now: datetime
) -> Objection | None:
    """Return an objection while the policy's switch is on or changes are frozen, which exempt actions do not heed.

    Parameters
    ----------
    ledger : Ledger
        Where overrides are on record.
    policy : Policy
        What the team allows.
    model, environment, action : str
        What is to be done, to which model, and where.
    now : datetime
        The moment.
    """
    if policy.switched_off and stopped_by(action) is not StoppedBy.NOTHING:
        return Objection("policy_switch", _POLICY_OFF)
    if exempt(policy.limits_in(environment), action):
        return None
    for time in policy.freezes:
        if time.start <= now < time.end and (ANY in time.environments or environment in time.environments):
            return Objection("freeze", f"Changes are frozen until {time.end:%Y-%m-%d %H:%M} UTC: {time.reason}.")
    for override in ledger.overrides(model, "freeze", now=now):
        return Objection("freeze", f"{override.author} froze changes: {override.reason}.")
    return None


def _frozen(attempt: Attempt) -> Objection | None:
    return freeze(attempt.ledger, attempt.policy, attempt.model, attempt.environment, attempt.action, now=attempt.now)


def _broken(attempt: Attempt) -> Objection | None:
    """Circuit breaker: after so many failures in a row, a model is left to people for a while."""
    ended = [done for done in attempt.recent if done.model == attempt.model and done.result is not None]
    last = ended[-attempt.limits.breaker_failures :]
    if len(last) < attempt.limits.breaker_failures or any(done.status == "done" for done in last):
        return None
    until = (last[-1].finished_at or last[-1].started_at) + timedelta(hours=attempt.limits.breaker_hours)
    if attempt.now >= until:
        return None
    return Objection("breaker", f"The last {len(last)} actions failed or were undone; wait until {_time(until)}.")


def _cooling(attempt: Attempt) -> Objection | None:
    same = [done for done in attempt.recent if (done.model, done.action) == (attempt.model, attempt.action)]
    others = [done for done in same if done.incident_id != attempt.incident_id]
    if not others:
        return None
    until = others[-1].started_at + timedelta(minutes=attempt.limits.cooldown_minutes)
    if attempt.now >= until:
        return None
    return Objection("cooldown", f"The last {attempt.action} was too recent; wait until {_time(until)}.")


def _tried_enough(attempt: Attempt) -> Objection | None:
    mine = attempt.ledger.actions(incident_id=attempt.incident_id)
    count = sum(done.action == attempt.action and done.status != "stopped" for done in mine)
    if count < attempt.limits.attempts_per_incident:
        return None
    return Objection("attempts_per_incident", f"{attempt.action} was tried {count} times for this incident.")


def _enough_today(attempt: Attempt) -> Objection | None:
    today = [done for done in attempt.recent if done.started_at > attempt.now - timedelta(days=1)]
    mine = sum(done.model == attempt.model for done in today)
    if mine >= attempt.limits.actions_per_day:
        return Objection("actions_per_day", f"{mine} actions on this model in 24 hours are the limit.")
    if len(today) >= attempt.limits.actions_per_day_fleet:
        return Objection("actions_per_day_fleet", f"{len(today)} actions on all models in 24 hours are the limit.")
    return None


def _too_many_at_once(attempt: Attempt) -> Objection | None:
    running = sum(
        done.result is None
        and done.incident_id != attempt.incident_id
        # After its deadline an action has hung or died.
        and done.started_at > attempt.now - timedelta(seconds=deadline_seconds(done.action))
        for done in attempt.recent
    )
    if running < attempt.limits.concurrent_actions:
        return None
    return Objection("concurrent_actions", f"{running} actions run at the moment, which is the limit.")


def _over_budget(attempt: Attempt) -> Objection | None:
    return over_budget(attempt.ledger, attempt.limits, model=attempt.model, action=attempt.action, now=attempt.now)


_CHECKS: tuple[Callable[[Attempt], Objection | None], ...] = (
    _frozen,
    _broken,
    _cooling,
    _tried_enough,
    _enough_today,
    _over_budget,
    _too_many_at_once,
)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
