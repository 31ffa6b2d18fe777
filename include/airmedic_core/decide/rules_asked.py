"""The rules that an action is asked about before it is chosen, in their order, so that a record can be read back.

A decision records the first rule that stops an action. Those before it had nothing against the action, and those after
it were not asked: both follow from the order, which is that of :mod:`airmedic_core.decide.propose`,
:mod:`airmedic_core.decide.limits` and :mod:`airmedic_core.decide.decide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airmedic_core.actions import StoppedBy, trains
from airmedic_core.decide.kill_switch import stopped_by
from airmedic_core.decide.limits import exempt
from airmedic_core.decide.rejections import REJECTED
from airmedic_core.policy import Limits

Scope = Literal["always", "unless_nothing_stops", "unless_exempt", "if_it_trains", "if_it_asks"]
"""The actions that a rule is about."""


@dataclass(frozen=True)
class Rule:
    """One rule that actions are asked about."""

    name: str
    """The name under which an objection is on record."""
    question: str
    """The rule as a question that is answered with yes where it lets the action through."""
    scope: Scope = "unless_exempt"


RULES: tuple[Rule, ...] = (
    Rule("policy", "Do the policy's permissions allow it?", "always"),
    Rule("autonomy", "May Airmedic go so far for what called for it?", "unless_nothing_stops"),
    Rule("kill_switch", "Is the kill switch off?", "unless_nothing_stops"),
    Rule("policy_switch", "Is the policy's own switch off?", "unless_nothing_stops"),
    Rule("freeze", "Are changes not frozen?"),
    Rule("breaker", "Has it not failed too often in a row?"),
    Rule("cooldown", "Is the last one on this model long enough ago?"),
    Rule("attempts_per_incident", "Was it not tried too often for this incident?"),
    Rule("actions_per_day", "Is the model within its actions for a day?"),
    Rule("actions_per_day_fleet", "Are all models within their actions for a day?"),
    Rule("training_minutes_per_day", "Is the model within its minutes of training for a day?", "if_it_trains"),
    Rule("training_minutes_per_day_fleet", "Are all models within their minutes of training?", "if_it_trains"),
    Rule("concurrent_actions", "Do few enough actions run at the moment?"),
    Rule("plan", "Can it be planned?", "always"),
    Rule("path", "Can a remediation begin with it?", "always"),
    Rule(REJECTED, "Was the same question not rejected a short while ago?", "if_it_asks"),
)
"""In the order in which they are asked. The first that stops an action ends the questions about it."""


def rules_asked(action: str, limits: Limits, *, asks: bool) -> tuple[Rule, ...]:
    """Return the rules that an action has to pass, in their order.

    Parameters
    ----------
    action : str
        The action.
    limits : Limits
        The policy's limits: they say which actions are exempt.
    asks : bool
        Whether people are asked about it: only questions can have been rejected before.

    Examples
    --------
    >>> [rule.name for rule in rules_asked("escalate", Limits(), asks=False)]
    ['policy', 'plan', 'path']
    >>> [rule.name for rule in rules_asked("rollback", Limits(), asks=True)]
    ['policy', 'autonomy', 'kill_switch', 'policy_switch', 'plan', 'path', 'rejected']
    """
    is_stopped = stopped_by(action) is not StoppedBy.NOTHING
    is_limited = not exempt(limits, action)
    holds: dict[Scope, bool] = {
        "always": True,
        "unless_nothing_stops": is_stopped,
        "unless_exempt": is_limited,
        "if_it_trains": is_limited and trains(action),
        "if_it_asks": asks,
    }
    return tuple(rule for rule in RULES if holds[rule.scope])
