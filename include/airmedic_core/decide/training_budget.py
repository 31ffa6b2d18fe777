"""The budget for compute: how many minutes a model, and all models together, may train in a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airmedic_core.actions import known_action
from airmedic_core.decide.objection import Objection
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.training_times import Training
from airmedic_core.numbers import number
from airmedic_core.policy import Limits

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Spent:
    """The minutes that trainings took which began in the last 24 hours."""

    model: float
    fleet: float


def over_budget(ledger: Ledger, limits: Limits, *, model: str, action: str, now: datetime) -> Objection | None:
    """Return an objection where an action trains and the day's minutes are spent.

    A training that has begun is let end, because half of one is worth nothing: the last one may go beyond the budget.

    Parameters
    ----------
    ledger : Ledger
        Where trainings are on record.
    limits : Limits
        The limits of the model's surroundings.
    model, action : str
        What is to be done, and to which model.
    now : datetime
        The moment.
    """
    member = known_action(action)
    if member is None or not member.trains:
        return None
    most_trial = 60 * limits.trial_minutes_per_day
    minutes = minutes_spent(ledger, model, now=now, most_seconds=member.deadline_seconds, most_trial_seconds=most_trial)
    return _used_up(minutes, limits, "training_minutes_per_day", "The trainings")


def over_trial_budget(ledger: Ledger, limits: Limits, *, model: str, action: str, now: datetime) -> Objection | None:
    """Return an objection where the day's minutes for training in the shadow are spent, or those for all training.

    Parameters
    ----------
    ledger : Ledger
        Where trainings are on record.
    limits : Limits
        The limits of the model's surroundings.
    model, action : str
        The model, and the action whose training is tried.
    now : datetime
        The moment.
    """
    if stopped := over_budget(ledger, limits, model=model, action=action, now=now):
        return stopped
    spent = _reserved(ledger, limits, model, now)
    return _used_up(spent, limits, "trial_minutes_per_day", "The trainings in the shadow")


def _used_up(spent: Spent, limits: Limits, limit: str, what: str) -> Objection | None:
    """Return an objection where the minutes of a limit are spent, by the model or by all of them."""
    for name, used, whose in ((limit, spent.model, "this model"), (f"{limit}_fleet", spent.fleet, "all models")):
        allowed: float = getattr(limits, name)
        if used >= allowed:
            told = f"{number(used)} of {number(allowed)} minutes"
            return Objection(name, f"{what} of {whose} took {told} in 24 hours.")
    return None


def trial_seconds_left(ledger: Ledger, limits: Limits, *, model: str, now: datetime) -> float:
    """Return how long a training in the shadow may take that begins now.

    Parameters
    ----------
    ledger : Ledger
        Where trainings are on record.
    limits : Limits
        The limits of the model's surroundings.
    model : str
        The model.
    now : datetime
        The moment.
    """
    spent = _reserved(ledger, limits, model, now)
    left = min(limits.trial_minutes_per_day - spent.model, limits.trial_minutes_per_day_fleet - spent.fleet)
    return max(0.0, 60 * left)


def _reserved(ledger: Ledger, limits: Limits, model: str, now: datetime) -> Spent:
    """Return the minutes of trainings in the shadow; one without an end counts with all that it may take.

    Many that begin at once would otherwise all find the budget untouched.
    """
    most = 60 * limits.trial_minutes_per_day
    until = now + timedelta(seconds=most)
    trials = [training for training in ledger.trainings(since=now - DAY) if training.is_trial]
    return _spent(trials, model, until, most_seconds=most, most_trial_seconds=most)


def minutes_spent(
    ledger: Ledger, model: str, *, now: datetime, most_seconds: float, most_trial_seconds: float | None = None
) -> Spent:
    """Return the minutes that were spent in the last 24 hours.

    Parameters
    ----------
    ledger : Ledger
        Where trainings are on record.
    model : str
        The model.
    now : datetime
        The moment.
    most_seconds : float
        How long a training may take: one that has no end after that has none any more.
    most_trial_seconds : float, optional
        How long one in the shadow may take; as long as any other where not given.
    """
    most_trial = most_seconds if most_trial_seconds is None else min(most_seconds, most_trial_seconds)
    begun = ledger.trainings(since=now - DAY)
    return _spent(begun, model, now, most_seconds=most_seconds, most_trial_seconds=most_trial)


def _spent(
    begun: Sequence[Training], model: str, until: datetime, *, most_seconds: float, most_trial_seconds: float
) -> Spent:
    took = [
        (training.model, _seconds(training, begun, until, most_trial_seconds if training.is_trial else most_seconds))
        for training in begun
    ]
    mine = sum(seconds for name, seconds in took if name == model)
    return Spent(mine / 60, sum(seconds for _, seconds in took) / 60)


def _seconds(training: Training, begun: Sequence[Training], now: datetime, most_seconds: float) -> float:
    if training.seconds is not None:
        return training.seconds
    # It runs, or its process died: then it has taken no longer than until the retry began.
    later = [
        other.started_at
        for other in begun
        if other.proposal_hash == training.proposal_hash and other.started_at > training.started_at
    ]
    return max(0.0, min((min(later, default=now) - training.started_at).total_seconds(), most_seconds))
