"""Changing a prior: only where an off-policy estimate exists and favours what would be chosen then.

A prior decides what is tried first. To change it is to choose another action for incidents to come, so that it needs
evidence of what that action does, and stands on record with the person, the reason and the estimate.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from airmedic_core.causes import Cause
from airmedic_core.errors import LearningError, closest
from airmedic_core.learning.logged import logged_decisions, logged_for
from airmedic_core.learning.off_policy import Estimate
from airmedic_core.learning.order import ranked
from airmedic_core.learning.outcomes import verified_outcomes
from airmedic_core.learning.priors import LEAST_MEAN, LEAST_WEIGHT, MOST_MEAN, MOST_WEIGHT, Prior, priors_of
from airmedic_core.learning.report import compare_among, considered
from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Json

GATHER = (
    "Allow exploration in the policy (learning: mode on, exploration_fraction), and ask again after more decisions."
)
"""Says what to do where no estimate favours a change."""


@dataclass(frozen=True)
class Change:
    """A prior that somebody wants to change, and what speaks for it."""

    cause: Cause
    action: str
    standing: Prior
    wanted: Prior
    first_now: str
    """The action that learning puts first now."""
    first_then: str
    """The action that it would put first then."""
    estimate: Estimate | None
    """Says what the one is worth in place of the other; nothing where they are the same."""

    @property
    def objection(self) -> str:
        """Why the prior may not be changed; empty where it may."""
        if self.estimate is None:
            return f"{self.first_now} would stay the first choice: no estimate can favour the change."
        known = self.estimate
        pair = f"{self.first_then} in place of {self.first_now}"
        if known.doubly_robust is None:
            return (
                f"Nothing is known of {pair}: in none of the {known.decisions} decisions with an outcome in which both "
                "were possible did each have a chance to be chosen."
            )
        if not known.favours:
            return (
                f"The estimate does not favour {pair}: {known.doubly_robust:+.2f} of the incidents, interval "
                f"{known.low:+.2f} to {known.high:+.2f}, from {known.with_chance} decisions."
            )
        return ""


def look_at_change(
    ledger: Ledger, folder: Path, learning: Learning, cause: Cause, action: str, *, mean: float, weight: float | None
) -> Change:
    """Return what a change of a prior would do, and what speaks for it. Changes nothing.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    folder : Path
        The content folder's ``policies/``.
    learning : Learning
        The policy's ``learning``.
    cause : Cause
        The cause.
    action : str
        The action.
    mean : float
        The share of incidents that it is expected to heal.
    weight : float or None
        How many outcomes that weighs as much as; what it weighs now where not given.

    Raises
    ------
    LearningError
        If the numbers are out of bounds, or the action was never considered for the cause. A retry does not help.
    """
    for name, value, least, most in (
        ("mean", mean, LEAST_MEAN, MOST_MEAN),
        ("weight", LEAST_WEIGHT if weight is None else weight, LEAST_WEIGHT, MOST_WEIGHT),
    ):
        if not least <= value <= most:
            raise LearningError(f"{name} = {value!r} is out of bounds.", f"It lies between {least:g} and {most:g}.")
    experience = ledger.experience()
    outcomes = verified_outcomes(experience)
    decisions = logged_decisions(ledger, experience, outcomes)
    mine = [decision for decision in decisions if decision.case.cause is cause]
    actions = considered(cause, mine)
    if action not in actions:
        problem = f"{action!r} is not among the actions that are considered for {cause.words}."
        raise LearningError(problem, closest(action, actions))
    priors = priors_of(ledger, folder)
    standing = priors.prior(cause, action, place=actions.index(action), weight=learning.prior_weight)
    wanted = replace(standing, mean=mean, weight=standing.weight if weight is None else weight)
    then = replace(priors, changed={**priors.changed, (cause, action): wanted})
    first_now, first_then = (ranked(outcomes, cause, actions, known, learning)[0].action for known in (priors, then))
    estimate = None
    if first_now != first_then:
        logged = logged_for(mine, outcomes, cause)
        estimate = compare_among(logged, first_then, first_now, len(actions) - 1)
    return Change(cause, action, standing, wanted, first_now, first_then, estimate)


def change_prior(ledger: Ledger, change: Change, *, by: str, reason: str) -> None:
    """Let a prior hold from now on, for all models, on record with the person, the reason and the estimate.

    ``airmedic overrides --model '*' --kind prior --revoke CAUSE.ACTION`` takes it back.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    change : Change
        What :func:`look_at_change` has returned.
    by : str
        The person.
    reason : str
        Why, in their words.

    Raises
    ------
    LearningError
        If no estimate favours the change. A retry does not help.
    AuditError
        If the audit chain does not verify: what the estimate rests on may have been changed. A retry does not help.
    """
    if change.objection:
        raise LearningError(f"The prior stays {change.standing.mean:g}. {change.objection}", GATHER)
    ledger.verify_audit()
    value: Json = {
        "mean": change.wanted.mean,
        "weight": change.wanted.weight,
        "before": {"mean": change.standing.mean, "weight": change.standing.weight},
        "estimate": asdict(change.estimate) if change.estimate else None,
    }
    ledger.set_override(EVERY_MODEL, "prior", f"{change.cause.value}.{change.action}", value, author=by, reason=reason)
