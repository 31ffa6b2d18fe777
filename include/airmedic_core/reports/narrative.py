"""The incident report in markdown: what a good on-call engineer would write, each statement with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from airmedic_core.numbers import measure_name
from airmedic_core.records import Diagnosis, Evidence, IncidentState, Proposal, RankedCause, Verdict
from airmedic_core.reports.consultations import consultations_table
from airmedic_core.reports.dossier import PERMISSIONS, Dossier
from airmedic_core.reports.text import code, duration, line, moment, number, prose, table

NOTE_CHARACTERS = 7_500
"""Room in MLflow's run description, which takes 8,000."""

_RULES = "rules"
_TITLE_CHARACTERS = 60
_EVIDENCE_ID = re.compile(r"\bE\d+\b")
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


@dataclass(frozen=True)
class Section:
    """One heading with its text."""

    title: str
    body: str
    brief: str = ""
    """A shorter form for the run's own page; where empty, the body."""


def incident_markdown(dossier: Dossier) -> str:
    """Return the whole report."""
    parts = [f"## {section.title}\n\n{section.body}" for section in _sections(dossier) if section.body]
    return dossier.privacy.text("\n\n".join([_head(dossier), *parts])) + "\n"


def incident_note(dossier: Dossier, most: int = NOTE_CHARACTERS) -> str:
    """Return the report for the run's own page: shortened forms, and as many sections as there is room for."""
    note = _head(dossier)
    closing = "\n\n*The whole report is the artifact `incident.md`.*"
    for section in _sections(dossier):
        part = f"\n\n## {section.title}\n\n{section.brief or section.body}"
        if (section.brief or section.body) and len(note) + len(part) + len(closing) <= most:
            note += part
    return dossier.privacy.text(note + closing)


def _sections(dossier: Dossier) -> list[Section]:
    return [
        Section("What happened", _what(dossier)),
        Section("Since when", _since(dossier)),
        Section("Why", _why(dossier)),
        Section("What was proposed", _proposed(dossier)),
        Section("Who decided", _answers(dossier)),
        Section("What was done", _done(dossier)),
        Section("Did it help", _helped(dossier)),
        Section("What is still unknown", _unknown(dossier)),
        Section("Evidence", _evidence(dossier, whole=True), _evidence(dossier, whole=False)),
        Section("What was asked of language models", consultations_table(dossier.calls)),
        Section("Timeline", _timeline(dossier)),
        Section("Record", _record(dossier)),
    ]


def _head(dossier: Dossier) -> str:
    incident, standing = dossier.incident, dossier.standing
    cause = standing.cause if standing else incident.cause
    confidence = (
        f", confidence {number(standing.confidence, 'fraction')} by {prose(standing.engine, 40)}" if standing else ""
    )
    rows = [
        ("Model", f"{prose(dossier.spec.title or dossier.spec.name, 80)} ({code(dossier.spec.name)})"),
        ("State", f"**{incident.state}**"),
        ("Cause", f"**{cause.words}**{confidence}"),
        ("Severity", str(incident.severity)),
        ("First seen in", prose(incident.window)),
        ("Opened", moment(incident.opened_at)),
        ("Closed", moment(incident.closed_at)),
        ("Incident", code(incident.id, 200)),
    ]
    # MLflow sets a heading of two lines upon itself: the rest of it stands in the table.
    title = incident.headline.partition(":")[0]
    if title != incident.headline or len(title) > _TITLE_CHARACTERS:
        rows.insert(0, ("Headline", prose(incident.headline, 160)))
    return f"# {prose(title, _TITLE_CHARACTERS)}\n\n" + table(("", ""), rows)


def _what(dossier: Dossier) -> str:
    incident, standing = dossier.incident, dossier.standing
    told = standing.summary if standing else incident.headline
    sentences = [prose(told, 900), _ENDED.get(incident.state, f"It is {incident.state}.")]
    again = incident.resolution.get("recurrence_of")
    if again:
        sentences.append(f"The same problem was closed before as {code(again, 200)}.")
    return " ".join(sentences)


def _since(dossier: Dossier) -> str:
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


