"""The incident report in markdown: what a good on-call engineer would write, each statement with its source."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.reports.consultations import consultations_table
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.narrative.cause import since_when, what_happened, why
from airmedic_core.reports.narrative.first_screen import first_screen, four_lines
from airmedic_core.reports.narrative.record import RECORD, evidence_table, record_lines, still_unknown, timeline_table
from airmedic_core.reports.narrative.remedy import did_it_help, what_was_done, what_was_proposed, who_decided

NOTE_CHARACTERS = 7_500
"""Room in MLflow's run description, which takes 8,000."""


@dataclass(frozen=True)
class Section:
    """One heading with its text."""

    title: str
    body: str
    brief: str = ""
    """A shorter form for the run's own page; where empty, the body."""


def incident_markdown(dossier: Dossier, airflow_url: str = "") -> str:
    """Return the whole report.

    Parameters
    ----------
    dossier : Dossier
        The incident.
    airflow_url : str
        Address of the run that handles it; empty for none.
    """
    parts = [f"## {section.title}\n\n{section.body}" for section in _sections(dossier) if section.body]
    return dossier.privacy.text("\n\n".join([first_screen(dossier, airflow_url), *parts])) + "\n"


def incident_note(dossier: Dossier, airflow_url: str = "", most: int = NOTE_CHARACTERS) -> str:
    """Return the report for the run's own page: shortened forms, and as many sections as there is room for.

    Parameters
    ----------
    dossier : Dossier
        The incident.
    airflow_url : str
        Address of the run that handles it; empty for none.
    most : int
        Letters at the most.
    """
    # The run's name stands above the description: a heading would take the room of two answers.
    note = f"{four_lines(dossier)}\n\n{first_screen(dossier, airflow_url)}"
    closing = "\n\n*The whole report, with its pictures, is the artifact `report.html`.*"
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
        Section(RECORD, record_lines(dossier)),
    ]
