"""What to do about a cause: its remedies, in the order and under the conditions that the evidence gives them."""

from __future__ import annotations

from dataclasses import replace

from airmedic_core.actions import hands_over
from airmedic_core.causes import Cause, Needs
from airmedic_core.diagnose.facts import Facts
from airmedic_core.records import RecommendedAction

_RETRAIN, _ESCALATE = "retrain", "escalate"
_WHY_NOT_YET = "Another reason is as likely, and a model that learns from rows that are wrong is worse afterwards."


def remedies_of(cause: Cause, doubt: str = "") -> tuple[RecommendedAction, ...]:
    """Return the remedies of a cause before any evidence is read, first choice first.

    Parameters
    ----------
    cause : Cause
        The cause.
    doubt : str
        Under which condition learning from the window does no harm; empty for always.
    """
    actions = tuple(
        RecommendedAction(remedy.action, place, remedy.why, remedy.condition)
        for place, remedy in enumerate(cause.traits.remedies, start=1)
    )
    return with_doubt(actions, doubt)


def with_doubt(actions: tuple[RecommendedAction, ...], doubt: str) -> tuple[RecommendedAction, ...]:
    """Return the actions with a condition on learning from the window, behind a person who decides it.

    Parameters
    ----------
    actions : tuple of RecommendedAction
        First choice first.
    doubt : str
        The condition; the actions are left as they are where it is empty.

    Examples
    --------
    >>> doubted = remedies_of(Cause.CONCEPT_DRIFT, "if a later window shows the same")
    >>> [(action.action, action.condition) for action in doubted[:2]]
    [('escalate', ''), ('retrain', 'if a later window shows the same')]
    """
    if not doubt or not any(action.action == _RETRAIN and not action.condition for action in actions):
        return actions
    doubted = [
        replace(action, condition=doubt) if action.action == _RETRAIN and not action.condition else action
        for action in actions
        if action.action != _ESCALATE
    ]
    ordered = [RecommendedAction(_ESCALATE, 0, _WHY_NOT_YET), *doubted]
    return tuple(replace(action, priority=place) for place, action in enumerate(ordered, start=1))


def actions_for(cause: Cause, facts: Facts, *, upstream_dag: str = "") -> tuple[RecommendedAction, ...]:
    """Return the remedies of a cause that this installation can carry out, first choice first.

    Parameters
    ----------
    cause : Cause
        The cause.
    facts : Facts
        The evidence: whether the trouble starts with a new version, and what was tried before.
    upstream_dag : str
        The pipeline that could be run again; empty where there is none.
    """
    actions: list[RecommendedAction] = []
    for remedy in cause.traits.remedies:
        if remedy.needs is Needs.UPSTREAM and not upstream_dag:
            continue
        if remedy.needs is Needs.NEW_VERSION and facts.starts_with_version:
            actions.insert(0, RecommendedAction(remedy.action, 0, remedy.why))
        else:
            actions.append(RecommendedAction(remedy.action, 0, remedy.why, remedy.condition))
    tried = {str(name) for item in facts.of("recurrence") for name in item.details.get("actions", [])}
    if actions and actions[0].action in tried and not hands_over(actions[0].action):
        why = f"{actions[0].action.replace('_', ' ').capitalize()} was tried before and the problem came back."
        actions = [action for action in actions if not hands_over(action.action)]
        actions.append(RecommendedAction("escalate", 0, why, "if the problem comes back again"))
    return tuple(replace(action, priority=place) for place, action in enumerate(actions, start=1))
