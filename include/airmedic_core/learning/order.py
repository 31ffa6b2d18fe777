"""The order of the actions that policy and rules allow for a cause, by what past outcomes teach.

Nothing becomes allowed here: what comes in comes out, in another order at the most. ``learning`` in the policy says
whether the order is used (``on``), only put on record beside the one of the rules (``shadow``), or not made (``off``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from airmedic_core.causes import Cause
from airmedic_core.learning.outcomes import Tally, VerifiedOutcome, tally, verified_outcomes
from airmedic_core.learning.posterior import Posterior, posterior
from airmedic_core.learning.priors import Prior, Priors, priors_of
from airmedic_core.learning.propensity import CHANCES, chosen_with, drawn, first_choices
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Json


@dataclass(frozen=True)
class Preference:
    """Says how promising one action is for one cause."""

    action: str
    prior: Prior
    tally: Tally
    posterior: Posterior

    def to_json(self) -> Json:
        """Return it as plain JSON for the record of the decision."""
        return {
            "action": self.action,
            "prior": round(self.prior.mean, 4),
            "prior_weight": self.prior.weight,
            "successes": self.tally.successes,
            "failures": self.tally.failures,
            "mean": round(self.posterior.mean, 4),
            "low": round(self.posterior.low, 4),
            "high": round(self.posterior.high, 4),
        }


@dataclass(frozen=True)
class Ordering:
    """The order in which actions are tried, and the one that learning would have them tried in."""

    mode: str
    by_rules: tuple[str, ...]
    preferences: tuple[Preference, ...]
    """As learning orders them, best first; none where learning is off."""
    actions: tuple[str, ...]
    """As they are tried."""
    probabilities: dict[str, float]
    """Action → how likely it was put first."""
    in_shadow: dict[str, float]
    """Action → how likely it would have been put first, had learning decided and explored. Nothing is done of it."""
    would_try: str
    """The action that would have been put first then."""
    problem: str = ""
    """Why a prior does not hold, or incidents do not count, where that is so."""
    impossible: tuple[str, ...] = ()
    """Actions that were found not to be possible before the draw: none of them had a chance."""

    @property
    def learned(self) -> tuple[str, ...]:
        """The actions as learning orders them."""
        return tuple(preference.action for preference in self.preferences) or self.by_rules

    def to_json(self, blocked: Collection[str] = ()) -> Json:
        """Return what a decision records of it.

        Parameters
        ----------
        blocked : collection of str
            The actions that turned out not to be possible.
        """
        basis = self.learned if self.mode == "on" else self.by_rules
        # What is on record does not depend on the draw: an action that was not reached may be impossible all the same.
        blocked = {*blocked, *self.impossible}
        return {
            "mode": self.mode,
            "considered": list(self.by_rules),
            "learned": list(self.learned),
            "propensities": chosen_with(self.probabilities, basis, blocked),
            "in_shadow": chosen_with(self.in_shadow, self.learned, blocked),
            "would_try": self.would_try,
            "chances": CHANCES,
        } | ({"problem": self.problem} if self.problem else {})


def order(
    ledger: Ledger,
    cause: Cause,
    actions: Sequence[str],
    learning: Learning,
    *,
    seed: str,
    folder: Path,
    possible: Callable[[str], bool] = lambda _: True,
) -> Ordering:
    """Return the order in which to try the actions that the rules hold possible for a cause.

    Parameters
    ----------
    ledger : Ledger
        Where past incidents, and changed priors, are on record.
    cause : Cause
        The cause to heal.
    actions : sequence of str
        The actions, first choice of the rules first. No other action comes out.
    learning : Learning
        Whether the order is used, how much a prior weighs, and how much is explored.
    seed : str
        The incident: the same one always explores the same way.
    folder : Path
        The content folder's ``policies/``, for the team's own priors.
    possible : callable
        Whether an action could be carried out at the moment: only such actions are explored. Where exploration is on,
        it has to ask all that may stop an action, its planning too: an action that is found to be impossible only after
        it was drawn would be among the chances of some draws and not of others, and estimates would be wrong.
    """
    by_rules = tuple(actions)
    if learning.mode == "off" or not by_rules:
        certain = first_choices(by_rules, 0.0)
        return Ordering(learning.mode, by_rules, (), by_rules, certain, certain, by_rules[0] if by_rules else "")
    priors = priors_of(ledger, folder)
    experience = ledger.experience()
    outcomes = verified_outcomes(experience)
    problem = " ".join(filter(None, (priors.problem, experience.problem)))
    preferences = ranked(outcomes, cause, by_rules, priors, learning)
    learned = tuple(preference.action for preference in preferences)
    alone = len(learned) == 1
    can_be = learned if alone else tuple(action for action in learned if possible(action))
    impossible = tuple(action for action in learned if action not in can_be)
    free = can_be or learned
    in_shadow = first_choices(free, learning.shadow_fraction)
    would_try = drawn(in_shadow, f"{seed} in the shadow")
    if learning.mode != "on":
        certain = first_choices(by_rules, 0.0)
        return Ordering(
            learning.mode, by_rules, preferences, by_rules, certain, in_shadow, would_try, problem, impossible
        )
    probabilities = first_choices(free, learning.exploration_fraction)
    first = drawn(probabilities, seed)
    tried = (first, *(action for action in learned if action != first)) if first != free[0] else learned
    return Ordering("on", by_rules, preferences, tried, probabilities, in_shadow, would_try, problem, impossible)


def ranked(
    outcomes: Sequence[VerifiedOutcome],
    cause: Cause,
    actions: Sequence[str],
    priors: Priors,
    learning: Learning,
) -> tuple[Preference, ...]:
    """Return actions by their posterior means, best first; equal ones stay as the rules have them.

    Parameters
    ----------
    outcomes : sequence of VerifiedOutcome
        The outcomes that count.
    cause : Cause
        The cause.
    actions : sequence of str
        The actions, first choice of the rules first.
    priors : Priors
        What is expected without outcomes.
    learning : Learning
        How much a prior weighs that names no weight.
    """
    preferences = []
    for place, action in enumerate(actions):
        prior = priors.prior(cause, action, place=place, weight=learning.prior_weight)
        counted = tally(outcomes, cause, action)
        preferences.append(Preference(action, prior, counted, posterior(prior, counted)))
    return tuple(sorted(preferences, key=lambda preference: -preference.posterior.mean))