def _why(dossier: Dossier) -> str:
    standing = dossier.standing
    if standing is None:
        return "No diagnosis was made."
    lines = [_cause(place, cause) for place, cause in enumerate(standing.causes, start=1)]
    if standing.runbook:
        lines.append(f"\nRunbook: {code(standing.runbook)}.")
    lines += [f"\nNote: {prose(note)}" for note in standing.notes]
    lines += [_other(diagnosis, standing) for diagnosis, stands in dossier.diagnoses if not stands]
    return "\n".join(lines)


def _cause(place: int, cause: RankedCause) -> str:
    explanation = f" {prose(cause.explanation, 1_200)}" if cause.explanation else ""
    told = set(_EVIDENCE_ID.findall(cause.explanation))
    supporting, against = ([one for one in ids if one not in told] for ids in (cause.supporting, cause.contradicting))
    for_it, against_it = ("Also for it", "Also against it") if told else ("For it", "Against it")
    more = f" {for_it}: {_ids(supporting)}." if supporting else ""
    more += f" {against_it}: {_ids(against)}." if against else ""
    return f"{place}. **{cause.cause.words}**, {number(cause.confidence, 'fraction')}.{explanation}{more}"


def _other(diagnosis: Diagnosis, standing: Diagnosis) -> str:
    notes = " ".join(prose(note) for note in diagnosis.notes)
    engine = "the rules" if diagnosis.engine == _RULES else prose(diagnosis.engine, 40)
    said = f"{diagnosis.cause.words}, {number(diagnosis.confidence, 'fraction')}"
    agrees = diagnosis.cause is standing.cause and diagnosis.status == "verified"
    told = f"The same answer came from {engine}" if agrees else f"The answer of {engine} does not stand"
    return f"\n{told}: {said}. {notes}".rstrip()


def _proposed(dossier: Dossier) -> str:
    parts = [
        f"* **{_words(proposal.action)}** ({PERMISSIONS[proposal.permission]}). Expected: {prose(proposal.expected)} "
        f"{prose(proposal.reason)} Parameters: {_params(proposal)}. Proposal {code(proposal.hash[:12])}, "
        f"valid until {moment(proposal.expires_at)}."
        for proposal in dossier.proposals
    ]
    if not parts:
        parts = [f"* Nothing was proposed. {prose(decision.get('reason', ''))}" for decision in dossier.decisions[-1:]]
    for decision in dossier.decisions:
        rehearsal = (decision.get("details") or {}).get("rehearsal")
        if rehearsal:
            parts.append(f"* Dry run, nothing was changed: {prose(rehearsal)}")
        for skipped in (decision.get("skipped") or [])[:8]:
            parts.append(f"* Not {code(skipped.get('action', '?'), 40)}: {prose(skipped.get('reason', ''))}")
    return "\n".join(parts)


def _params(proposal: Proposal) -> str:
    plain = {key: value for key, value in proposal.params.items() if isinstance(value, str | int | float | bool)}
    return ", ".join(f"{line(key, 40)} {code(value, 80)}" for key, value in list(plain.items())[:8]) or "none"


def _answers(dossier: Dossier) -> str:
    rows = [
        (
            _words(proposal.action),
            answer.answer,
            prose(answer.by, 60),
            moment(answer.at),
            f"refused: {prose(answer.refused_because)}" if answer.refused_because else "counts",
            prose(answer.comment, 200),
        )
        for proposal in dossier.proposals
        for answer in dossier.approvals.get(proposal.hash, ())
    ]
    waiting = dossier.incident.state is IncidentState.AWAITING_APPROVAL
    nobody = "Nobody has answered yet." if waiting else ""
    return table(("Action", "Answer", "By", "At", "Validity", "Comment"), rows) or nobody


