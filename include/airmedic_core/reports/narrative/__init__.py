"""The incident report in sentences and tables."""

from airmedic_core.reports.narrative.report import NOTE_CHARACTERS, incident_markdown, incident_note

__all__ = ["NOTE_CHARACTERS", "incident_markdown", "incident_note"]
