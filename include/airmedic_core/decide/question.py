"""What a person has to know before answering a proposal, in the order in which it is read.

Airflow's Required Actions and the page show the same facts: both take them from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.decide.in_words import changes, undoing, without_a_yes
from airmedic_core.numbers import measure_name, number
from airmedic_core.records import Diagnosis, GateResult, Incident, Permission, Proposal, from_json
from airmedic_core.reports.gate_words import meaning, short
from airmedic_core.reports.text import day, duration

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec

_LOOKED_AT = 10
"""Newest windows in which the incident's are looked for."""


@dataclass(frozen=True)
class Fact:
    """One thing to know, with the word that it stands under."""

    name: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it on one line."""
        return " ".join(self.sentences)


def facts_of(ledger: Ledger, spec: ModelSpec, proposal: Proposal) -> tuple[Fact, ...]:
    """Return what happened, what changes, its worth, what follows without a yes, how it is undone, and who may answer.

    The texts name private columns where the record does; what shows them leaves these out.

    Parameters
    ----------
    ledger : Ledger
        Where the incident is recorded.
    spec : ModelSpec
        The model.
    proposal : Proposal
        What people are asked about.
    """
    incident = ledger.incident(proposal.incident_id)
    standing = next((diagnosis for diagnosis, stands in reversed(ledger.diagnoses(incident.id)) if stands), None)
    # What speaks for a version that was compared is the comparison, which is its worth.
    why = () if proposal.params.get("gate") else (Fact("Why this", (proposal.reason,)),)
    changed = tuple(f"{line.rstrip('. ')}." for line in changes(proposal)) or ("Nothing that serves now.",)
    return (
        Fact("What happened", tuple(_happened(ledger, spec, incident, standing))),
        Fact("What changes", changed),
        *why,
        Fact("What it is worth", (_worth(proposal),)),
        Fact("If rejected or not answered", (without_a_yes(proposal),)),
        Fact("How it is undone", (undoing(proposal),)),
        Fact("Who may answer", tuple(_answerers(spec, proposal))),
    )


def _happened(ledger: Ledger, spec: ModelSpec, incident: Incident, standing: Diagnosis | None) -> Iterator[str]:
    """Yield the likeliest cause, and what it costs in the incident's newest window; else what the headline says."""
    first = standing.causes[0] if standing and standing.causes else None
    if first is None or not first.cause.is_specific:
        yield incident.headline
        return
    sure = number(round(first.confidence, 2), "fraction")
    title = first.cause.traits.title
    yield f"{title[0].upper()}{title[1:]} ({first.cause.words}, {sure} sure)."
    # Before the colon the headline says what the cause says.
    yield _lost(ledger, spec, incident) or incident.headline.rpartition(": ")[2]


def _lost(ledger: Ledger, spec: ModelSpec, incident: Incident) -> str:
    """Return how far the metric is beyond what is accepted; empty where it is not, or was not measured."""
    for seen in ledger.batches(incident.model, limit=_LOOKED_AT):
        if seen.batch.id not in incident.batch_ids:
            continue
        measured = summarise(ledger.findings(seen.batch.id), spec.metric)
        value, limit = measured.metric_value, measured.metric_limit
        if value is None or limit is None or measured.metric_name is None:
            continue
        falls, way = (value < limit, "at least") if measured.metric_higher_is_better else (value > limit, "at most")
        if not falls:
            return ""
        where = f"in {day(seen.batch.window)}"
        return f"{measure_name(measured.metric_name)} is {short(value)} {where}; {way} {short(limit)} is accepted."
    return ""


def _worth(proposal: Proposal) -> str:
    """Return what it is worth: what the picture of two versions means, or what was expected when it was proposed."""
    gate = proposal.params.get("gate")
    return (meaning(from_json(GateResult, gate)) if isinstance(gate, dict) else "") or proposal.expected


def _answerers(spec: ModelSpec, proposal: Proposal) -> Iterator[str]:
    """Yield who has been asked, who is asked later, and how many have to approve."""
    asked = ", ".join(spec.approvers) or "Everybody whom Airflow lets answer"
    later = ""
    if spec.approval.second_tier:
        wait = duration(spec.approval.escalate_after_seconds)
        later = f"; after {wait} also {', '.join(spec.approval.second_tier)}"
    yield f"{asked} (asked {proposal.created_at:%-d %b, %H:%M} UTC){later}."
    needed = max(proposal.needed, 2 if proposal.permission is Permission.ASK_TWO else 1)
    people = {1: "One approval is enough.", 2: "Two different people have to approve."}
    yield people.get(needed, f"{needed} different people have to approve.")
    if proposal.one_of:
        yield f"Among them has to be somebody of {' and '.join(proposal.one_of)}."
