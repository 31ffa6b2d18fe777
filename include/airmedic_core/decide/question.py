"""What a person has to know before answering a proposal, in the order in which it is read.

Airflow's Required Actions and the page show the same facts: both take them from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.assess.headline import parts_of
from airmedic_core.decide.in_words import changes, undoing, without_a_yes
from airmedic_core.decide.incident_metric import incident_metric
from airmedic_core.numbers import measure_name, number
from airmedic_core.records import Diagnosis, GateResult, Incident, Proposal, from_json
from airmedic_core.reports.gate_words import meaning, short
from airmedic_core.reports.text import duration

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec


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
    """Return why, what changes, its worth, what follows without a yes, how it is undone, and who may answer.

    Of a version that was compared it is also told how people will know whether it does better.

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
    standing = ledger.standing_diagnosis(incident.id)
    changed = tuple(f"{line.rstrip('. ')}." for line in changes(proposal)) or ("Nothing that serves now.",)
    # What speaks for a version that was compared is the comparison, which is its worth.
    why = Fact("Why this", (proposal.reason,))
    if proposal.params.get("gate"):
        changed, watched = changed[:1], changed[1:]
        why = Fact("How we will know", watched)
    return (
        Fact("Why", tuple(_happened(ledger, spec, incident, standing))),
        Fact("What changes", changed),
        *([why] if why.text else []),
        Fact("What it is worth", tuple(_worth(ledger, spec, proposal))),
        Fact("If rejected or not answered", (without_a_yes(),)),
        Fact("How it is undone", (undoing(proposal),)),
        Fact("Who may answer", tuple(_answerers(spec, proposal))),
    )


def _happened(ledger: Ledger, spec: ModelSpec, incident: Incident, standing: Diagnosis | None) -> Iterator[str]:
    """Yield what is lost in the incident's newest window, and the likeliest cause; else what the headline says."""
    first = standing.causes[0] if standing and standing.causes else None
    if first is None or not first.cause.is_specific:
        yield incident.headline
        return
    sure = number(round(first.confidence, 2), "fraction")
    title = first.cause.traits.title
    # Before the colon the headline says what the cause says.
    yield _lost(ledger, spec, incident) or parts_of(incident.headline)[1] or incident.headline
    yield f"{title[0].upper()}{title[1:]} ({first.cause.words}, {sure} sure)."


def _lost(ledger: Ledger, spec: ModelSpec, incident: Incident) -> str:
    """Return how far the metric is beyond what is accepted; empty where it is not, or was not measured."""
    measured = incident_metric(ledger, spec, incident)
    if measured is None or not measured.is_beyond:
        return ""
    told, way = ("rose", "at most") if measured.higher_is_better is False else ("fell", "at least")
    version = f" of version {measured.version}" if measured.version else ""
    value, limit = short(measured.value), short(measured.limit)
    return f"{measure_name(measured.name)} {told} to {value} in {measured.day}; {way} {limit} is accepted{version}."


def _worth(ledger: Ledger, spec: ModelSpec, proposal: Proposal) -> Iterator[str]:
    """Yield what it is worth: what the picture of two versions means, or what was expected when it was proposed."""
    gate = proposal.params.get("gate")
    result = from_json(GateResult, gate) if isinstance(gate, dict) else None
    yield (meaning(result, spec.target) if result else "") or proposal.expected
    if result is None or result.champion_value is None:
        return
    measured = incident_metric(ledger, spec, ledger.incident(proposal.incident_id))
    # Without this, the value of the version in service in the picture seems to contradict the one above.
    if measured is not None and measured.name == result.metric:
        yield f"{short(measured.limit)} is of other rows: version {result.challenger} gets a level of its own."


def _answerers(spec: ModelSpec, proposal: Proposal) -> Iterator[str]:
    """Yield who has been asked, who is asked later, and how many have to approve."""
    asked = ", ".join(spec.approvers) or "Everybody whom Airflow lets answer"
    later = ""
    if spec.approval.second_tier:
        wait = duration(spec.approval.escalate_after_seconds)
        later = f"; after {wait} also {', '.join(spec.approval.second_tier)}"
    until = f"until {proposal.expires_at:%-d %b %Y, %H:%M} UTC"
    yield f"{asked} (asked {proposal.created_at:%-d %b, %H:%M} UTC), {until}{later}."
    people = {1: "One approval is enough.", 2: "Two different people have to approve."}
    yield people.get(proposal.needed, f"{proposal.needed} different people have to approve.")
    if proposal.one_of:
        yield f"Among them has to be somebody of {' and '.join(proposal.one_of)}."
