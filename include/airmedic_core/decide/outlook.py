"""Says what a decision would choose for each cause if it was made now, and what would stop the other actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from airmedic_core.actions import hands_over, known_action
from airmedic_core.causes import Cause, CauseKind, Needs
from airmedic_core.decide.candidates import last_resorts, recommended
from airmedic_core.decide.explain import NO_INCIDENT
from airmedic_core.decide.limits import objection
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.propose import Standing, allowed
from airmedic_core.diagnose.remedies import remedies_of
from airmedic_core.learning import order
from airmedic_core.policy import VERIFICATIONS, Policy, Verification, environment_of
from airmedic_core.records import Diagnosis, Incident, IncidentState, Permission, RankedCause, RecommendedAction
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

Fate = Literal["chosen", "stopped", "not_reached", "conditional"]
"""Says what would become of an action: it is chosen, a rule stops it, an earlier choice stands, or nobody has checked
its condition yet.
"""

Stops = Callable[[str], Objection | None]
"""Returns what stops an action at the moment."""


@dataclass(frozen=True)
class Prospect:
    """One action that a decision would consider."""

    action: str
    fate: Fate
    reason: str
    """Says what the policy says of it, or what stops it."""
    rule: str = ""
    """The rule or limit that stops it."""
    why: str = ""
    """Why the cause calls for it."""
    condition: str = ""
    """Says when it applies, where that is for people to say."""
    permission: Permission | None = None
    approvals: int = 0
    """Says how many different people would have to approve it."""
    one_of: tuple[str, ...] = ()
    """The groups of each of which somebody would have to approve it."""


@dataclass(frozen=True)
class Outlook:
    """Holds what a decision on a cause would consider, in its order."""

    cause: Cause
    verification: Verification
    prospects: tuple[Prospect, ...]

    @property
    def chosen(self) -> Prospect | None:
        """The action that would be chosen; none where everything is stopped."""
        return next((prospect for prospect in self.prospects if prospect.fate == "chosen"), None)


def outlooks(ws: Workspace, policy: Policy, *, now: datetime) -> list[Outlook]:
    """Return what would be decided now for each cause, with its evidence verified and without.

    Nothing is planned, and no evidence is read: an incident's evidence can add conditions, call for another action
    first, or show that a remedy cannot be planned.

    Parameters
    ----------
    ws : Workspace
        The model.
    policy : Policy
        What the team allows.
    now : datetime
        The moment.
    """

    @cache
    def stops(action: str) -> Objection | None:
        return objection(
            ws.ledger,
            policy,
            model=ws.spec.name,
            environment=environment_of(ws),
            action=action,
            incident_id=NO_INCIDENT,
            now=now,
            switches=ws.switches,
        )

    causes = [cause for cause in Cause if cause.traits.kind is not CauseKind.HEALTHY]
    return [
        Outlook(cause, verification, tuple(_prospects(ws, policy, cause, verification, stops, now)))
        for cause in causes
        for verification in VERIFICATIONS
    ]


def _prospects(
    ws: Workspace, policy: Policy, cause: Cause, verification: Verification, stops: Stops, now: datetime
) -> Iterator[Prospect]:
    remedies = remedies_of(cause)
    if not ws.spec.upstream_dag:
        remedies = tuple(remedy for remedy in remedies if not _needs_upstream(cause, remedy))
    diagnosis = Diagnosis(
        NO_INCIDENT, "rules", (RankedCause(cause, 1.0),), cause.traits.severity, "", remedies, "", status=verification
    )
    standing = Standing.of(diagnosis, policy)
    why = {_stand_in(remedy.action, diagnosis): remedy.why for remedy in reversed(remedies)}
    considered = recommended(diagnosis)
    if policy.learning.mode == "on" and len(considered) > 1:
        # What is explored now and then is left out: it depends on the incident.
        steady = policy.learning.model_copy(update={"exploration_fraction": 0.0})
        considered = list(
            order(ws.ledger, cause, considered, steady, seed=NO_INCIDENT, folder=ws.settings.policies).actions
        )
    is_chosen = False
    for action in dict.fromkeys([*considered, *last_resorts()]):
        if is_chosen:
            if not hands_over(action):
                reason = "It would be tried if what comes before it was not allowed."
                yield Prospect(action, "not_reached", reason, why=why.get(action, ""))
            continue
        prospect = _judged(ws, policy, _incident(ws, cause, now), action, standing, stops, why.get(action, ""))
        is_chosen = prospect.fate == "chosen"
        yield prospect
    for remedy in remedies:
        if remedy.condition and remedy.action not in considered:
            reason = "Its condition is for people to judge, or for the evidence of an incident."
            yield Prospect(remedy.action, "conditional", reason, why=remedy.why, condition=remedy.condition)


def _judged(
    ws: Workspace, policy: Policy, incident: Incident, action: str, standing: Standing, stops: Stops, why: str
) -> Prospect:
    verdict = allowed(ws, policy, incident, action, standing)
    if not isinstance(verdict, Objection):
        verdict = stops(action) or verdict
    if isinstance(verdict, Objection):
        return Prospect(action, "stopped", verdict.reason, verdict.limit, why)
    return Prospect(
        action,
        "chosen",
        verdict.reason,
        why=why,
        permission=verdict.permission,
        approvals=max(verdict.approvals, verdict.permission.people),
        one_of=verdict.one_of,
    )


def _stand_in(action: str, diagnosis: Diagnosis) -> str:
    member = known_action(action)
    return (member.stand_in(diagnosis) if member else "") or action


def _needs_upstream(cause: Cause, remedy: RecommendedAction) -> bool:
    return any(known.action == remedy.action and known.needs is Needs.UPSTREAM for known in cause.traits.remedies)


def _incident(ws: Workspace, cause: Cause, now: datetime) -> Incident:
    """Return an incident that monitoring would open now; it is not recorded anywhere."""
    window = Window(now - timedelta(hours=1), now)
    return Incident(
        NO_INCIDENT, ws.spec.name, IncidentState.DIAGNOSED, cause.traits.severity, cause, "", "", window, now, (), now
    )
