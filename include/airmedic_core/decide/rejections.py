"""Rejections: what somebody has rejected is not asked again while nothing has changed and its snooze lasts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.causes import Cause, Severity
from airmedic_core.decide.objection import Objection
from airmedic_core.records import Approval, Diagnosis, Incident, Json, Permission, Proposal, digest

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

RESTS_ON = "rests_on"
"""Key in the details of a decision: hash of each question that it asks → what the question rests on."""

ALERTS = "alerts"
"""Key in what a question rests on: the findings that decided → size of their effect."""

REJECTED = "rejected"
"""Says what stops a question that was rejected before."""

UNLESS_SAID = timedelta(days=7)
"""Sets how long a rejection holds where nothing is chosen: a problem that comes back within a week is the same problem.
"""

_LONGEST = timedelta(days=30)
"""The longest snooze. After a month a question is asked once more."""

CHOICES = ("4 hours", "1 day", "3 days", "7 days", "14 days", "30 days")
"""The snoozes that the form offers."""

_GROWN = 1.5
"""Says from which ratio of its effects on an alert has clearly grown: by half, which windows of the same problem seldom
differ by."""

_SPAN = re.compile(r"(\d{1,4}) (hour|day)s?")
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Rejection:
    """Holds what somebody has rejected, and why."""

    proposal: Proposal
    answer: Approval

    @property
    def until(self) -> datetime:
        """Until when the same question is not asked again."""
        return self.answer.snooze_until or self.answer.at + UNLESS_SAID

    def __str__(self) -> str:
        """Return who rejected it, when and why."""
        said = f": {self.answer.comment}" if self.answer.comment else ", without a reason"
        return f"{self.answer.by} rejected {self.proposal.action} on {self.answer.at:%Y-%m-%d %H:%M} UTC{said}"


def snooze_until(text: str, *, at: datetime) -> datetime:
    """Return the end of a snooze that is written as in the form; of anything else, the end of the usual one.

    >>> from datetime import UTC
    >>> snooze_until("3 days", at=datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-04T00:00:00+00:00'
    >>> snooze_until("9999 days", at=datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-31T00:00:00+00:00'
    """
    written = _SPAN.fullmatch(text.strip())
    if written is None:
        return at + UNLESS_SAID
    count, unit = int(written[1]), written[2]
    return at + min(timedelta(hours=count) if unit == "hour" else timedelta(days=count), _LONGEST)


def rests_on(ws: Workspace, incident: Incident, diagnosis: Diagnosis | None, action: str, params: Json) -> Json:
    """Return what a question rests on: while none of it changes, it is the same question.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident.
    diagnosis : Diagnosis or None
        The diagnosis that stands.
    action : str
        The action.
    params : dict
        What it is to be carried out with. Windows move on from day to day and are no change; a version is.
    """
    seen = ws.ledger.batches(incident.model, limit=1)
    return {
        "action": action,
        "cause": (diagnosis.cause if diagnosis else incident.cause).value,
        "severity": incident.severity.value,
        "fingerprint": incident.fingerprint,
        "serving": seen[0].model_version if seen else None,
        "version": str(params.get("version") or ""),
        "method": str(params.get("method") or ""),
        ALERTS: alerts_of(ws, incident),
    }


def alerts_of(ws: Workspace, incident: Incident) -> dict[str, float | None]:
    """Return the findings that decided on the newest batch of an incident: key → size of its effect, strongest first.

    An effect that is no number is None. There is nothing of an incident that no batch has opened. The key of a finding
    on a private column is a digest: reports show what a question rests on, and a segment's name holds a value.
    """
    newest = ws.ledger.assessment(incident.batch_ids[-1]) if incident.batch_ids else None
    if newest is None:
        return {}
    findings = {finding.key: finding for finding in ws.ledger.findings(newest.batch_id)}
    alerts: dict[str, float | None] = {}
    for key in newest.finding_keys:
        finding = findings.get(key)
        is_shown = finding is not None and not ws.spec.is_private(finding.subject)
        effect = None if finding is None else finding.effect
        alerts[key if is_shown else digest(key)] = None if effect is None else abs(effect)
    return alerts


def rejected_before(ws: Workspace, basis: Json, permission: Permission, *, now: datetime) -> Objection | None:
    """Return an objection where somebody has rejected the same question, and it is not to be asked again yet.

    Parameters
    ----------
    ws : Workspace
        The model.
    basis : dict
        What the question rests on.
    permission : Permission
        What the policy says of it now. If it said something else then, another question was asked.
    now : datetime
        The moment.
    """
    for rejection in rejections(ws, str(basis["action"]), now=now):
        before = basis_of(ws, rejection.proposal)
        same = before is not None and is_same_question(before, basis) and rejection.proposal.permission is permission
        if same and now < rejection.until:
            until = f"{rejection.until:%Y-%m-%d %H:%M} UTC"
            return Objection(
                REJECTED, f"{rejection}. It is asked again after {until}, or once what it rests on has changed."
            )
    return None


def rejections(ws: Workspace, action: str, *, now: datetime) -> list[Rejection]:
    """Return the rejections of an action of the model that may still matter, newest first.

    Parameters
    ----------
    ws : Workspace
        The model.
    action : str
        The action's name.
    now : datetime
        The moment: older rejections than the longest snooze matter no more.
    """
    since = now - _LONGEST
    rejected = ws.ledger.rejections(ws.spec.name, since=since)
    return [Rejection(proposal, answer) for proposal, answer in rejected if proposal.action == action]


def told_before(ws: Workspace, proposal: Proposal) -> list[str]:
    """Return who has rejected the action of a proposal before, and why: what people who are asked again should know."""
    earlier = rejections(ws, proposal.action, now=proposal.created_at)
    return [f"{rejection}." for rejection in earlier if rejection.proposal.hash != proposal.hash][:_MOST_SHOWN]


def basis_of(ws: Workspace, proposal: Proposal) -> Json | None:
    """Return what a proposal rested on, as it was recorded with the decision; nothing where it was not."""
    for decision in ws.ledger.decisions(proposal.incident_id):
        if basis := decision["details"].get(RESTS_ON, {}).get(proposal.hash):
            return dict(basis)
    return None


def is_same_question(before: Json, now: Json) -> bool:
    """Return whether nothing has changed. A problem that has become smaller is no news.

    An alarm that nothing explains is the same only where the same findings alert: its cause says nothing of it.
    """
    compared = now.keys() - {"severity", ALERTS}
    if any(before.get(key) != now[key] for key in compared):
        return False
    if Severity(now["severity"]).order > Severity(before["severity"]).order:
        return False
    known, alerts = before.get(ALERTS, {}), now.get(ALERTS, {})
    if now.get("cause") == Cause.UNKNOWN and not alerts.keys() <= known.keys():
        return False
    return not any(_has_grown(known[key], effect) for key, effect in alerts.items() if key in known)


def _has_grown(before: float | None, now: float | None) -> bool:
    """Return whether an effect has clearly grown. One that can be measured on one side only counts as grown."""
    if before is None or now is None:
        return before is not now
    return now > before and now >= _GROWN * before
