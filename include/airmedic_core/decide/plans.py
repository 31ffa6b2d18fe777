"""What each action of a decision would be carried out with, or what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Path, hands_over, known_action
from airmedic_core.decide.alarm import quiet_alarm
from airmedic_core.decide.handed_over import handed_over_before
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.propose import Allowance, Standing, permitted
from airmedic_core.decide.rejections import rejected_before, rests_on
from airmedic_core.decide.request import Request
from airmedic_core.errors import AirmedicError
from airmedic_core.policy import Policy
from airmedic_core.records import Diagnosis, Incident, Json, Permission

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

ASKS = frozenset({Permission.ASK, Permission.ASK_TWO})
"""The permissions under which people are asked."""


@dataclass(frozen=True)
class Choice:
    """Holds what is known when the decision is made."""

    ws: Workspace
    incident: Incident
    diagnosis: Diagnosis | None
    policy: Policy
    standing: Standing
    request: Request
    now: datetime


@dataclass(frozen=True)
class Plan:
    """Holds what an action would be carried out with, where nothing stops it."""

    allowance: Allowance
    params: Json
    expected: str
    rehearsal: str
    path: Path
    basis: Json | None
    """Says what an answer of people rests on, where they are asked."""


class Plans:
    """Asks of each action once what may stop it, and plans it: before the draw where one explores, else in its turn."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._known: dict[str, Plan | Json] = {}

    def of(self, action: str) -> Plan | Json:
        """Return the plan of an action; else why it is passed over, as the decision records it."""
        if action not in self._known:
            self._known[action] = _planned(self._choice, action)
        return self._known[action]

    def can_be_carried_out(self, action: str) -> bool:
        """Return whether nothing stops an action."""
        return isinstance(self.of(action), Plan)

    def is_permitted(self, action: str) -> bool:
        """Return whether policy and limits let an action through; it is not planned for that."""
        return not isinstance(_permitted(self._choice, action), Objection)


def _permitted(choice: Choice, action: str) -> Allowance | Objection:
    quiet = None if choice.request.chooses else quiet_alarm(choice.ws, choice.incident, choice.diagnosis, action)
    return permitted(choice.ws, choice.policy, choice.incident, action, choice.standing, now=choice.now, quiet=quiet)


def _planned(choice: Choice, action: str) -> Plan | Json:
    """Return the plan of an action that nothing stops; else what does."""
    verdict = _permitted(choice, action)
    if isinstance(verdict, Objection):
        return verdict.against(action)
    try:
        params, expected = ACTIONS.member(action).plan(choice.ws, choice.incident, choice.diagnosis)
        rehearsal = ACTIONS.member(action).dry_run(choice.ws, params) if choice.request.dry_run else ""
    except AirmedicError as error:
        if error.transient:
            raise
        return {"action": action, "limit": "plan", "reason": str(error)}
    path = path_of(action, verdict.permission)
    if not path.begins:
        why = f"{action} follows a gate or another action, as its path {path.value} says."
        return {"action": action, "limit": "path", "reason": why}
    basis, asks = None, verdict.permission in ASKS
    if (asks or hands_over(action)) and not choice.request.chooses and not choice.request.dry_run:
        basis = rests_on(choice.ws, choice.incident, choice.diagnosis, action, params)
        if asks and (rejected := rejected_before(choice.ws, basis, verdict.permission, now=choice.now)):
            return rejected.against(action)
        if hands_over(action) and (known := handed_over_before(choice.ws, choice.incident, basis, now=choice.now)):
            return known.against(action)
    return Plan(verdict, params, expected, rehearsal, path, basis)


def path_of(name: str, permission: Permission) -> Path:
    """Return which way an action goes under a permission."""
    if permission is Permission.RECOMMEND:
        return Path.RECOMMEND
    action = known_action(name)
    path = Path.CHANGE if action is None else action.path
    asks = permission in ASKS
    # A path without an approval in front is left for one that has it. Nothing that is only told needs an approval.
    return Path.CHANGE if asks and not (path.asks or path is Path.RECOMMEND) else path
