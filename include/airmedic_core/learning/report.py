"""Says what is learned so far, for people: plain records that the command line and pages show.

:func:`learning_report` reads everything; nothing is changed by reading it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from airmedic_core.actions import hands_over, trains
from airmedic_core.causes import Cause
from airmedic_core.learning.logged import LoggedDecision, logged_decisions, logged_for
from airmedic_core.learning.off_policy import CONFIDENCE as ESTIMATE_CONFIDENCE
from airmedic_core.learning.off_policy import Estimate, Logged, compare
from airmedic_core.learning.order import Preference, ranked
from airmedic_core.learning.outcomes import VerifiedOutcome, verified_outcomes
from airmedic_core.learning.posterior import CONFIDENCE
from airmedic_core.learning.priors import Priors, priors_of
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Json


def learning_report(ledger: Ledger, folder: Path, learning: Learning, *, every_cause: bool = False) -> Json:
    """Return what is known of each cause and action, as plain JSON.

    Parameters
    ----------
    ledger : Ledger
        The ledger; outcomes of all its models count together.
    folder : Path
        The content folder's ``policies/``, for the team's own priors.
    learning : Learning
        The policy's ``learning``.
    every_cause : bool
        Whether causes without an outcome or a decision are told as well.

    Returns
    -------
    dict
        ``mode``, ``confidence`` (of posteriors), ``estimate_confidence``, ``outcomes`` (that count), ``decisions``
        (left to the diagnosis), ``left_out`` (decisions made by chance of which an earlier version recorded wrong
        chances: no estimate uses them), ``unvouched`` (ids of incidents that the chain does not vouch for),
        ``problem`` (why a prior does not hold, or an incident does not count), and ``causes``: each with ``cause``,
        ``would_change`` (a
        sentence) and ``actions``, first choice of the rules first. An action has ``action``, ``place``, ``prior``,
        ``prior_weight``, ``prior_source``, ``prior_changed_by``, ``successes``, ``failures``, ``mean``, ``low``,
        ``high``, ``possible_in`` and ``chosen_in`` (decisions), ``propensity`` and ``in_shadow`` (means over the
        decisions in which it was possible; nothing where there is none), ``would_have_been_tried`` (decisions),
        ``trials_helped``, ``trials_did_not_help``, and ``off_policy``: nothing for the first choice, else the estimate
        against it with ``inverse_propensity``, ``doubly_robust``, ``low``, ``high``, ``with_chance``, ``tried``,
        ``favours``.
    """
    experience = ledger.experience()
    outcomes = verified_outcomes(experience)
    decisions = logged_decisions(ledger, experience, outcomes)
    priors = priors_of(ledger, folder)
    causes = []
    for cause in Cause:
        mine = [decision for decision in decisions if decision.case.cause is cause]
        if not mine and not every_cause and all(outcome.cause is not cause for outcome in outcomes):
            continue
        known = [outcome.action for outcome in outcomes if outcome.cause is cause]
        actions = tuple(dict.fromkeys([*considered(cause, mine), *known]))
        if actions:
            causes.append(_of_cause(cause, actions, mine, outcomes, priors, learning))
    return {
        "mode": learning.mode,
        "confidence": CONFIDENCE,
        "estimate_confidence": ESTIMATE_CONFIDENCE,
        "outcomes": len(outcomes),
        "decisions": len(decisions),
        "left_out": sum(not decision.chances_hold for decision in decisions),
        "unvouched": list(experience.unvouched),
        "problem": " ".join(filter(None, (priors.problem, experience.problem))),
        "causes": causes,
    }


def considered(cause: Cause, decisions: Sequence[LoggedDecision]) -> tuple[str, ...]:
    """Return the actions of a cause as its decisions considered them, the newest first; without any, its remedies.

    Parameters
    ----------
    cause : Cause
        The cause.
    decisions : sequence of LoggedDecision
        Decisions on it, oldest first.
    """
    seen = [action for decision in reversed(decisions) for action in decision.considered]
    usual = [remedy.action for remedy in cause.traits.remedies]
    return tuple(name for name in dict.fromkeys(seen or usual) if not hands_over(name))


def _of_cause(
    cause: Cause,
    actions: tuple[str, ...],
    decisions: Sequence[LoggedDecision],
    outcomes: Sequence[VerifiedOutcome],
    priors: Priors,
    learning: Learning,
) -> Json:
    preferences = ranked(outcomes, cause, actions, priors, learning)
    by_action = {preference.action: preference for preference in preferences}
    logged = logged_for(decisions, outcomes, cause)
    first, learned = actions[0], preferences[0].action
    others = len(actions) - 1
    return {
        "cause": cause.value,
        "would_change": "" if learned == first else f"{learned} would come before {first}.",
        "actions": [
            _of_action(
                by_action[action], place, decisions, compare_among(logged, action, first, others) if place else None
            )
            for place, action in enumerate(actions)
        ],
    }


def compare_among(logged: Sequence[Logged], action: str, instead_of: str, others: int) -> Estimate:
    """Return an estimate whose confidence holds for all the alternatives of a cause together (Bonferroni).

    Parameters
    ----------
    logged : sequence of Logged
        Decisions on the cause.
    action, instead_of : str
        What is compared.
    others : int
        The number of alternatives.
    """
    return compare(logged, action, instead_of, confidence=1 - (1 - ESTIMATE_CONFIDENCE) / max(others, 1))


def _of_action(
    preference: Preference, place: int, decisions: Sequence[LoggedDecision], estimate: Estimate | None
) -> Json:
    action, prior = preference.action, preference.prior
    possible = [decision for decision in decisions if action in decision.propensities]
    tried = [decision.trial for decision in possible if trains(action)]
    known = preference.to_json()
    return {
        **known,
        "place": place + 1,
        "prior_source": prior.source,
        "prior_changed_by": prior.changed_by,
        "possible_in": len(possible),
        "chosen_in": sum(decision.chosen == action for decision in possible),
        "propensity": _mean([decision.propensities[action] for decision in possible if decision.chances_hold]),
        "in_shadow": _mean([decision.in_shadow.get(action, 0.0) for decision in possible]),
        "would_have_been_tried": sum(decision.would_try == action for decision in possible),
        "trials_helped": tried.count("helps"),
        "trials_did_not_help": tried.count("does not help"),
        "off_policy": None if estimate is None else asdict(estimate) | {"favours": estimate.favours},
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
