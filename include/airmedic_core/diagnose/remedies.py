"""Says what to do about a cause: its remedies, in the order and under the conditions that the evidence gives them."""

from __future__ import annotations

from dataclasses import replace

from airmedic_core.actions import handing_over, hands_over, renews_normal, trains
from airmedic_core.assess import doubt_of_new_normal, doubt_of_training
from airmedic_core.causes import Cause, Needs
from airmedic_core.diagnose.facts import Facts
from airmedic_core.records import RecommendedAction

_WHY_NOT_YET = "Another reason is as likely, and a model that learns from rows that are wrong is worse afterwards."
_WHY_NOT_NORMAL = "An input that moved alone may as well be broken, and a broken one must not become usual."


def remedies_of(
    cause: Cause, doubt: str = "", rival: Cause | None = None, *, not_normal: str = "", can_be_undone: bool = False
) -> tuple[RecommendedAction, ...]:
    """Return the remedies of a cause before any evidence is read, first choice first.

    Parameters
    ----------
    cause : Cause
        The cause.
    doubt : str
        Under which condition learning from the window does no harm; empty for always.
    rival : Cause, optional
        Another cause that is about as likely.
    not_normal : str
        Under which condition the window may become the reference; empty for always.
    can_be_undone : bool
        Whether the findings say how the fault is undone.
    """
    known = [remedy for remedy in cause.traits.remedies if remedy.needs is not Needs.STEPS or can_be_undone]
    actions = tuple(
        RecommendedAction(remedy.action, place, remedy.why, remedy.condition)
        for place, remedy in enumerate(known, start=1)
    )
    return without_harm(actions, doubt, rival, not_normal=not_normal)


def without_harm(
    actions: tuple[RecommendedAction, ...], doubt: str, rival: Cause | None = None, *, not_normal: str = ""
) -> tuple[RecommendedAction, ...]:
    """Return the actions with a condition on what may do harm, behind a person who decides it.

    Parameters
    ----------
    actions : tuple of RecommendedAction
        First choice first.
    doubt : str
        Under which condition learning from the window does no harm; empty for always.
    rival : Cause, optional
        Another cause that is about as likely: what would do harm under it waits until it is ruled out.
    not_normal : str
        Under which condition the window may become the reference; empty for always.

    Examples
    --------
    >>> doubted = remedies_of(Cause.CONCEPT_DRIFT, "if a later window shows the same")
    >>> [(action.action, action.condition) for action in doubted[:2]]
    [('escalate', ''), ('retrain', 'if a later window shows the same')]
    >>> [(action.action, action.condition) for action in remedies_of(Cause.CONCEPT_DRIFT, "", Cause.STALE_DATA)[:2]]
    [('escalate', ''), ('retrain', 'if it is not stale data')]
    """
    conditions = dict.fromkeys(rival.traits.harmed_by, f"if it is not {rival.words}") if rival else {}
    conditions |= {action.action: doubt for action in actions if doubt and trains(action.action)}
    conditions |= {action.action: not_normal for action in actions if not_normal and renews_normal(action.action)}
    doubted = [action for action in actions if not action.condition and action.action in conditions]
    if not doubted:
        return actions
    why = _WHY_NOT_YET
    if not_normal and renews_normal(doubted[0].action):
        why = _WHY_NOT_NORMAL
    elif rival is not None and not (doubt and trains(doubted[0].action)):
        why = f"{rival.words.capitalize()} is about as likely. {rival.traits.settled_by}"
    ordered = [
        RecommendedAction(handing_over(), 0, why),
        *(
            replace(action, condition=conditions[action.action]) if action in doubted else action
            for action in actions
            if not hands_over(action.action)
        ),
    ]
    return tuple(replace(action, priority=place) for place, action in enumerate(ordered, start=1))


def actions_for(
    cause: Cause, facts: Facts, *, rival: Cause | None = None, upstream_dag: str = ""
) -> tuple[RecommendedAction, ...]:
    """Return the remedies of a cause that this installation can carry out, first choice first.

    Parameters
    ----------
    cause : Cause
        The cause.
    facts : Facts
        The evidence: whether the trouble starts with a new version, what was tried before, and what speaks against
        learning from the window.
    rival : Cause, optional
        Another cause that is about as likely.
    upstream_dag : str
        The pipeline that could be run again; empty where there is none.
    """
    actions: list[RecommendedAction] = []
    for remedy in cause.traits.remedies:
        if remedy.needs is Needs.UPSTREAM and not upstream_dag:
            continue
        if remedy.needs is Needs.STEPS and not facts.can_be_undone:
            continue
        if remedy.needs is Needs.NEW_VERSION and facts.starts_with_version:
            actions.insert(0, RecommendedAction(remedy.action, 0, remedy.why))
        else:
            actions.append(RecommendedAction(remedy.action, 0, remedy.why, remedy.condition))
    tried = {str(name) for item in facts.of("recurrence") for name in item.details.get("actions", [])}
    # A problem that comes back as the world goes on is met by training again, where a trial shows that it helps.
    shown = bool(facts.helped) and bool(actions) and trains(actions[0].action)
    if actions and not shown and actions[0].action in tried and not hands_over(actions[0].action):
        why = f"{actions[0].action.replace('_', ' ').capitalize()} was tried before and the problem came back."
        actions = [action for action in actions if not hands_over(action.action)]
        actions.append(RecommendedAction(handing_over(), 0, why, "if the problem comes back again"))
    ordered = tuple(replace(action, priority=place) for place, action in enumerate(actions, start=1))
    doubt = doubt_of_training(facts.of("finding"), confirmed=facts.loss_lasts)
    return without_harm(ordered, doubt, rival, not_normal=doubt_of_new_normal(facts.of("finding")))
