"""Says what happened, since when, and why: the diagnosis in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable

from airmedic_core.numbers import measure_name
from airmedic_core.records import Diagnosis, IncidentState, RankedCause
from airmedic_core.reports.distinct import distinct
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.gate_words import short
from airmedic_core.reports.shares import shares
from airmedic_core.reports.text import code, day, line, moment, number, prose

EVIDENCE_ID = re.compile(r"\bE\d+\b")
_RULES = "rules"
_ENDED = {
    IncidentState.RESOLVED: "It is resolved.",
    IncidentState.REJECTED: "The remedy was rejected; nothing was changed.",
    IncidentState.UNDONE: "The remedy was carried out and undone: it did not help.",
    IncidentState.ESCALATED: "It was handed to people.",
    IncidentState.AWAITING_APPROVAL: "It waits for an approval.",
    IncidentState.OPEN: "Its diagnosis is on its way.",
    IncidentState.DIAGNOSED: "What to do is to be decided.",
    IncidentState.ACTING: "The remedy is being carried out.",
}


def what_happened(dossier: Dossier) -> str:
    """Return the diagnosis in sentences, and how the incident stands."""
    incident, standing = dossier.incident, dossier.standing
    told = standing.summary if standing else incident.headline
    sentences = [prose(told, 900), ended(incident.state)]
    again = incident.resolution.get("recurrence_of")
    if again:
        sentences.append(f"The same problem was closed before as {code(again, 200)}.")
    return " ".join(sentences)


def measured_then(dossier: Dossier) -> str:
    """Return the metric in the window that the incident was first seen in, with its rows and what is accepted."""
    summary, finding = dossier.summary, dossier.metric
    if summary.metric_value is None or summary.metric_name is None or not dossier.batches:
        return ""
    known = summary.metric_low is not None and summary.metric_high is not None
    bounds = f" ({short(summary.metric_low or 0.0)} to {short(summary.metric_high or 0.0)})" if known else ""
    rows = f", on {finding.sample_size:,} rows with labels" if finding is not None and finding.sample_size else ""
    window = day(dossier.batches[0].window)
    verb = "was"
    if summary.metric_limit is not None:
        rises = summary.metric_higher_is_better is False
        room = summary.metric_limit - summary.metric_value if rises else summary.metric_value - summary.metric_limit
        verb = "was" if room >= 0 else "rose to" if rises else "fell to"
    told = f"{measure_name(summary.metric_name)} {verb} {short(summary.metric_value)}{bounds} in {window}{rows}."
    if summary.metric_limit is None:
        return told
    way = "At most" if summary.metric_higher_is_better is False else "At least"
    return f"{told} {way} {short(summary.metric_limit)} was accepted."


def ended(state: IncidentState) -> str:
    """Return how an incident stands, in a sentence."""
    return _ENDED.get(state, f"It is {state.replace('_', ' ')}.")


def sides(dossier: Dossier, cause: RankedCause) -> tuple[list[str], list[str]]:
    """Return the evidence for a cause and against it: ids that a reader finds in the report, none on both sides.

    What only quotes other evidence of its side is left out.
    """
    known = {item.id: item for item in dossier.evidence}
    supporting = [key for key in dict.fromkeys(cause.supporting) if key in known]
    against = [key for key in dict.fromkeys(cause.contradicting) if key in known and key not in supporting]
    cited, opposed = (distinct(known[key] for key in side) for side in (supporting, against))
    return [item.id for item in cited], [item.id for item in opposed]


def since_when(dossier: Dossier) -> str:
    """Return in which windows it was seen, and which version served."""
    incident, serving = dossier.incident, dossier.serving
    lines = [f"First seen in the window {prose(incident.window)}."]
    cited = dossier.standing.causes[0].supporting if dossier.standing and dossier.standing.causes else ()
    subjects = {item.subject for item in dossier.evidence if item.id in cited}
    onsets = [item for item in dossier.evidence if item.kind == "onset" and item.subject in subjects]
    lines += [f"{prose(item.statement.rstrip('.'))} {_source(item.id)}." for item in onsets[:2]]
    if len(dossier.batches) > 1:
        seen = ", ".join(prose(batch.window) for batch in dossier.batches[:12])
        lines.append(f"Seen in {len(dossier.batches)} windows: {seen}.")
    if serving is not None:
        told = f"Version {prose(serving.to_version, 40)} served then, since {moment(serving.at)} ({serving.kind})"
        switched = [
            item.id
            for item in dossier.evidence
            if item.kind == "deployment" and item.details.get("to") == serving.to_version
        ]
        lines.append(f"{told} {_source(switched[0])}." if switched else f"{told}.")
    return " ".join(lines)


def why(dossier: Dossier) -> str:
    """Return the causes, each with its evidence, and the answer that does not stand."""
    standing = dossier.standing
    if standing is None:
        return "No diagnosis was made."
    told, rest = shares([cause.confidence for cause in standing.causes])
    ranked = zip(standing.causes, told, strict=True)
    lines = [_cause(dossier, place, cause, share) for place, (cause, share) in enumerate(ranked, start=1)]
    if standing.causes and rest:
        lines.append(f"{len(lines) + 1}. Something else, {number(rest, 'fraction')}.")
    if standing.runbook:
        lines.append(f"\nRunbook: {code(standing.runbook)}.")
    lines += [f"\nNote: {prose(note)}" for note in standing.notes]
    lines += [_other(diagnosis, standing) for diagnosis, stands in dossier.diagnoses if not stands]
    return "\n".join(lines)


def _cause(dossier: Dossier, place: int, cause: RankedCause, share: float) -> str:
    explanation = f" {prose(cause.explanation, 1_200)}" if cause.explanation else ""
    told = set(EVIDENCE_ID.findall(cause.explanation))
    supporting, against = (
        [evidence_id for evidence_id in ids if evidence_id not in told] for ids in sides(dossier, cause)
    )
    for_it, against_it = ("Also for it", "Also against it") if told else ("For it", "Against it")
    more = f" {for_it}: {_ids(supporting)}." if supporting else ""
    more += f" {against_it}: {_ids(against)}." if against else ""
    return f"{place}. **{cause.cause.words}**, {number(share, 'fraction')}.{explanation}{more}"


def _other(diagnosis: Diagnosis, standing: Diagnosis) -> str:
    notes = " ".join(prose(note) for note in diagnosis.notes)
    engine = "the rules" if diagnosis.engine == _RULES else prose(diagnosis.engine, 40)
    said = f"{diagnosis.cause.words}, {number(diagnosis.confidence, 'fraction')}"
    agrees = diagnosis.cause is standing.cause and diagnosis.status == "verified"
    told = f"The same answer came from {engine}" if agrees else f"The answer of {engine} does not stand"
    return f"\n{told}: {said}. {notes}".rstrip()


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(line(evidence_id, 12) for evidence_id in ids)


def _source(evidence_id: str) -> str:
    return f"\\[{line(evidence_id, 12)}\\]"