def _done(dossier: Dossier) -> str:
    rows = [
        (
            moment(done.started_at),
            _words(done.action),
            done.status,
            duration(done.seconds),
            prose(done.summary),
        )
        for done in dossier.actions
    ]
    lines = [table(("Started", "Action", "Status", "Took", "Result"), rows)] if rows else []
    for gate in dossier.gates:
        interval = f"{number(gate.low)} … {number(gate.high)}"
        told = (
            f"Gate **{gate.outcome}** on {gate.rows:,} rows that neither was trained on: {measure_name(gate.metric)} "
            f"{number(gate.champion_value)} → {number(gate.challenger_value)}, difference {number(gate.difference)} "
            f"({interval}), margin {number(gate.margin)}. {' '.join(prose(reason) for reason in gate.reasons)}"
        )
        lines.append(told.rstrip())
    for switch in dossier.switches:
        took = f" in {duration(switch.seconds)}" if switch.seconds is not None else ""
        before = prose(switch.from_version or "none", 40)
        lines.append(
            f"Champion switched from version {before} to {prose(switch.to_version, 40)} at {moment(switch.at)}{took}, "
            f"by {prose(switch.by, 60)}."
        )
    return "\n\n".join(lines) or "Nothing was changed."


def _helped(dossier: Dossier) -> str:
    resolution = dossier.incident.resolution
    before, after = resolution.get("before"), resolution.get("after")
    lines = []
    if isinstance(before, int | float) and isinstance(after, int | float):
        metric = measure_name(prose(resolution.get("metric", dossier.spec.metric), 60))
        lines.append(f"{metric}: **{number(before)}** before, **{number(after)}** after.")
    if isinstance(resolution.get("outcome"), str):
        lines.append(f"Outcome: {_words(resolution['outcome'])}.")
    told = [resolution.get(key) for key in ("summary", "reason", "verified")]
    lines += [prose(text) for text in told if isinstance(text, str)]
    held = resolution.get("held_windows")
    if isinstance(held, int | list):
        count = held if isinstance(held, int) else len(held)
        lines.append(f"It has held for {count} healthy window(s) since.")
    if not lines:
        lines.append("Not known yet." if dossier.incident.closed_at is None else "No outcome could be measured.")
    return " ".join(lines)


def _unknown(dossier: Dossier) -> str:
    gaps = list(dossier.packet.gaps) if dossier.packet else []
    gaps += [text for assessment in dossier.assessments[-1:] for text in assessment.not_knowable]
    standing = dossier.standing
    if standing is not None and standing.causes and standing.causes[0].contradicting:
        gaps.append(f"How {', '.join(standing.causes[0].contradicting)} fits in: it speaks against the first cause.")
    return "\n".join(f"* {prose(gap)}" for gap in dict.fromkeys(gaps)) or "Nothing that was asked for is missing."


def _evidence(dossier: Dossier, *, whole: bool) -> str:
    items: Iterable[Evidence] = dossier.evidence
    if not whole:
        cited = _cited(dossier)
        items = [item for item in items if item.id in cited][:12]
    rows = [
        (
            item.id,
            prose(item.statement, 400 if whole else 160),
            number(item.value, item.unit),
            number(item.baseline, item.unit),
            number(item.sample_size),
            f"**{item.verdict}**" if item.verdict is Verdict.ALERT else str(item.verdict),
            prose(f"{item.trust}, {item.source or item.collector}", 80),
        )
        for item in items
    ]
    return table(("Id", "Statement", "Value", "Usual", "n", "Verdict", "Source"), rows)


def _cited(dossier: Dossier) -> set[str]:
    standing = dossier.standing
    if standing is None:
        return set()
    ids = {cited for cause in standing.causes for cited in (*cause.supporting, *cause.contradicting)}
    return ids | set(_EVIDENCE_ID.findall(standing.summary))


def _timeline(dossier: Dossier) -> str:
    rows = [(moment(event.at), event.kind, prose(event.text, 240)) for event in dossier.timeline()]
    return table(("At", "Kind", "What"), rows)


def _record(dossier: Dossier) -> str:
    lines = []
    if dossier.packet is not None:
        lines.append(f"* Evidence packet {code(dossier.packet.hash)}")
    lines += [f"* Proposal {prose(proposal.action, 40)} {code(proposal.hash)}" for proposal in dossier.proposals]
    if dossier.audit is not None:
        count, head = dossier.audit
        lines.append(f"* Audit chain: {count:,} records, head {code(head)}. Check it with `airmedic audit verify`.")
    return "\n".join(lines)


def _words(name: str) -> str:
    """Return the name of an action or outcome as people read it."""
    return prose(name, 60).replace("_", " ")


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(line(one, 12) for one in ids)


def _source(one: str) -> str:
    return f"\\[{line(one, 12)}\\]"
