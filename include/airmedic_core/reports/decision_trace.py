"""The decision trace: from what was seen to what became of it, as a graph that draws itself as Mermaid or a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from airmedic_core.numbers import measure_name
from airmedic_core.records import Approval, IncidentState, Permission, Proposal
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.in_service import tested_in
from airmedic_core.reports.text import duration, line, number

Kind = Literal["fact", "reasoning", "decision", "person", "action", "good", "bad"]

_COLOURS: dict[Kind, tuple[str, str]] = {
    "fact": ("#eef2f7", "#5b6b7f"),
    "reasoning": ("#f3effa", "#6b4fa0"),
    "decision": ("#fff6df", "#b07d00"),
    "person": ("#e3f1fb", "#1f6fa8"),
    "action": ("#ffffff", "#333333"),
    "good": ("#e5f5e8", "#2c7a3d"),
    "bad": ("#fbe7e6", "#b3261e"),
}
"""Fill and line colour of each kind of step."""

_ENDS: dict[str, Kind] = {"done": "good", "running": "action", "taking_back": "action"}


@dataclass(frozen=True)
class Step:
    """One box of the trace."""

    id: str
    kind: Kind
    title: str
    lines: tuple[str, ...] = ()

    @property
    def colours(self) -> tuple[str, str]:
        """Fill and line colour."""
        return _COLOURS[self.kind]


@dataclass
class Trace:
    """Steps in ranks from top to bottom, and the arrows between them."""

    ranks: list[list[Step]] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)

    def add(self, *steps: Step, after: list[str] | None = None) -> list[str]:
        """Append one rank of steps, with arrows from earlier steps to each of them; return their ids."""
        sources = after if after is not None else [step.id for step in (self.ranks[-1] if self.ranks else [])]
        self.ranks.append(list(steps))
        self.arrows += [(source, step.id) for source in sources for step in steps]
        return [step.id for step in steps]

    def reworded(self, change: Callable[[str], str]) -> Trace:
        """Return the same trace with every text changed."""
        ranks = [
            [replace(step, title=change(step.title), lines=tuple(map(change, step.lines))) for step in rank]
            for rank in self.ranks
        ]
        return Trace(ranks, self.arrows)

    def mermaid(self) -> str:
        """Return the trace as a Mermaid flowchart."""
        lines = ["flowchart TD"]
        for step in (step for rank in self.ranks for step in rank):
            text = "<br/>".join([f"<b>{_label(step.title)}</b>", *(_label(text) for text in step.lines)])
            lines.append(f'  {step.id}["{text}"]:::{step.kind}')
        lines += [f"  {source} --> {target}" for source, target in self.arrows]
        lines += [
            f"  classDef {kind} fill:{fill},stroke:{stroke},color:#1b1f24" for kind, (fill, stroke) in _COLOURS.items()
        ]
        return "\n".join(lines) + "\n"


def decision_trace(dossier: Dossier) -> Trace:
    """Return how an incident went from its evidence to its end."""
    trace = Trace()
    _observed(trace, dossier)
    last = _decided(trace, dossier, _diagnosed(trace, dossier))
    for index, proposal in enumerate(dossier.proposals, start=1):
        last = _proposed(trace, dossier, proposal, index, last)
    incident = dossier.incident
    if incident.closed_at is not None:
        good = incident.state is IncidentState.RESOLVED
        trace.add(Step("end", "good" if good else "bad", f"Closed: {incident.state}", _outcome(dossier)), after=last)
    return trace.reworded(dossier.privacy.text)


def _observed(trace: Trace, dossier: Dossier) -> None:
    incident = dossier.incident
    batches = [f"{batch.window}, {batch.rows:,} rows" for batch in dossier.batches[-3:]] or [str(incident.window)]
    trace.add(Step("seen", "fact", f"Batches of {incident.model}: {len(incident.batch_ids)}", tuple(batches)))
    about = (f"severity {incident.severity}", line(incident.headline, 90))
    trace.add(Step("incident", "fact", "Incident opened", about))
    if dossier.packet is not None:
        gaps = f"{len(dossier.packet.gaps)} gaps"
        packet = (f"{len(dossier.packet.items)} items, {gaps}", f"sha256 {dossier.packet.hash[:12]}")
        trace.add(Step("evidence", "fact", "Evidence packet", packet))


def _diagnosed(trace: Trace, dossier: Dossier) -> list[str]:
    steps, standing = [], []
    for index, (diagnosis, stands) in enumerate(dossier.diagnoses, start=1):
        cited = diagnosis.causes[0].supporting[:6] if diagnosis.causes else ()
        about = [f"{diagnosis.cause.words}, confidence {number(diagnosis.confidence, 'fraction')}"]
        if cited:
            about.append("cites " + ", ".join(cited))
        about.append("stands" if stands else "kept, does not stand")
        steps.append(Step(f"diagnosis{index}", "reasoning", f"Diagnosis by {line(diagnosis.engine, 40)}", tuple(about)))
        standing += [steps[-1].id] if stands else []
    if not steps:
        return [step.id for step in trace.ranks[-1]]
    added = trace.add(*steps)
    return standing or added


def _decided(trace: Trace, dossier: Dossier, last: list[str]) -> list[str]:
    for index, decision in enumerate(dossier.decisions, start=1):
        skipped = [
            f"not {line(entry.get('action', '?'), 30)}: {line(entry.get('reason', ''), 60)}"
            for entry in (decision.get("skipped") or [])[:3]
        ]
        about = (line(decision.get("reason", ""), 90), *skipped)
        step = Step(f"decision{index}", "decision", f"Decision: {decision.get('path', '?')}", about)
        last = trace.add(step, after=last)
    return last


def _proposed(trace: Trace, dossier: Dossier, proposal: Proposal, index: int, last: list[str]) -> list[str]:
    about = (line(proposal.expected, 90), f"policy: {proposal.permission}", f"sha256 {proposal.hash[:12]}")
    title = f"{'Narrowed by its approver' if proposal.parent else 'Proposal'}: {proposal.action}"
    last = trace.add(Step(f"proposal{index}", "decision", title, about), after=last)
    answers = [
        _answer(f"answer{index}_{place}", answer)
        for place, answer in enumerate(dossier.approvals.get(proposal.hash, ()), start=1)
    ]
    if not answers and proposal.permission is Permission.AUTO:
        answers = [Step(f"answer{index}_0", "person", "Allowed by policy")]
    if answers:
        trace.add(*answers, after=last)
        last = [step.id for step in answers if step.kind == "person"] or [answers[-1].id]
    done = dossier.action_of(proposal)
    if done is not None:
        told = (line(done.summary, 90), f"took {duration(done.seconds)}") if done.finished_at else ()
        kind = _ENDS.get(done.status, "bad")
        last = trace.add(Step(f"action{index}", kind, f"{done.action}: {done.status}", told), after=last)
    return last


def _answer(name: str, answer: Approval) -> Step:
    said = "approved" if answer.answer == "approve" else "rejected"
    title = f"{line(answer.by, 40)}: {'answer refused' if answer.refused_because else said}"
    about = (f"{answer.at:%Y-%m-%d %H:%M:%S} UTC", line(answer.refused_because or answer.comment, 90))
    kind: Kind = "person" if said == "approved" and not answer.refused_because else "bad"
    return Step(name, kind, title, tuple(text for text in about if text))


def _outcome(dossier: Dossier) -> tuple[str, ...]:
    resolution = dossier.incident.resolution
    before, after = resolution.get("before"), resolution.get("after")
    if before is None or after is None:
        return ()
    name = measure_name(resolution.get("metric", dossier.spec.metric))
    where = " in the test" if tested_in(dossier) else ""
    return (f"{name}{where}: {number(before)} → {number(after)}",)


def _label(text: str) -> str:
    # Mermaid reads entities with a hash sign; what could end the label or start markup must not reach it.
    safe = line(text, 100)
    for character in "#&;<>\"'`[]{}()|\\":
        safe = safe.replace(character, f"\0{ord(character)}\1")
    return safe.replace("\0", "#").replace("\1", ";")
