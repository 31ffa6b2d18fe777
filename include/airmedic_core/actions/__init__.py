"""Actions: the remedies, each under one contract. One file is one action; its name is the key in policies.

What carries them out, once they are approved, is ``execution``.
"""

from __future__ import annotations

from airmedic_core.actions.contract import Action, Part, Path, StoppedBy
from airmedic_core.errors import SpecError
from airmedic_core.family import Family

__all__ = [
    "ACTIONS",
    "Action",
    "Part",
    "Path",
    "StoppedBy",
    "asks_for_labels",
    "choices",
    "deadline_seconds",
    "handing_over",
    "hands_over",
    "infinitive",
    "known_action",
    "longest_deadline_seconds",
    "of_reviews",
    "question",
    "renews_normal",
    "trains",
    "tried_first",
]

ACTIONS: Family[Action] = Family("airmedic_core.actions", Action, entry_points="airmedic.actions")


def known_action(name: str) -> Action | None:
    """Return an action, or nothing where none of this name can be used.

    For names out of the ledger or a policy: the package that offered the action may be gone.
    """
    try:
        return ACTIONS.member(name)
    except SpecError:
        return None


def hands_over(name: str) -> bool:
    """Return whether an action only hands a problem to people.

    >>> hands_over("escalate"), hands_over("retrain"), hands_over("gone_with_its_package")
    (True, False, False)
    """
    action = known_action(name)
    return action is not None and action.path is Path.ESCALATE


def handing_over() -> str:
    """Return the action that hands a problem to people.

    >>> handing_over()
    'escalate'
    """
    return next(name for name in ACTIONS.ours() if hands_over(name))


def trains(name: str) -> bool:
    """Return whether an action trains, so that the model learns from the rows of a window.

    >>> trains("retrain"), trains("refresh_reference"), trains("gone_with_its_package")
    (True, False, False)
    """
    action = known_action(name)
    return action is not None and action.trains


def tried_first() -> str:
    """Return the action whose training is tried in the shadow before anybody is asked.

    >>> tried_first()
    'retrain'
    """
    return next(name for name in ACTIONS.ours() if ACTIONS.member(name).tried_first)


def asks_for_labels(name: str) -> bool:
    """Return whether an action hands out rows to be labelled.

    >>> asks_for_labels("request_labels"), asks_for_labels("retrain"), asks_for_labels("gone_with_its_package")
    (True, False, False)
    """
    action = known_action(name)
    return action is not None and action.asks_for_labels


def renews_normal(name: str) -> bool:
    """Return whether an action makes the rows of a window what later ones are compared with.

    >>> renews_normal("refresh_reference"), renews_normal("retrain"), renews_normal("gone_with_its_package")
    (True, False, False)
    """
    action = known_action(name)
    return action is not None and action.renews_normal


def of_reviews() -> str:
    """Return the action that carries out what a review suggests.

    >>> of_reviews()
    'change_setting'
    """
    return next(name for name in ACTIONS.ours() if ACTIONS.member(name).of_reviews)


def choices() -> dict[str, str]:
    """Return the actions that people may ask for by hand, each with how the form offers it."""
    return {name: action.choice for name, action in ACTIONS.working().items() if action.choice}


def deadline_seconds(name: str) -> float:
    """Return how long an attempt of an action may take; for one that is not installed, as long as any action may.

    >>> deadline_seconds("rollback"), deadline_seconds("gone_with_its_package")
    (900.0, 21600.0)
    """
    action = known_action(name)
    return longest_deadline_seconds() if action is None else action.deadline_seconds


def longest_deadline_seconds(path: str = "") -> float:
    """Return how long an attempt of any action may take, or of those that go a path.

    >>> longest_deadline_seconds("rollback"), longest_deadline_seconds()
    (900.0, 21600.0)
    """
    actions = ACTIONS.working().values()
    return max(
        (action.deadline_seconds for action in actions if path in {"", action.path}), default=Action.deadline_seconds
    )


def infinitive(name: str) -> str:
    """Return what an action does, inside a sentence.

    >>> infinitive("rollback")
    'roll back'
    >>> infinitive("a_team_s_own")
    'a team s own'
    """
    action = known_action(name)
    return (action.infinitive if action else "") or name.replace("_", " ")


def question(name: str, title: str) -> str:
    """Return the question that people are asked about an action on a model.

    >>> question("rollback", "Hotel cancellations")
    'Roll back Hotel cancellations?'
    >>> question("a_team_s_own", "Hotel cancellations")
    'A team s own: Hotel cancellations?'
    """
    action = known_action(name)
    opening = (action.imperative if action else "") or f"{name.replace('_', ' ').capitalize()}:"
    return f"{opening} {title}?"
