"""Learned preferences: how often an action healed a cause, from verified outcomes only.

Each cause and action has a Beta posterior. Its prior comes from the rank that the diagnosis gives the action, and
weighs as much as a few outcomes, so that little experience changes little. The posterior mean re-ranks what is allowed.
Where exploration is switched on, now and then another allowed action is tried; how likely each choice was is recorded,
so that the outcomes can be weighed later (Horvitz and Thompson 1952).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from airmedic_core.actions import known_action
from airmedic_core.healed import came_back, did_heal
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Cause, Json

_FIRST_PRIOR = 0.8
"""Expected share of incidents that the first choice of a diagnosis heals."""
_PRIOR_STEP = 0.15
"""How much less is expected of each further choice."""
_LEAST_PRIOR = 0.1
"""What is expected of a late choice at the least, so that it can still rise."""


@dataclass(frozen=True)
class Preference:
    """How promising one action is for one cause."""

    action: str
    mean: float
    successes: int
    failures: int
    propensity: float
    """How likely it was to be tried first."""

    def to_json(self) -> Json:
        """Return it as plain JSON for the record of the decision."""
        return {
            "action": self.action,
            "mean": round(self.mean, 4),
            "successes": self.successes,
            "failures": self.failures,
            "propensity": round(self.propensity, 4),
        }


def rank(ledger: Ledger, cause: Cause, actions: Sequence[str], learning: Learning, *, seed: str) -> list[Preference]:
    """Return actions ranked by their posterior mean, best first.

    Parameters
    ----------
    ledger : Ledger
        Where past incidents are.
    cause : Cause
        The cause to heal.
    actions : sequence of str
        What the diagnosis recommends, first choice first.
    learning : Learning
        How much the prior weighs, and whether to explore.
    seed : str
        The incident: the same one always explores the same way.
    """
    successes, failures = outcomes(ledger, cause)
    ranked = []
    for place, action in enumerate(actions):
        prior = max(_FIRST_PRIOR - _PRIOR_STEP * place, _LEAST_PRIOR) * learning.prior_weight
        healed, failed = (sum(counts[name] for name in _with_what_follows(action)) for counts in (successes, failures))
        mean = (prior + healed) / (learning.prior_weight + healed + failed)
        ranked.append(Preference(action, mean, healed, failed, 0.0))
    ranked.sort(key=lambda preference: -preference.mean)
    if not ranked:
        return []
    explored = learning.exploration_fraction / len(ranked)
    likely = [explored + (1 - learning.exploration_fraction if place == 0 else 0) for place in range(len(ranked))]
    ranked = [
        Preference(p.action, p.mean, p.successes, p.failures, propensity)
        for p, propensity in zip(ranked, likely, strict=True)
    ]
    chance = random.Random(seed)  # noqa: S311 - chooses a remedy, guards nothing
    if chance.random() < learning.exploration_fraction:
        tried = ranked.pop(chance.randrange(len(ranked)))
        ranked.insert(0, tried)
    return ranked


def _with_what_follows(name: str) -> set[str]:
    """Return an action and the one that it leads to: a training heals by the deployment that comes of it."""
    action = known_action(name)
    return {name, action.leads_to} - {""} if action else {name}


def outcomes(ledger: Ledger, cause: Cause, *, most: int = 500) -> tuple[Counter[str], Counter[str]]:
    """Return how often each action healed a cause, and how often it did not.

    An incident that came back counts against what seemed to have healed it.

    Parameters
    ----------
    ledger : Ledger
        Where the incidents are.
    cause : Cause
        The cause.
    most : int
        Newest incidents of all models that are looked at.

    Returns
    -------
    tuple of Counter
        The successes and the failures, by action.
    """
    incidents = ledger.incidents(limit=most)
    returned = came_back(incidents)
    successes: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for incident in incidents:
        action = str(incident.resolution.get("action", ""))
        healed = did_heal(incident, returned)
        if incident.cause is not cause or not action or healed is None:
            continue
        (successes if healed else failures)[action] += 1
    return successes, failures
