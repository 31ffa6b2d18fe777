"""Proposals: an action that policy and limits let through, recorded with what it may do and for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.actions import Action, StoppedBy, known_action
from airmedic_core.decide.alarm import Quiet, quiet_alarm
from airmedic_core.decide.limits import objection
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.request import LEFT_TO_DIAGNOSIS, UNNAMED
from airmedic_core.errors import PolicyError
from airmedic_core.numbers import percent
from airmedic_core.policy import Policy, Trigger, Verification, environment_of, policy_of, stricter
from airmedic_core.records import TAKES_BACK, Diagnosis, Incident, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

POLICY_AUTHOR = "policy"
"""The name on record for an approval that needs no person."""

_RULES = "rules"
REVIEWED = "review"
"""Says how the incident of a review says what asked for it."""
_SAYS = {
    Permission.AUTO: "allows it without asking",
    Permission.ASK: "wants an approval",
    Permission.ASK_TWO: "wants two approvals",
    Permission.RECOMMEND: "lets it be recommended, no more,",
}


@dataclass(frozen=True)
class Standing:
    """Says how far a decision may rely on what is known of an incident."""

    verification: Verification
    hesitant: bool
    """Says whether a language model is too unsure to act without being asked."""
    why: str
    requested_by: str = ""
    """The person who requests the action in place of a diagnosis; empty where a diagnosis calls for the action."""
    recommended: frozenset[str] = frozenset()
    """The actions that the diagnosis recommends without a condition."""
    doubt: str = ""
    """Says why only what protects may happen without asking, whatever the policy allows; empty where nothing does."""

    @classmethod
    def of(cls, diagnosis: Diagnosis | None, policy: Policy, *, requested_by: str = "") -> Standing:
        """Return how far a diagnosis, and a person who asks for the action, may be relied on.

        Parameters
        ----------
        diagnosis : Diagnosis or None
            The one that stands, if there is one.
        policy : Policy
            What the team allows.
        requested_by : str
            The person who asks for the action; empty where a diagnosis calls for it.
        """
        asked = f"{requested_by} asks for it" if requested_by else ""
        if diagnosis is None:
            return cls("unverified", hesitant=False, why=asked or "there is no diagnosis", requested_by=requested_by)
        hesitant = diagnosis.engine != _RULES and diagnosis.confidence < policy.min_confidence_for_auto
        why = f"the cause ({diagnosis.cause.words}) is {diagnosis.status}"
        if hesitant:
            why += f", but {diagnosis.engine} is only {percent(diagnosis.confidence)} sure"
        recommended = frozenset(known.action for known in diagnosis.actions if not known.condition)
        return cls(diagnosis.status, hesitant, asked or why, requested_by, recommended, _doubt(diagnosis, policy))

    def verification_for(self, action: str) -> Verification:
        """Return whether a verified cause calls for an action; one that somebody asks for may have another cause."""
        if self.requested_by and (self.hesitant or action not in self.recommended):
            return "unverified"
        return self.verification


def _doubt(diagnosis: Diagnosis, policy: Policy) -> str:
    """Return why the cause is too unsure for what changes something; a language model that disagrees is a reason."""
    if diagnosis.doubted_by:
        return f"{diagnosis.doubted_by} does not agree with the diagnosis"
    if diagnosis.confidence < policy.min_confidence_for_auto:
        return f"the diagnosis is only {percent(diagnosis.confidence)} sure of the cause"
    return ""


@dataclass(frozen=True)
class Allowance:
    """Holds what the policy lets happen, and on which terms."""

    permission: Permission
    reason: str
    vouched_by: str = ""
    """The person whose word stands in for a verified cause; empty where the policy needs none for this permission."""
    one_of: tuple[str, ...] = ()
    """The groups of each of which somebody has to approve."""
    approvals: int = 0
    """Says how many different people have to approve, where the rule wants more than the permission says."""
    changed: str = ""
    """Says what is different from when the action was called for: its alarm has gone quiet."""


def permitted(
    ws: Workspace,
    policy: Policy,
    incident: Incident,
    action: str,
    standing: Standing,
    *,
    now: datetime,
    quiet: Quiet | None = None,
) -> Allowance | Objection:
    """Return what is allowed of an action, or what stops the action.

    Parameters
    ----------
    ws : Workspace
        The model.
    policy : Policy
        What the team allows.
    incident : Incident
        The incident that the action serves.
    action : str
        The action's name.
    standing : Standing
        How far what is known of the incident may be relied on.
    now : datetime
        The moment.
    quiet : Quiet, optional
        The window that shows that its alarm has gone quiet, if one does.
    """
    verdict = allowed(ws, policy, incident, action, standing, quiet)
    if isinstance(verdict, Objection):
        return verdict
    stopped = objection(
        ws.ledger,
        policy,
        model=incident.model,
        environment=environment_of(ws),
        action=action,
        incident_id=incident.id,
        now=now,
        switches=ws.switches,
    )
    return stopped or verdict


def allowed(
    ws: Workspace, policy: Policy, incident: Incident, action: str, standing: Standing, quiet: Quiet | None = None
) -> Allowance | Objection:
    """Return what the policy allows of an action, with its reason, or the rule that denies it.

    Parameters
    ----------
    ws : Workspace
        The model.
    policy : Policy
        What the team allows.
    incident : Incident
        The incident that the action serves.
    action : str
        The action's name.
    standing : Standing
        How far what is known of the incident may be relied on.
    quiet : Quiet, optional
        The window that shows that its alarm has gone quiet, if one does.
    """
    environment = environment_of(ws)
    permission, vouched_by = ruled(policy, action, environment, standing)
    if permission is Permission.DENY:
        return Objection("policy", f"The policy denies {action} in {environment} where {standing.why}.")
    member, trigger, changed = known_action(action), _trigger(incident, standing), ""
    if member is None or member.stopped_by is not StoppedBy.NOTHING:
        capped = policy.capped(permission, trigger)
        if capped is Permission.DENY:
            return Objection("autonomy", f"The policy only observes what comes by {trigger} (autonomy).")
        permission = capped
        if quiet is not None:
            permission, changed = policy.capped(permission, "quiet"), str(quiet)
            if permission is Permission.DENY:
                return Objection("autonomy", f"{quiet} The policy only observes then (autonomy.quiet).")
    lowered = permission is Permission.AUTO and bool(standing.doubt) and not _protects(member)
    if permission is Permission.AUTO and (standing.hesitant or lowered):
        permission = Permission.ASK
    verification = "verified" if vouched_by else standing.verification_for(action)
    wanted = policy.required_approvals(action, environment, verification)
    approvals = wanted if wanted > permission.people > 0 else 0
    says = f"wants {approvals} approvals" if approvals else _SAYS[permission]
    reason = f"The policy for {environment} {says} where {standing.why}."
    if lowered and not standing.hesitant:
        reason += f" People are asked because {standing.doubt}."
    if vouched_by:
        reason += f" {vouched_by}'s word stands in for a verified cause, so that somebody else has to approve it."
    groups = policy.required_groups(action, environment, verification)
    if (
        permission is Permission.ASK
        and not (approvals or groups or changed)
        and _asked_later(ws, policy, incident, action, standing)
    ):
        reason = "A trial in the shadow has done it already and shown that it helps: you are asked about what follows."
        return Allowance(Permission.AUTO, reason)
    return Allowance(permission, reason, vouched_by, groups, approvals, changed)


def _protects(member: Action | None) -> bool:
    """Return whether an action only protects or tells: it changes nothing in production, and no limit stops it."""
    return member is not None and not member.changes_production and member.stopped_by is not StoppedBy.LIMITS


def _asked_later(ws: Workspace, policy: Policy, incident: Incident, action: str, standing: Standing) -> bool:
    """Return whether the question can be spared, because a trial has done the same and people are asked what follows.

    Not where a person asks for it, where a language model is too unsure, or where the policy is not to act by itself.
    """
    explore = policy.explore
    if explore.asks_to_train or standing.requested_by or standing.hesitant:
        return False
    member, trigger = known_action(action), _trigger(incident, standing)
    if member is None or member.changes_production or policy.capped(Permission.AUTO, trigger) is not Permission.AUTO:
        return False
    return explore.allowed_in(environment_of(ws)) and member.tried_already(ws, incident)


def ruled(policy: Policy, action: str, environment: str, standing: Standing) -> tuple[Permission, str]:
    """Return what the rules say, and the person whose word stands in for a verified cause, if anybody's has to.

    It does so only where somebody else approves, and never for what happens without being asked.

    Parameters
    ----------
    policy : Policy
        The rules.
    action : str
        The action.
    environment : str
        The name of this installation's environment.
    standing : Standing
        What is known of the cause, and who asks.
    """
    ruled = policy.permission(action, environment, standing.verification_for(action))
    if standing.requested_by.lower() in {"", UNNAMED} or not policy.separates_duties(environment):
        return ruled, ""
    vouched = stricter(policy.permission(action, environment, "verified"), Permission.ASK)
    return (ruled, "") if stricter(vouched, ruled) is vouched else (vouched, standing.requested_by)


def _trigger(incident: Incident, standing: Standing) -> Trigger:
    if incident.resolution.get("requested") == REVIEWED:
        return "review"
    return "request" if standing.requested_by else "incident"


def record(
    ws: Workspace,
    incident: Incident,
    action: str,
    params: Json,
    expected: str,
    *,
    allowance: Allowance,
    now: datetime,
) -> Proposal:
    """Record a proposal, with the policy's own approval where nobody has to be asked.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident that the action serves.
    action : str
        The action's name.
    params : dict
        What it is carried out with.
    expected : str
        What it should improve, by how much and by when.
    allowance : Allowance
        What the policy lets happen of it, and why.
    now : datetime
        The moment of the proposal.
    """
    until, reason = now + timedelta(seconds=ws.spec.approval.expire_after_seconds), allowance.reason
    proposal = Proposal(
        incident.id, incident.model, action, params, expected, allowance.permission, reason, now, until,
        vouched_by=allowance.vouched_by, changed=allowance.changed,
        one_of=allowance.one_of, approvals=allowance.approvals,
    )  # fmt: skip
    proposal = ws.ledger.record_proposal(proposal)
    if proposal.permission is Permission.AUTO and not any(
        not a.refused_because for a in ws.ledger.approvals(proposal.hash)
    ):
        ws.ledger.answer_proposal(proposal.hash, "approve", by=POLICY_AUTHOR, at=now, channel="policy", comment=reason)
    return proposal


def propose(
    ws: Workspace,
    incident_id: str,
    action: str,
    params: Json,
    expected: str,
    why: str,
    *,
    now: datetime,
    always_asks: bool = False,
) -> Proposal:
    """Propose a further action of an incident, such as the deployment of a challenger that passed its gate.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident that it serves.
    action : str
        The action's name.
    params : Json
        What it is carried out with.
    expected : str
        What it should improve, by how much and by when.
    why : str
        One sentence; the policy's reason is added to it.
    now : datetime
        The moment of the proposal.
    always_asks : bool
        Whether people are asked although the policy allows it without asking.

    Raises
    ------
    PolicyError
        If the policy or a limit stops it. This is recorded as a decision. A retry does not help.
    """
    incident = ws.ledger.incident(incident_id)
    policy = policy_of(ws)
    diagnosis = ws.ledger.standing_diagnosis(incident_id)
    asked = incident.resolution
    # A person who asks for a diagnosis, or for whatever it recommends, does not vouch for it.
    requested_by = "" if asked.get("requested") in LEFT_TO_DIAGNOSIS else str(asked.get("requested_by", ""))
    standing = Standing.of(diagnosis, policy, requested_by=requested_by)
    # What is to be taken back is no remedy for an alarm, and neither is what a person asks for.
    alarmed = not requested_by and TAKES_BACK not in params
    quiet = quiet_alarm(ws, incident, diagnosis, action) if alarmed else None
    verdict = permitted(ws, policy, incident, action, standing, now=now, quiet=quiet)
    if isinstance(verdict, Objection):
        ws.ledger.record_decision(
            incident_id,
            path="recommend",
            proposal_hash=None,
            reason=verdict.reason,
            skipped=[verdict.against(action)],
        )
        raise PolicyError(verdict.reason, "Change the policy, or carry it out by hand.")
    allowance = replace(verdict, reason=f"{why} {verdict.reason}".strip())
    if always_asks and allowance.permission is Permission.AUTO:
        reason = f"{allowance.reason} People are asked all the same, because nothing has shown how it does."
        allowance = replace(allowance, permission=stricter(allowance.permission, Permission.ASK), reason=reason)
    return record(ws, incident, action, params, expected, allowance=allowance, now=now)
