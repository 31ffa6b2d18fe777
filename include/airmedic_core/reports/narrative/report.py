"""The incident report in markdown: what a good on-call engineer would write, each statement with its source."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.reports.consultations import consultations_table
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.narrative.cause import since_when, what_happened, why
from airmedic_core.reports.narrative.record import evidence_table, record_lines, still_unknown, timeline_table
from airmedic_core.reports.narrative.remedy import did_it_help, what_was_done, what_was_proposed, who_decided
from airmedic_core.reports.text import code, moment, number, prose, table

NOTE_CHARACTERS = 7_500
"""Room in MLflow's run description, which takes 8,000."""

_TITLE_CHARACTERS = 60
"""Length of a heading that MLflow shows on one line."""


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
        Section("What happened", what_happened(dossier)),
        Section("Since when", since_when(dossier)),
        Section("Why", why(dossier)),
        Section("What was proposed", what_was_proposed(dossier)),
        Section("Who decided", who_decided(dossier)),
        Section("What was done", what_was_done(dossier)),
        Section("Did it help", did_it_help(dossier)),
        Section("What is still unknown", still_unknown(dossier)),
        Section("Evidence", evidence_table(dossier, whole=True), evidence_table(dossier, whole=False)),
        Section("What was asked of language models", consultations_table(dossier.calls)),
        Section("Timeline", timeline_table(dossier)),
        Section("Record", record_lines(dossier)),
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
    # MLflow prints the second line of a heading over the first, so the rest of the headline stands in the table.
    title = incident.headline.partition(":")[0]
    if title != incident.headline or len(title) > _TITLE_CHARACTERS:
        rows.insert(0, ("Headline", prose(incident.headline, 160)))
    return f"# {prose(title, _TITLE_CHARACTERS)}\n\n" + table(("", ""), rows)
