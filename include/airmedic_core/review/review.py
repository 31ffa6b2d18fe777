"""The review of one model: what critic and analyst suggest becomes proposals that people answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airmedic_core.incident_lifecycle import incident_without_alarm
from airmedic_core.records import Cause, Incident, Json, Proposal, digest
from airmedic_core.review.analyst import analyse
from airmedic_core.review.critic import holding, questions
from airmedic_core.review.option import Value
from airmedic_core.review.packet import review_packet
from airmedic_core.review.roles import Opinion, criticise, propose_expectation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airmedic_core.diagnose.language_model import LanguageModel
    from airmedic_core.diagnose.token_budget import Budget
    from airmedic_core.workspace import Workspace

REVIEW = "review"
WEEKLY = "the weekly review"
AFTER_FALSE_ALARMS = "the review after false alarms"
VALID_FOR = timedelta(days=90)
"""After this the old value holds again, unless the change is proposed and accepted once more."""
_NOT_AGAIN_WITHIN = timedelta(days=60)
"""A question that people answered is not asked again so soon."""
_EXPECTATION = "quality.expectations."


class Change(Protocol):
    """A change to one key of the model spec or policy, with what it would have done."""

    @property
    def key(self) -> str:
        """Its key in the model spec or policy."""
        ...

    @property
    def value(self) -> Value | Json:
        """Return what would stand there."""
        ...

    @property
    def sentence(self) -> str:
        """The change and its effect in words."""
        ...


@dataclass(frozen=True)
class Review:
    """Holds what a review proposes. One change of each kind at a time, so that its effect can be seen."""

    incident_id: str = ""
    """The record of the review; empty where there is nothing to say."""
    setting: Proposal | None = None
    expectation: Proposal | None = None
    upstream: tuple[str, ...] = ()
    """Says what to mend in the pipeline that delivers the rows, for people."""


def review(
    ws: Workspace,
    run_id: str,
    *,
    now: datetime,
    model: LanguageModel | None = None,
    budget: Budget | None = None,
    occasion: str = WEEKLY,
) -> Review:
    """Look back at the last windows, and propose what would have served better.

    A review that was made before, under the same run id, is returned as it was. What people answered lately, and what
    was recommended before, is not said again.

    Parameters
    ----------
    ws : Workspace
        The model.
    run_id : str
        The run that makes the review: the same run is the same review.
    now : datetime
        The moment of the review.
    model : LanguageModel, optional
        Chooses as well, where the rules have found something; see :mod:`airmedic_core.review.roles`.
    budget : Budget, optional
        What may be spent on it.
    occasion : str
        Why it is made, for the record.

    Raises
    ------
    LedgerError
        If the ledger is busy. A retry helps.
    """
    earlier = reviews(ws)
    mine = next((past for past in earlier if past.resolution.get("run_id") == run_id), None)
    if mine is not None and mine.resolution.get("complete"):
        return _recorded(ws, mine)
    answered, said = _answered(ws, earlier, now), _said(ws, [past for past in earlier if past is not mine])
    asked, analysis = questions(ws), analyse(ws)
    settings = [change for change in holding(asked) if _asked(change) not in answered]
    expectations = [change for change in analysis.expectations if _asked(change) not in answered]
    upstream = {
        fault.key: fault.recommendation(ws.spec.upstream_dag) for fault in analysis.faults if fault.key not in said
    }
    count = bool(settings) + bool(expectations)
    if not count and not upstream:
        return Review()
    incident = mine or ws.ledger.open_incident(_incident(ws, run_id, count, len(upstream), now, occasion))
    evidence = review_packet(incident.id, ws.spec.name, asked, replace(analysis, expectations=tuple(expectations)))
    ws.ledger.record_packet(evidence.packet)
    if upstream:
        told = " ".join(upstream.values())
        ws.ledger.record_decision(
            incident.id, path="recommend", proposal_hash=None, reason=told, details={"upstream": upstream}
        )
    if settings:
        _decide(ws, incident.id, criticise(ws, evidence, settings[0], model, budget), now)
    if expectations:
        _decide(ws, incident.id, propose_expectation(ws, evidence, expectations[0], model, budget), now)
    incident = ws.ledger.move_incident(
        incident.id, incident.state, resolution={**incident.resolution, "complete": True}
    )
    return _recorded(ws, incident)


def _decide(ws: Workspace, incident_id: str, opinion: Opinion[Any], now: datetime) -> None:
    if opinion.record:
        ws.ledger.record_decision(
            incident_id,
            path="recommend",
            proposal_hash=None,
            reason=opinion.note,
            details={"second_opinion": opinion.record},
        )
    _propose(ws, incident_id, opinion.change, opinion.note, now)


def _propose(ws: Workspace, incident_id: str, change: Change, note: str, now: datetime) -> None:
    from airmedic_core.actions import of_reviews
    from airmedic_core.decide.propose import propose
    from airmedic_core.errors import PolicyError

    until = (now + VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    params = {"key": change.key, "value": change.value, "expires_at": until.isoformat()}
    expected = f"Until {until:%Y-%m-%d}: {change.sentence}"
    try:
        # Proposals of one moment stand side by side; a later one would replace them.
        propose(ws, incident_id, of_reviews(), params, expected, f"{change.sentence} {note}".strip(), now=now)
    except PolicyError:
        # The refusal is on record as a decision; the other suggestions are still worth making.
        return


def _recorded(ws: Workspace, incident: Incident) -> Review:
    proposals = ws.ledger.proposals(incident.id)
    expectation = next((proposal for proposal in proposals if proposal.params["key"].startswith(_EXPECTATION)), None)
    setting = next((proposal for proposal in proposals if proposal is not expectation), None)
    return Review(incident.id, setting, expectation, tuple(_said(ws, [incident]).values()))


def _incident(ws: Workspace, run_id: str, changes: int, faults: int, now: datetime, occasion: str) -> Incident:
    seen = ws.ledger.batches(ws.spec.name, limit=1)
    headline = f"Review: {changes} to decide, {faults} to mend upstream"
    resolution = {"requested": REVIEW, "requested_by": occasion, "run_id": run_id}
    return incident_without_alarm(
        ws, seen[0].batch if seen else None, headline, resolution, cause=Cause.HEALTHY, now=now
    )


def reviews(ws: Workspace) -> list[Incident]:
    """Return the records of a model's reviews, newest first."""
    return [
        incident
        for incident in ws.ledger.incidents(ws.spec.name, limit=200)
        if incident.resolution.get("requested") == REVIEW
    ]


def _answered(ws: Workspace, earlier: Iterable[Incident], now: datetime) -> set[str]:
    """Return what earlier reviews asked not long ago."""
    recent = [past for past in earlier if now - past.opened_at <= _NOT_AGAIN_WITHIN]
    return {
        digest([proposal.params["key"], proposal.params["value"]])
        for past in recent
        for proposal in ws.ledger.proposals(past.id)
        if ws.ledger.approvals(proposal.hash)
    }


def _asked(change: Change) -> str:
    return digest([change.key, change.value])


def _said(ws: Workspace, earlier: Iterable[Incident]) -> dict[str, str]:
    """Return what earlier reviews recommended to mend upstream, by fault."""
    decisions = [decision for past in earlier for decision in ws.ledger.decisions(past.id)]
    return {key: said for decision in decisions for key, said in decision["details"].get("upstream", {}).items()}
